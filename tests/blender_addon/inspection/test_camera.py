"""The camera against its data sheet, and one plate under two of its views."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.annotation.plate_pass import labels
from blender_addon.blemishes.dent import DentParams
from blender_addon.blemishes.scratch import ScratchParams
from blender_addon.inspection.camera import CameraParams, CameraPose, camera_for_field, metres_per_pixel
from blender_addon.inspection.ring_light import RingLightParams
from blender_addon.inspection.scene import InspectionScene, PictureParams, apply
from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.plate.mesh import PlateParams
from blender_addon.plate.surface import InspectedSurface
from tests.blender_addon import surface_truth

pytestmark = pytest.mark.blender

NEAR = camera_for_field(CameraParams(), 0.05)
PICTURE = PictureParams(width=200, height=168, samples=1, denoise=False)
MIRROR = BrushedMetalParams(
    base_reflectance=1.0, roughness=0.0, roughness_variation=0.0, groove_depth=0.0, anisotropy=0.0
)


def test_the_field_is_the_thin_lenss():
    camera = CameraParams(distance=0.3, sensor_width=8.4456e-3, focal_length=0.025)
    magnification = 0.025 / (0.3 - 0.025)  # f / (d - f)
    assert camera.field_width == pytest.approx(8.4456e-3 / magnification, rel=1e-12)
    assert metres_per_pixel(camera, 2448) == pytest.approx(3.45e-6 / magnification, rel=1e-9)


def test_the_default_camera_shows_the_whole_plate():
    assert CameraParams().field_width == pytest.approx(0.122, rel=1e-6)
    assert camera_for_field(CameraParams(), 0.05).field_width == pytest.approx(0.05, rel=1e-12)


def test_a_lens_that_cannot_focus_is_refused():
    with pytest.raises(ValueError, match=r"focal_length = 0\.4 must be below distance = 0\.3"):
        CameraParams(focal_length=0.4)


def on_plate(pose):
    """Points (H, W, 3) that the pixel centres of a moved and turned camera see."""
    points = surface_truth.pixel_centres(PICTURE.width, PICTURE.height, 0.05)
    turned = (points[..., 0] + 1j * points[..., 1]) * np.exp(1j * pose.turn) + pose.x + 1j * pose.y
    return np.stack([turned.real, turned.imag, points[..., 2]], axis=-1)


def test_two_views_show_the_same_defects_at_the_same_places(bpy, render_float):
    dent, scratch = DentParams(centre_x=0.02, centre_y=0.01, radius=0.004), ScratchParams(centre_x=0.015, angle=2.0)
    surface = InspectedSurface(
        BrushedMetalParams(),
        blemishes=(
            scratch,
            dent,
        ),
    )
    masks, places = [], []
    for pose in (CameraPose(0.012, 0.004, 0.0), CameraPose(0.026, 0.012, 0.3)):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        _, annotation = apply(InspectionScene(PICTURE, PlateParams(), NEAR, RingLightParams(), surface, pose))
        mask, _, found = labels(render_float(annotation))
        points = on_plate(pose)
        expected = np.where(
            surface_truth.dent(points, dent)[1], 2, np.where(surface_truth.scratch(points, scratch)[1], 4, 0)
        )
        expected[(np.abs(points[..., 0]) > 0.058) | (np.abs(points[..., 1]) > 0.048)] = 255
        assert np.array_equal(mask, expected)
        assert found == [(2, 1), (4, 1)]
        masks.append(mask)
        places.append(points[(mask == 2)][:, :2])
    # The same point of the world, the dent's middle of mass, from either view to a fraction of a pixel.
    assert np.abs(places[0].mean(axis=0) - places[1].mean(axis=0)).max() < 0.2 * 0.05 / 200
    assert abs(len(places[0]) - len(places[1])) < 0.02 * len(places[0])
    assert not np.array_equal(*masks)


def test_the_ring_travels_with_the_camera(bpy, render_float):
    light = dataclasses.replace(RingLightParams(), scale=0.5)
    pictures = []
    for pose in (CameraPose(), CameraPose(0.02, -0.015, 0.2)):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        main, _ = apply(InspectionScene(PICTURE, PlateParams(), NEAR, light, InspectedSurface(MIRROR), pose))
        main.cycles.filter_width = 0.01
        pictures.append(render_float(main)[..., 0] > 0.01)
    assert 0.2 < pictures[0].mean() < 0.8
    assert np.count_nonzero(pictures[0] != pictures[1]) < 20  # on the outline, rounded differently
