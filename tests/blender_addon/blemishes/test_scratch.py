"""A scratch as narrow as a pixel is one line; groups and breaks are where their parameters put them."""

import dataclasses

import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.blemishes.scratch import ScratchParams, draw_scratch_params
from blender_addon.inspection.camera import CameraParams, metres_per_pixel
from blender_addon.inspection.ring_light import RingLightParams
from blender_addon.inspection.scene import InspectionScene, PictureParams, apply
from blender_addon.metals.brushed import BrushedMetalParams
from blender_addon.plate.mesh import PlateParams
from blender_addon.plate.surface import InspectedSurface
from scripts.figures.blemish_closeups import show_only
from tests.blender_addon import surface_truth

pytestmark = pytest.mark.blender

WIDTH, HEIGHT, SIDE = 2448, 2050, 96
BRIGHT = (0.039, 0.0)


def crop(bpy, render_float, blemishes):
    """Linear brightness of 96 x 96 pixels of the full picture, in the bright field."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    picture = PictureParams(WIDTH, HEIGHT, samples=16, denoise=False)
    surface = InspectedSurface(BrushedMetalParams(texture_offset=4.0), blemishes=blemishes)
    description = InspectionScene(picture, PlateParams(), CameraParams(), RingLightParams(), surface)
    main, _ = apply(description)
    show_only(main, description, BRIGHT, SIDE)
    return render_float(main)[..., 0]


def test_a_scratch_as_narrow_as_a_pixel_is_continuous(bpy, render_float):
    angle = 0.3
    scratch = ScratchParams(
        *BRIGHT, angle=angle, length=0.02, width=5e-5, depth_limit=0.05, waviness=0.0, jitter=2e-5, variation=0.2
    )
    pixel = metres_per_pixel(CameraParams(), WIDTH)
    clean, scratched = (crop(bpy, render_float, blemishes) for blemishes in ((), (scratch,)))
    assert clean.shape == (SIDE, SIDE)
    darker = clean - scratched
    points = surface_truth.pixel_centres(SIDE, SIDE, SIDE * pixel) + np.array((*BRIGHT, 0.0))
    u, v = surface_truth.own_frame(points, scratch)
    near = np.abs(v - scratch.jitter * surface_truth.waves(u, scratch.pattern, 0)) < 1.5 * pixel
    columns = [column for column in range(SIDE) if near[:, column].sum() >= 3]
    assert len(columns) > 90
    lost = np.array([darker[near[:, column], column].sum() for column in columns])
    # The trace is dark in every column: no dashes.
    assert lost.min() > 0.3 * np.median(lost)
    assert np.median(lost) > 0.1
    far = np.abs(v) > 6 * pixel
    assert np.abs(darker[far]).max() == 0.0


def test_lines_lie_side_by_side_and_breaks_part_them():
    one = ScratchParams(length=0.03, width=2e-4, pattern=31.0)
    points = surface_truth.pixel_centres(1200, 200, 0.03)
    _, whole = surface_truth.scratch(points, one)
    _, broken = surface_truth.scratch(points, dataclasses.replace(one, breaks=0.5))
    assert whole.any(axis=0).mean() > 0.99
    assert 0.3 < broken.any(axis=0).mean() < 0.7
    assert not (broken & ~whole).any()
    for parallels in (2, 5):
        _, several = surface_truth.scratch(points, dataclasses.replace(one, parallels=parallels, gap=6e-4))
        starts = np.count_nonzero(several[1:, 600] & ~several[:-1, 600])
        assert 2 <= starts <= parallels


def test_widths_are_drawn_log_uniformly_and_most_scratches_are_few():
    rng = np.random.default_rng(5)
    drawn = [draw_scratch_params(rng, {"width": [3e-5, 5e-4], "parallels": [1, 5]}) for _ in range(2000)]
    middle = np.sqrt(3e-5 * 5e-4)
    assert np.mean([scratch.width < middle for scratch in drawn]) == pytest.approx(0.5, abs=0.04)
    counts = np.bincount([scratch.parallels for scratch in drawn], minlength=6) / 2000
    assert counts[1:] == pytest.approx(np.log([2, 3 / 2, 4 / 3, 5 / 4, 6 / 5]) / np.log(6), abs=0.04)
