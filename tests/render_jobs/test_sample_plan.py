import copy
import dataclasses

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.brushed_metal import BrushedMetalParams
from blender_addon.milled_metal import MilledMetalParams
from blender_addon.sandblasted_metal import SandblastedMetalParams
from render_jobs.job import validate_job
from render_jobs.job_error import JobError
from render_jobs.sample_plan import plan_samples


def test_samples_come_split_by_split(smoke_job):
    plan = plan_samples(smoke_job)
    assert [(s.sample_id, s.split, s.plate_id) for s in plan] == [
        ("000000", "train", "0-0000"),
        ("000001", "train", "0-0001"),
        ("000002", "validation", "0-0002"),
        ("000003", "test", "0-0003"),
    ]


def test_clean_and_stained_versions_share_plates_and_nothing_else_moves(compose_job):
    clean = plan_samples(compose_job("render=synth"))
    stained = plan_samples(compose_job("render=synth_ws"))
    assert len(clean) == len(stained) == 80
    assert all(a.scene.surface.metal == b.scene.surface.metal for a, b in zip(clean, stained, strict=True))
    assert all(a.scene.light == b.scene.light for a, b in zip(clean, stained, strict=True))
    assert all(s.scene.surface.water_stain is None for s in clean)
    assert len({s.scene.surface.water_stain.seed_offset for s in stained}) > 70
    assert len({s.scene.surface.metal.texture_offset for s in clean}) == 80


def test_one_more_scratch_moves_nothing_else(smoke_job):
    more = copy.deepcopy(smoke_job)
    more["splits"][3 - 1]["scratches"] = [3, 3]
    before, after = (plan_samples(job)[3].scene.surface for job in (smoke_job, more))
    assert after.scratches[:1] == before.scratches
    assert len(after.scratches) == 3
    assert len(set(after.scratches)) == 3
    assert (after.metal, after.water_stain, after.dents) == (before.metal, before.water_stain, before.dents)


def test_another_seed_draws_other_defects_on_the_same_plates(smoke_job):
    other = copy.deepcopy(smoke_job)
    other["seeds"]["defect"] = 1
    for a, b in zip(plan_samples(smoke_job), plan_samples(other), strict=True):
        assert a.scene.surface.metal == b.scene.surface.metal
        assert not set(a.scene.surface.scratches) & set(b.scene.surface.scratches)


@pytest.mark.parametrize(
    ("finish", "kind"),
    [("brushed", BrushedMetalParams), ("milled", MilledMetalParams), ("sandblasted", SandblastedMetalParams)],
)
def test_a_finish_is_drawn_for_each_plate(smoke_job, finish, kind):
    smoke_job["finish"] = finish
    plan = plan_samples(smoke_job)
    assert all(type(sample.scene.surface.metal) is kind for sample in plan)
    assert len({sample.scene.surface.metal for sample in plan}) == len(plan)
    assert {sample.finish for sample in plan} == {finish}


def test_a_bevel_through_the_plate_is_the_jobs_mistake(smoke_job):
    smoke_job["plate"] = {"bevel": 0.01}
    with pytest.raises(JobError, match=r"plate 0: plate: bevel = 0\.01 must be below"):
        plan_samples(smoke_job)


ALL_SIX = {"scratches": [1, 2], "dents": [1, 2], "bumps": [2, 3], "fingerprints": [1, 2], "stickers": [1, 1]}


def test_one_more_of_a_kind_moves_nothing_of_another(smoke_job):
    smoke_job["splits"][2] |= ALL_SIX
    before = plan_samples(smoke_job)[3].scene.surface
    for kind in ALL_SIX:
        more = copy.deepcopy(smoke_job)
        more["splits"][2][kind] = [4, 4]
        after = plan_samples(more)[3].scene.surface
        things = getattr(after, kind)
        assert len(things) == len(set(things)) == 4
        assert things[: len(getattr(before, kind))] == getattr(before, kind)
        assert dataclasses.replace(after, **{kind: getattr(before, kind)}) == before


def test_impurities_are_the_impurity_seeds_and_defects_the_defect_seeds(smoke_job):
    smoke_job["splits"][2] |= ALL_SIX
    surface = plan_samples(smoke_job)[3].scene.surface
    for seed, moved in (("impurity", ("fingerprints", "stickers")), ("defect", ("scratches", "dents", "bumps"))):
        other = copy.deepcopy(smoke_job)
        other["seeds"][seed] = 77
        changed = plan_samples(other)[3].scene.surface
        for kind in ALL_SIX:
            shared = set(getattr(changed, kind)) & set(getattr(surface, kind))
            assert bool(shared) == (kind not in moved), kind


def test_a_job_that_names_no_bumps_prints_or_stickers_has_none(smoke_job):
    for key in ("bump", "fingerprint", "sticker"):
        del smoke_job[key]
    validate_job(smoke_job, "job")
    surface = plan_samples(smoke_job)[3].scene.surface
    assert (surface.bumps, surface.fingerprints, surface.stickers) == ((), (), ())
    assert len(surface.scratches) == 1


def test_everything_drawn_lies_in_its_range(smoke_job):
    smoke_job["splits"][2]["plates"] = 40
    scratches = [s for sample in plan_samples(smoke_job) for s in sample.scene.surface.scratches]
    for name, (low, high) in smoke_job["scratch"].items():
        values = [getattr(scratch, name) for scratch in scratches]
        assert low <= min(values) < low + 0.25 * (high - low)
        assert high >= max(values) > high - 0.25 * (high - low)


def test_stains_that_outgrow_their_cells_are_refused(smoke_job):
    smoke_job["water_stain"]["radius"] = 0.03
    with pytest.raises(JobError, match=r"plate 0: water stain.*cell_size"):
        plan_samples(smoke_job)
