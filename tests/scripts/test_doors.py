"""The typed programs at the door of scripts/ lead to the programs in its folders."""

import importlib

import pytest

PROGRAMS = {
    "benchmark_coreset": "benchmarks.coreset",
    "benchmark_defect_map": "benchmarks.defect_map",
    "benchmark_extractors": "benchmarks.extractors",
    "contact_sheet": "figures.contact_sheet",
    "effect_pictures": "figures.effect_pictures",
    "formula_pictures": "figures.formula_pictures",
    "light_rows": "figures.light_rows",
    "reproduce_ablation": "benchmarks.ablation",
    "sampling_study": "figures.sampling_study",
    "synthesis_sheet": "figures.synthesis_sheet",
}
IN_BLENDER = {
    "benchmark_render": "benchmarks.render",
    "benchmark_stain": "benchmarks.stain",
    "benchmark_stain_contrast": "benchmarks.stain_contrast",
    "preset_sheet": "figures.preset_sheet",
    "blemish_closeups": "figures.blemish_closeups",
    "stain_closeups": "figures.stain_closeups",
}


def assert_leads_to(door, program):
    assert importlib.import_module(f"scripts.{door}").main is importlib.import_module(f"scripts.{program}").main


@pytest.mark.parametrize(("door", "program"), PROGRAMS.items())
def test_a_door_leads_to_its_program(door, program):
    assert_leads_to(door, program)


@pytest.mark.blender
@pytest.mark.parametrize(("door", "program"), IN_BLENDER.items())
def test_a_door_leads_to_its_program_in_blender(door, program):
    assert_leads_to(door, program)
