"""A new class of blemish is a row of the table: it is drawn, rendered, masked and listed like the others."""

import dataclasses
import json
from dataclasses import dataclass

import cv2
import jsonschema
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.blemishes import kinds
from blender_addon.blemishes.kinds import BlemishKind, Relief, Sheet
from blender_addon.definitions import random_stream
from blender_addon.definitions.classes import DEFECT, AnnotationClass
from blender_addon.definitions.parameter import draw_params, parameter
from blender_addon.inspection.camera import metres_per_pixel
from blender_addon.job.definition import job_of, job_schema
from blender_addon.job.validation import validate_document
from blender_addon.nodes.group_interface import find_group, new_group
from blender_addon.nodes.shader_graph import assign, separate
from render_jobs.kept_groups import KeptGroups
from render_jobs.render_sample import render_sample
from render_jobs.sample_files import FOLDERS, RECORDS
from render_jobs.sample_plan import plan_samples
from tests.render_jobs.conftest import compose_job, smoke_job

__all__ = ["compose_job", "smoke_job"]

pytestmark = pytest.mark.blender


@dataclass(frozen=True)
class PitParams:
    """A square pit."""

    centre_x: float = parameter(0.0, unit="m", low=-1.0, high=1.0, description="x of the centre")
    centre_y: float = parameter(0.0, unit="m", low=-1.0, high=1.0, description="y of the centre")
    side: float = parameter(0.01, unit="m", low=0.0, high=1.0, description="Length of a side")
    depth: float = parameter(1e-4, unit="m", low=0.0, high=1.0, description="Depth of the floor")


def pit_group():
    existing = find_group("Test Pit", 1)
    if existing:
        return existing
    tree, position, p, out = new_group("Test Pit", 1, PitParams, ("Height", "Mask"))
    x, y, _ = separate(tree, position)
    half = p["side"] * 0.5
    inside = abs(x - p["centre_x"]).at_most(half) * abs(y - p["centre_y"]).at_most(half)
    assign(tree, out.inputs["Height"], inside * p["depth"] * -1.0)
    assign(tree, out.inputs["Mask"], inside)
    return tree


def pit_bounds(params):
    half = params.side / 2
    return params.centre_x - half, params.centre_x + half, params.centre_y - half, params.centre_y + half


PIT = BlemishKind(
    AnnotationClass(7, "pit", DEFECT, (1, 2, 3)),
    "pits",
    PitParams,
    lambda rng, ranges: draw_params(PitParams, ranges, rng),
    stream=99,
    shape=Relief(pit_group, pit_bounds, precedence=9),
)


def test_a_throw_away_kind_is_rendered_with_its_mask(tmp_path, smoke_job, monkeypatch):
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, PIT))
    smoke_job["pit"] = {"centre_x": [-0.02, 0.02], "centre_y": 0.01, "side": 0.012}
    smoke_job["splits"][2]["pits"] = [1, 1]
    validate_document(smoke_job, "job", job_schema())
    plain, _, _, sample = plan_samples(smoke_job)
    (pit,) = sample.scene.surface.pits
    assert plain.scene.surface.pits == ()
    assert -0.02 <= pit.centre_x <= 0.02

    for folder in (RECORDS, *FOLDERS.values()):
        (tmp_path / folder).mkdir(parents=True)
    record = render_sample(sample, tmp_path, KeptGroups(tmp_path), lambda *_: {}, lambda: None)
    mask = cv2.imread(str(tmp_path / "masks" / "000003.png"), cv2.IMREAD_UNCHANGED)
    rows, columns = np.nonzero(mask == 7)
    pixel = metres_per_pixel(sample.scene.camera, mask.shape[1])
    assert len(rows) == pytest.approx((pit.side / pixel) ** 2, rel=0.25)
    assert (columns.mean() + 0.5 - mask.shape[1] / 2) * pixel == pytest.approx(pit.centre_x, abs=2 * pixel)
    assert (mask.shape[0] / 2 - rows.mean() - 0.5) * pixel == pytest.approx(pit.centre_y, abs=2 * pixel)
    assert record["sample"]["pits"] == 1
    (row,) = (row for row in record["instances"] if row["class"] == "pit")
    assert row["pixel_area"] == len(rows)
    assert row["side"] == 0.012
    assert kinds.annotation_classes()[-1].description() == {
        "id": 7,
        "name": "pit",
        "kind": "defect",
        "colour": [1, 2, 3],
    }


