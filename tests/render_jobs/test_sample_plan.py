import copy
import dataclasses
import itertools
import math

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.job.job_error import JobError
from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.metals.milled import MilledMetalParams
from blender_addon.metals.sandblasted import SandblastedMetalParams
from render_jobs.job import validate_job
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


def test_the_six_versions_share_their_textures_and_draw_stains_and_light_anew(compose_job):
    versions = {
        (version, light): plan_samples(compose_job(f"render={version}", f"light={light}"))
        for version, light in itertools.product(("synth", "synth_ws"), LIGHTS)
    }
    for samples in zip(*versions.values(), strict=True):
        assert len({sample.scene.surface.metal for sample in samples}) == 1
        assert len({sample.plate_id for sample in samples}) == 1
        assert {sample.view for sample in samples} == {"middle"}
        stains = [sample.scene.surface.water_stain for sample in samples]
        assert stains[:3] == [None] * 3
        assert len(set(stains[3:])) == 3
        lights = [sample.scene.light for sample in samples]
        assert lights[:3] == lights[3:]  # what a stain adds is seen under the very same light
        assert len({light.emission for light in lights}) == 3
    base, rot90, scale2 = (versions["synth_ws", name][0].scene.light for name in LIGHTS)
    assert base.rotation == scale2.rotation == 0
    assert rot90.rotation == pytest.approx(math.pi / 2)
    assert (base.scale, rot90.scale, scale2.scale) == (1, 1, 2)
    assert len(versions["synth", "base"]) == 80
    assert len({sample.scene.light for sample in versions["synth", "base"]}) == 80
    ranges = compose_job("render=synth")["light"]["emission"]
    assert all(ranges[0] <= s.scene.light.emission <= ranges[1] for s in versions["synth", "rot90"])


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
    with pytest.raises(JobError, match=r"job 'smoke': plate: bevel = 0\.01 must be below"):
        plan_samples(smoke_job)


GRID = {"columns": 4, "rows": 3, "overlap": 0.3}


def test_a_grid_covers_the_plate_and_all_views_show_one_thing(smoke_job):
    smoke_job |= {"views": "grid", "grid": GRID, "camera": {"focal_length": 0.037}}
    plan = plan_samples(smoke_job)
    assert [s.sample_id for s in plan] == [f"{n:06d}" for n in range(48)]
    first = plan[:12]
    assert [s.view for s in first[:5]] == ["r1c1", "r1c2", "r1c3", "r1c4", "r2c1"]
    assert {s.plate_id for s in first} == {"0-0000"}
    assert plan[12].plate_id == "0-0001"
    assert len({id(s.scene.surface) for s in first}) == 1
    assert first[0].scene.pose.x < 0 < first[0].scene.pose.y
    width = first[0].scene.camera.field_width
    height = width * smoke_job["image"]["height"] / smoke_job["image"]["width"]
    xs, ys = sorted({s.scene.pose.x for s in first}), sorted({s.scene.pose.y for s in first})
    assert (len(xs), len(ys)) == (4, 3)
    assert (xs[0] - width / 2, xs[-1] + width / 2) == pytest.approx((-0.06, 0.06))
    assert (ys[0] - height / 2, ys[-1] + height / 2) == pytest.approx((-0.05, 0.05))
    assert max(b - a for a, b in itertools.pairwise(xs)) < 0.7 * width
    assert max(b - a for a, b in itertools.pairwise(ys)) < 0.7 * height


def test_a_grid_with_gaps_is_refused(smoke_job):
    smoke_job |= {"views": "grid", "grid": GRID, "camera": {"focal_length": 0.08}}
    with pytest.raises(JobError, match=r"grid\.columns = 4: fields of 0\.02323 m do not cover 0\.12 m"):
        plan_samples(smoke_job)


def test_the_back_has_a_texture_and_defects_of_its_own_and_no_impurities(smoke_job):
    smoke_job["splits"][2] |= ALL_SIX
    front_only = plan_samples(smoke_job)[3]
    smoke_job["splits"][2]["sides"] = 2
    front, back = plan_samples(smoke_job)[3:]
    assert (front.view, back.view) == ("front-middle", "back-middle")
    assert front.plate_id == back.plate_id == "0-0003"
    assert front.scene.surface == front_only.scene.surface
    assert back.scene.surface.metal != front.scene.surface.metal
    assert back.scene.surface.bumps
    assert not set(back.scene.surface.scratches) & set(front.scene.surface.scratches)
    assert back.scene.surface.water_stain is None
    assert back.scene.surface.fingerprints == back.scene.surface.stickers == ()


def test_every_view_is_off_in_a_way_of_its_own_and_has_noise_of_its_own(smoke_job):
    before = plan_samples(smoke_job)
    smoke_job["placement"] = {"shift_x": [-0.002, 0.002], "turn": [-0.1, 0.1]}
    smoke_job["lens"] = {"blur": [1e-6, 2e-6]}
    plan = plan_samples(smoke_job)
    assert len({s.scene.pose.x for s in plan}) == len({s.lens.blur for s in plan}) == 4
    assert len({s.noise_key for s in plan}) == 4
    assert all(abs(s.scene.pose.x) <= 0.002 and s.scene.pose.y == 0 for s in plan)
    assert [s.scene.surface for s in plan] == [s.scene.surface for s in before]


def test_the_stand_in_has_the_papers_plates(compose_job):
    plan = plan_samples(compose_job("render=standin_real"))
    assert len(plan) == 432
    assert len({s.plate_id for s in plan}) == 18
    plates = {split: len({s.plate_id for s in plan if s.split == split}) for split in ("train", "validation", "test")}
    assert plates == {"train": 10, "validation": 1, "test": 7}
    assert not any(s.scene.surface.of_class(k) for s in plan if s.split == "train" for k in range(1, 6))
    fronts = [s for s in plan if s.split == "validation" and s.view.startswith("front")]
    assert len(fronts) == 12
    assert all(fronts[0].scene.surface.of_class(k) for k in range(1, 6))
    assert fronts[0].scene.surface.water_stain is not None


LIGHTS = ("base", "rot90", "scale2")
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
        more_of_kind = set(things) - set(getattr(before, kind))
        others = tuple(params for params in after.blemishes if params not in more_of_kind)
        assert dataclasses.replace(after, blemishes=others) == before


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
        assert low <= min(values) <= low + 0.25 * (high - low)
        assert high >= max(values) > high - 0.25 * (high - low)


def test_stains_that_outgrow_their_cells_are_refused(smoke_job):
    smoke_job["water_stain"]["radius"] = 0.03
    with pytest.raises(JobError, match=r"plate 0: Stains .* do not fit .*cell_size"):
        plan_samples(smoke_job)
