"""The parallel texture as shader nodes against a literal loop over its layers."""

import math

import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.metals.parallel_grooves import groove_slope
from blender_addon.nodes.shader_graph import combine, separate
from blender_addon.water_stain.noise import white_noise
from tests.blender_addon.water_stain_pictures import add_camera, add_plate, emission_tree, empty_scene

pytestmark = pytest.mark.blender

SEED = 12.5
GROOVES = {
    "spacing": 0.004,
    "spacing_variation": 0.9,
    "width": 0.6,
    "depth": 2e-5,
    "variation": 0.7,
    "length": 0.03,
}


def literal_slope(x: float, y: float, spacing, spacing_variation, width, depth, variation, length) -> float:
    """One point, one layer after the other, in double precision."""
    total = 0.0
    for layer, (part, depth_part) in enumerate(((1.0, 1.0), (0.37, 0.2), (4.3, 1.0))):
        cell = math.floor(y / (spacing * part))
        place, deep, phase = white_noise(np.array([[cell], [layer], [0]], np.float32), SEED)[:, 0].tolist()
        wide, long, sway = (value * 512 % 1 for value in (place, deep, phase))
        half = min(width / 2 * (1 + variation * (2 * wide - 1)), 0.5)
        run = 2 * math.pi * (x / (length * math.sqrt(part)) / (0.5 + long) + phase)
        centre = 0.5 + spacing_variation * (0.5 - half) * (0.7 * (2 * place - 1) + 0.3 * sway * math.sin(run))
        q = (y / (spacing * part) - cell - centre) / half
        if abs(q) > 1:
            continue
        strength = (1 + variation * (2 * deep - 1)) * (0.2 + 0.8 * math.cos(run / 2) ** 2)
        total += strength * 2 * q * depth * depth_part / (half * spacing * part)
    return total


def test_the_slope_is_that_of_the_literal_loop(render_float):
    scene = empty_scene(64, 54)
    tree, show = emission_tree(add_plate())
    add_camera("ORTHO", field=0.06)
    x, y, _ = separate(tree, tree.nodes.new("ShaderNodeTexCoord").outputs["Object"])
    slope = groove_slope(tree, x, y, SEED, **GROOVES)
    show(combine(tree, slope * 1.0 + 1.0, 0.0, 0.0))
    rendered = render_float(scene)[..., 0] - 1.0
    pixel = 0.06 / 64
    expected = np.array(
        [
            [literal_slope((i + 0.5 - 32) * pixel, (27 - j - 0.5) * pixel, **GROOVES) for i in range(64)]
            for j in range(54)
        ]
    )
    assert np.abs(expected).max() > 0.02
    close = np.abs(rendered - expected) < 2e-5
    assert close.mean() > 0.997  # a pixel may lie on a groove's very edge