def square_sheet(params, key):
    import bpy

    half, z = params.side / 2, 1e-4 * key
    x, y = params.centre_x, params.centre_y
    corners = [(x - half, y - half, z), (x + half, y - half, z), (x + half, y + half, z), (x - half, y + half, z)]
    mesh = bpy.data.meshes.new("Test Foil")
    mesh.from_pydata(corners, [], [(0, 1, 2, 3)])
    obj = bpy.data.objects.new("Test Foil", mesh)
    bpy.context.scene.collection.objects.link(obj)
    return obj


def test_a_second_kind_of_sheet_has_a_mask_of_its_own(tmp_path, smoke_job, monkeypatch):
    foil = dataclasses.replace(
        PIT, label=AnnotationClass(8, "foil", DEFECT, (4, 5, 6)), plural="foils", shape=Sheet(square_sheet)
    )
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, foil))
    smoke_job["foil"] = {"centre_x": [-0.03, 0.03], "centre_y": -0.03, "side": 0.012}
    smoke_job["sticker"] = {"centre_x": 0.0, "centre_y": 0.02}
    smoke_job["splits"] = [{**smoke_job["splits"][2], "foils": [2, 2], "stickers": [1, 1]}]
    (sample,) = plan_samples(smoke_job)
    for folder in (RECORDS, *FOLDERS.values()):
        (tmp_path / folder).mkdir(parents=True)
    record = render_sample(sample, tmp_path, KeptGroups(tmp_path), lambda *_: {}, lambda: None)
    areas = {
        name: [row["pixel_area"] for row in record["instances"] if row["class"] == name] for name in ("foil", "sticker")
    }
    pixel = metres_per_pixel(sample.scene.camera, sample.scene.picture.width)
    assert len(areas["foil"]) == 2
    assert max(areas["foil"]) == pytest.approx((0.012 / pixel) ** 2, rel=0.25)
    assert len(areas["sticker"]) == 1


def test_a_throw_away_kind_moves_nothing_else(smoke_job, monkeypatch):
    before = [sample.scene.surface for sample in plan_samples(smoke_job)]
    monkeypatch.setattr(kinds, "KINDS", (PIT, *kinds.KINDS))
    smoke_job["splits"][2]["pits"] = [2, 2]
    after = [sample.scene.surface for sample in plan_samples(smoke_job)]
    for kind in kinds.KINDS[1:]:
        assert [surface.of_kind(kind) for surface in after] == [surface.of_kind(kind) for surface in before]


def test_ids_names_and_streams_are_used_once():
    for values in (
        [label.id for label in kinds.annotation_classes()],
        [label.name for label in kinds.annotation_classes()],
        [kind.plural for kind in kinds.KINDS],
        [kind.stream for kind in kinds.KINDS],
        [kind.params for kind in kinds.KINDS],
    ):
        assert len(values) == len(set(values))
    assert [label.id for label in kinds.annotation_classes()] == list(range(7))
    others = {number for name, number in vars(random_stream).items() if name.endswith("_STREAM")}
    assert not others & {kind.stream for kind in kinds.KINDS}


def test_a_job_takes_its_defaults_from_the_definition(smoke_job):
    for key in ("views", "finish", "stain_renderer", "placement", "lens", "grid", "bump", "milled_metal"):
        smoke_job.pop(key, None)
    del smoke_job["seeds"]["camera"]
    job = job_of(smoke_job)
    assert (job.views, job.grid, job.finish, job.stain_renderer, job.seeds.camera) == (
        "middle",
        None,
        "brushed",
        "auto",
        0,
    )
    assert (job.placement, job.lens, job.blemishes["bump"], job.metals["milled"]) == ({}, {}, {}, {})
    assert job.splits[0].counts["bump"] == (0, 0)
    assert job.splits[0].sides == 1


def test_the_schema_follows_the_table(smoke_job, monkeypatch):
    smoke_job["pit"] = {"side": 0.1}
    assert list(jsonschema.Draft202012Validator(job_schema()).iter_errors(smoke_job))
    monkeypatch.setattr(kinds, "KINDS", (*kinds.KINDS, PIT))
    assert not list(jsonschema.Draft202012Validator(json.loads(json.dumps(job_schema()))).iter_errors(smoke_job))
