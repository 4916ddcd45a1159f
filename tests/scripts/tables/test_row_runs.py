"""The plan of the tables' runs: which rows get which seeds, and the settings that a seed stands for."""

import pytest

from scripts.tables.row_runs import chosen_rows, planned_runs
from training.support.user_error import UserError

FULL = {"real", "synth", "synth_ws", "melding", "melding_ws"}


def plan(tmp_path, seeds, seeds_rest=(0,)):
    return planned_runs(["paths.real=R", "paths.synth=S"], tmp_path / "out", seeds, seeds_rest)


def test_table_one_finetuning_and_melding_get_all_seeds_and_the_rest_one(tmp_path):
    runs = plan(tmp_path, (0, 1, 2))
    seeds = {}
    for run in runs:
        seeds.setdefault(run.experiment, []).append(run.seed)
    several = {name for name, found in seeds.items() if found == [0, 1, 2]}
    assert several == FULL | {name for name in seeds if name.endswith("_ft")}
    assert {tuple(found) for name, found in seeds.items() if name not in several} == {(0,)}
    assert (len(seeds), len(runs)) == (19, 19 + 2 * 13)
    assert [run.seed for run in runs] == sorted(run.seed for run in runs)  # one whole pass before the next


def test_seed_zero_keeps_the_given_order_and_others_draw_orders_and_augmentations(tmp_path):
    runs = {(run.experiment, run.seed): run for run in plan(tmp_path, (0, 3), (0, 3))}
    first, other = runs["synth_da", 0].cfg, runs["synth_da", 3].cfg
    assert (first.coreset.shuffle, first.coreset.seed, first.augment.seed) == (False, 0, 0)
    assert (other.coreset.shuffle, other.coreset.seed, other.augment.seed) == (True, 3, 3)
    assert first.paths.runs == str(tmp_path / "out")
    assert other.paths.runs == str(tmp_path / "out" / "seed_3")
    parent = runs["synth_da_ft", 3].composed("synth_da")
    assert parent == other
    assert runs["synth_da", 0].kind == "augmented training"


def test_wrong_seeds_and_rows_are_one_line(tmp_path):
    for seeds in ((), (0, 0), (-1,)):
        with pytest.raises(UserError, match="--seeds needs different whole numbers"):
            plan(tmp_path, seeds)
    with pytest.raises(UserError, match="there is no row synth_sw; there are real, synth, "):
        chosen_rows(plan(tmp_path, (0,)), ["synth_sw"])
