"""The annotation pass against the truth at pixel centres: not one pixel may differ."""

import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.annotation.plate_pass import labels
from blender_addon.annotation.tiled_pass import tile_annotation
from blender_addon.blemishes.bump import BumpParams
from blender_addon.blemishes.dent import DentParams
from blender_addon.blemishes.fingerprint import FingerprintParams
from blender_addon.blemishes.scratch import ScratchParams
from blender_addon.blemishes.sticker import StickerParams
from blender_addon.inspection.camera import CameraParams
from blender_addon.inspection.ring_light import RingLightParams
from blender_addon.inspection.scene import InspectionScene, PictureParams, apply, build
from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.plate.mesh import PlateParams
from blender_addon.plate.surface import InspectedSurface
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.reference import evaluate_water_stain
from tests.blender_addon import sticker_truth, surface_truth

pytestmark = pytest.mark.blender

PICTURE = PictureParams(width=612, height=512, samples=1, denoise=False)
PLATE, CAMERA = PlateParams(), CameraParams()
SURFACE = InspectedSurface(
    metal=BrushedMetalParams(texture_offset=3.3),
    water_stain=WaterStainParams(seed_offset=11),
    blemishes=(
        ScratchParams(centre_x=0.02, centre_y=0.01, angle=0.6),
        ScratchParams(centre_x=-0.03, centre_y=-0.02, angle=2.0, length=0.05, phase=0.5, width=0.003, waviness=0.004),
        ScratchParams(centre_x=0.02, centre_y=0.012, angle=2.2, length=0.03, width=0.0004),
        ScratchParams(  # three lines with everything a scratch may have
            centre_x=0.035,
            centre_y=-0.02,
            angle=1.2,
            length=0.04,
            width=0.0012,
            pattern=417.3,
            jitter=3e-4,
            variation=0.5,
            breaks=0.3,
            chatter=0.6,
            chatter_period=1.5e-3,
            parallels=3,
            gap=0.0016,
        ),
        DentParams(centre_x=0.02, centre_y=0.01, radius=0.004),
        DentParams(centre_x=-0.04, centre_y=0.03, radius=0.0015, lobe_phase=1.0, lobes=0.3, aspect=0.4, angle=1.0),
        DentParams(centre_x=0.022, centre_y=0.011, radius=0.003, lobe_phase=2.0),
        DentParams(centre_x=-0.037, centre_y=-0.022, radius=0.002),
        DentParams(
            centre_x=-0.005,
            centre_y=0.036,
            radius=0.003,
            aspect=0.5,
            angle=0.4,
            impacts=4,
            spread=1.2,
            pattern=612.4,
            lip_width=0.2,
            off_centre=0.6,
        ),
        BumpParams(centre_x=0.015, centre_y=0.012, radius=0.01),
        BumpParams(centre_x=-0.02, centre_y=-0.03, angle=2.5, lobes=0.25, edge_height=0.03),
        BumpParams(centre_x=-0.016, centre_y=-0.027, aspect=0.4, edge_height=0.5),
        FingerprintParams(centre_x=-0.01, centre_y=0.02, angle=0.7),
        FingerprintParams(centre_x=0.02, centre_y=-0.015, angle=-2.0, smear=0.5, coverage=0.6, coverage_angle=1.0),
        FingerprintParams(centre_x=-0.015, centre_y=-0.02, edge_contact=0.4, coverage=0.5, coverage_angle=4.0),
        FingerprintParams(
            centre_x=0.025,
            centre_y=0.03,
            angle=0.1,
            width=0.008,
            height=0.012,
            prints=3,
            step=0.009,
            pattern=71.9,
            fading=0.2,
        ),
        StickerParams(centre_x=-0.04, centre_y=-0.02, angle=0.4, number=24),
        StickerParams(centre_x=-0.035, centre_y=-0.026, angle=2.1, lift=0.002, loose_corner=2, edge_phase=3.0),
        StickerParams(centre_x=0.04, centre_y=0.035, angle=-0.2, width=0.01, edge_waviness=0.001, loose_corner=1),
    ),
)


