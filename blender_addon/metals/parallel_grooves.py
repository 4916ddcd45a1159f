"""The parallel texture: grooves side by side, each with its own position, width, depth, sway, length and phase.

As in Bosnar et al., "Texture synthesis for surface inspection" (2022), it is a solid texture of surface points. Across
the grooves, space is divided into cells of width `spacing`. White Noise of a cell's index, which is the same in every
Blender, draws the one groove of the cell. The groove is a parabola inside its cell, so a point depends on one cell
only. Layers of finer and shallower grooves and of wider grooves are added.

The material uses the slope of the grooves. The slope is computed analytically; the Bump node would measure it between
pixels at three times the cost, and the result would depend on the picture's resolution.
"""

import math

import bpy

from ..nodes.shader_graph import Value, combine, hashed

# Spacing and depth of each layer, relative to the parameters.
LAYERS = ((1.0, 1.0), (0.37, 0.2), (4.3, 1.0))
LOW_BITS = 512.0  # a hashed number has 24 bits; its low bits serve as a second number and save a hash


def groove_slope(
    tree: bpy.types.NodeTree,
    along: Value,
    across: Value,
    seed: float,
    *,
    spacing: float,
    spacing_variation: float,
    width: float,
    depth: float,
    variation: float,
    length: float,
) -> Value:
    """Return the slope dz/dacross of a point at `along`, `across` [m] in the grooves' own coordinates.

    `width` is the mean width of a groove relative to its cell. `variation` is the deviation of widths and depths
    relative to their means. `spacing_variation` is the deviation from the cell's middle relative to the free room.
    `length` [m] is the length of a swell in a groove's depth and of a wave in its path.
    """
    slope: Value | None = None
    for number, (spacing_part, depth_part) in enumerate(LAYERS):
        cells = across * (1.0 / (spacing * spacing_part))
        index = cells.math("FLOOR")
        place, deep, phase = hashed(tree, combine(tree, index, float(number), 0.0), seed)
        wide, long, sway = ((drawn * LOW_BITS).math("FRACT") for drawn in (place, deep, phase))
        half = ((wide * 2.0 - 1.0) * variation + 1.0) * (width / 2)
        half = half.math("MINIMUM", 0.5)
        run = along * (2.0 * math.pi / (length * spacing_part**0.5)) / (long + 0.5) + phase * (2.0 * math.pi)
        wander = (place * 2.0 - 1.0) * 0.7 + run.math("SINE") * sway * 0.3
        centre = wander * spacing_variation * (0.5 - half) + 0.5
        q = (cells - index - centre) / half
        inside = 1.0 - abs(q).math("GREATER_THAN", 1.0)
        swell = (run * 0.5).math("COSINE")
        strength = ((deep * 2.0 - 1.0) * variation + 1.0) * (swell * swell * 0.8 + 0.2)
        layer = inside * strength * q / half * (2.0 * depth * depth_part / (spacing * spacing_part))
        slope = layer if slope is None else slope + layer
    assert slope is not None  # there are layers
    return slope
