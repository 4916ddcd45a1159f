"""The ring light as EEVEE's sky: where the real ring is reflected, and nowhere in Cycles' pictures."""

import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

pytestmark = pytest.mark.blender


@pytest.fixture
def mirror(inspection):
    """The scene with a plate that reflects like a mirror."""
    settings = inspection.stainless
    settings.water_stains = False
    metal = settings.brushed_metal
    metal.roughness = metal.roughness_variation = metal.groove_depth = metal.anisotropy = 0.0
    settings.light.rotation, settings.light.scale = 0.3, 0.7
    settings.placement.shift_x, settings.placement.turn = 0.01, 0.2
    return inspection


def test_cycles_does_not_see_the_sky(inspection, render_float):
    assert inspection.world is not None
    with_world = render_float(inspection)
    inspection.world = None
    assert np.array_equal(with_world, render_float(inspection))


def test_the_sky_shows_the_ring_where_the_plate_reflects_it(mirror, render_float):
    ring = render_float(mirror)[..., 0] > 0.5
    mirror.stainless.light_object.hide_render = True
    output = next(node for node in mirror.world.node_tree.nodes if node.type == "OUTPUT_WORLD")
    assert output.target == "EEVEE"
    output.target = "ALL"
    sky = render_float(mirror)[..., 0] > 0.5
    assert 0.1 < ring.mean() < 0.6
    assert (ring != sky).mean() < 0.02


def test_the_viewport_takes_few_samples_and_pictures_keep_theirs(addon, inspection):
    assert inspection.cycles.preview_samples == 32
    assert inspection.cycles.use_preview_denoising  # bpy comes with OpenImageDenoise
    assert not inspection.cycles.use_denoising
    inspection.cycles.preview_samples = 7  # an artist's own number stays
    inspection.stainless.picture.samples = 3
    assert (inspection.cycles.preview_samples, inspection.cycles.samples) == (7, 3)
