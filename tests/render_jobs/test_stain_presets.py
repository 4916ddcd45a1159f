"""Presets of stains in a job: drawn by weight, scaled within the spread, and named in the plan."""

import collections
import dataclasses

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.job.job_error import JobError
from blender_addon.water_stain.preset import read_preset, shipped_presets
from render_jobs.job import validate_job
from render_jobs.sample_plan import plan_samples
from scripts.write_job_schema import TARGET


def surfaces(job, presets, plates=200, spread=0.0):
    job["splits"] = [{"name": "train", "plates": plates, "water_stains": True, "scratches": [0, 0], "dents": [0, 0]}]
    job |= {"stain_presets": presets, "preset_spread": spread}
    validate_job(job, "job")
    return [sample.scene.surface for sample in plan_samples(job)]


def test_plates_draw_presets_by_their_weights(smoke_job):
    weights = {"own": 2.0, "Fresh_Drops": 1.0, "Mineral_Crust": 1.0}
    found = surfaces(smoke_job, [{"preset": name, "weight": weight} for name, weight in weights.items()])
    counts = collections.Counter(surface.stain_preset for surface in found)
    assert set(counts) == set(weights)
    for name, weight in weights.items():
        assert counts[name] == pytest.approx(200 * weight / 4, abs=25)  # over three standard deviations


def test_a_preset_is_the_look_of_its_file_with_the_places_of_the_job(smoke_job):
    own = surfaces(smoke_job, [], plates=20)
    assert {surface.stain_preset for surface in own} == {""}
    drawn = surfaces(smoke_job, [{"preset": "Mineral_Crust"}], plates=20)
    look = read_preset(shipped_presets()["Mineral_Crust"])
    for before, after in zip(own, drawn, strict=True):
        assert after.water_stain.seed_offset == before.water_stain.seed_offset
        values = dataclasses.asdict(after.water_stain) | dataclasses.asdict(after.stain_shading)
        assert {name: values[name] for name in look} == look
        assert after.metal == before.metal


def test_the_spread_scales_all_lengths_of_a_preset_together(smoke_job):
    look = read_preset(shipped_presets()["Dried_in_Stages"])
    factors = []
    for surface in surfaces(smoke_job, [{"preset": "Dried_in_Stages"}], plates=60, spread=0.3):
        stain = surface.water_stain
        factors.append(stain.cell_size / look["cell_size"])
        for name in ("radius", "amplitude"):
            assert getattr(stain, name) / look[name] == pytest.approx(factors[-1])
        for name in ("frequency", "rim_variation_frequency", "crust_frequency"):
            assert look[name] / getattr(stain, name) == pytest.approx(factors[-1])
        assert stain.rim_width == look["rim_width"]
        assert isinstance(stain.octaves, int)  # whole numbers stay whole
    assert 0.7 <= min(factors) < 0.8
    assert 1.2 < max(factors) <= 1.3


def test_jobs_own_ranges_are_drawn_as_without_presets(smoke_job):
    plain = surfaces(smoke_job, [], plates=5)
    listed = surfaces(smoke_job, [{"preset": "own", "weight": 3.0}], plates=5)
    assert [s.water_stain for s in plain] == [s.water_stain for s in listed]
    assert [s.stain_shading for s in plain] == [s.stain_shading for s in listed]


@pytest.mark.parametrize(
    ("entry", "words"),
    [({"preset": "Fresh Drops"}, "Fresh_Drops"), ({"preset": "own", "weight": 0}, "above 0"), ({}, "lacks the key")],
)
def test_a_wrong_entry_is_one_line(smoke_job, entry, words):
    smoke_job["stain_presets"] = [entry]
    with pytest.raises(JobError, match=words) as refusal:
        validate_job(smoke_job, "job")
    assert "stain_presets[0]" in str(refusal.value)


def test_the_schema_lists_all_shipped_presets():
    for name in shipped_presets():
        assert f'"{name}"' in TARGET.read_text()
    assert len(shipped_presets()) >= 7
