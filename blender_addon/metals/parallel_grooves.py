"""The parallel texture: grooves side by side, each with its own place, width, depth, waviness, length and phase.

As in Bosnar et al., "Texture synthesis for surface inspection" (2022), a solid texture of surface points. Across the
grooves, space is cut into cells `spacing` wide; White Noise of a cell's index, the same in every Blender, draws its one
groove, a parabola that stays inside the cell, so that a point needs no other cell. Layers of finer and shallower, and
of wider grooves lie over each other.

What a material needs of them is their slope. It is computed and not, as the Bump node would, measured between pixels:
at a third of the cost, and a small picture shows what a large one does, only smaller.
"""

import math

import bpy

from ..nodes.shader_graph import Value, combine, hashed

# Of each layer: its spacing and its depth, as parts of the given ones.
LAYERS = ((1.0, 1.0), (0.37, 0.2), (4.3, 1.0))
LOW_BITS = 512.0  # a hashed number has 24 bits; the lower ones make a second number, at a fraction of a hash's cost


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

    `width` is a groove's mean width as a part of its cell; `variation` is how far, as a part of the mean, its width and
    depth deviate; `spacing_variation`, of the room that its width leaves, how far it lies from its cell's middle.
    `length` [m] is that of a swell in its depth, and of a wave in its path.
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