def truth() -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """Masks from the precedence that the add-on documents, the reference stain and the literal defects."""
    points = surface_truth.pixel_centres(PICTURE.width, PICTURE.height, CAMERA.field_width)
    stains = evaluate_water_stain(points.reshape(-1, 3), SURFACE.water_stain)
    key = stains.stain_id.reshape(points.shape[:2]).astype(np.int64)
    classes = np.where(stains.inside.reshape(key.shape), 6, 0)
    for label, defects, formula in (
        (3, SURFACE.fingerprints, surface_truth.fingerprint),
        (1, SURFACE.bumps, surface_truth.bump),
        (4, SURFACE.scratches, surface_truth.scratch),
        (2, SURFACE.dents, surface_truth.dent),
    ):
        for number, defect in enumerate(defects, start=1):
            _, inside = formula(points, defect)
            classes[inside], key[inside] = label, number
    for number, params in enumerate(SURFACE.stickers, start=1):
        inside = sticker_truth.covers(points, params, number, CAMERA.distance)
        classes[inside], key[inside] = 5, number
    x, y = np.abs(points[..., 0]), np.abs(points[..., 1])
    classes[(x > PLATE.width / 2 - PLATE.border) | (y > PLATE.height / 2 - PLATE.border)] = 255
    found = sorted({(c, k) for c, k in zip(classes.ravel(), key.ravel(), strict=True) if c not in (0, 255)})
    instances = np.zeros(classes.shape, int)
    for number, (c, k) in enumerate(found, start=1):
        instances[(classes == c) & (key == k)] = number
    return classes, instances, found


def test_masks_equal_the_truth_at_every_pixel_centre(bpy, render_float):
    _, annotation = apply(InspectionScene(PICTURE, PLATE, CAMERA, RingLightParams(), SURFACE))
    mask, instances, found = labels(render_float(annotation))
    true_mask, true_instances, true_found = truth()
    assert len(true_found) > 25
    assert {c for c, _ in true_found} == {1, 2, 3, 4, 5, 6}
    assert np.count_nonzero(mask != true_mask) == 0
    assert found == true_found
    assert np.count_nonzero(instances != true_instances) == 0
    assert mask.dtype == np.uint8
    assert instances.dtype == np.uint16


def test_tiles_label_what_one_material_for_all_would(bpy, render_float):
    description = InspectionScene(PICTURE, PLATE, CAMERA, RingLightParams(), SURFACE)
    built = build(description)
    whole = render_float(built.annotation)
    tile_annotation(built.annotation, built.plate, PLATE, SURFACE)
    assert built.annotation.view_layers[0].material_override is None
    assert np.array_equal(render_float(built.annotation), whole)
    meshes = [part.data for part in built.annotation.collection.objects if part.type == "MESH"]
    assert len(meshes) == 1 + len(SURFACE.stickers)
    assert max(len(mesh.materials) for mesh in meshes) > 10
    assert built.plate.data not in meshes


def test_a_filtered_annotation_is_refused():
    picture = np.zeros((2, 2, 4), np.float32)
    picture[0, 0, 0] = 2.5
    with pytest.raises(ValueError, match="fractions"):
        labels(picture)


def test_nothing_there_is_ignored_and_instances_count_from_one():
    picture = np.zeros((1, 5, 4), np.float32)
    picture[0, :, 0] = [0, 6, 4, 6, 255]
    picture[0, :, 1] = [0, 90000, 2, 7, 0]
    picture[0, 1:, 3] = 1
    mask, instances, found = labels(picture)
    assert mask.tolist() == [[255, 6, 4, 6, 255]]
    assert instances.tolist() == [[0, 3, 1, 2, 0]]
    assert found == [(4, 2), (6, 7), (6, 90000)]
