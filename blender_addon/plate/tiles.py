"""The plate in tiles: a tile's material holds only the things that reach into it.

A thing's shader graph is evaluated wherever its material is, so one material with six defects made a picture cost
four times a clean one; nearly all tiles are clean.
"""

import math

import bpy

from .features import with_reliefs_near, without_reliefs
from .groups import SurfaceGroups, node_groups
from .material import surface_material
from .mesh import PlateParams, plate
from .surface import InspectedSurface

TILE = 0.004  # metres; small against a plate, large against a defect's width
PADDING = 0.0005  # metres; the Bump node looks a fraction of a pixel beyond the shaded point


def tiled_plate(
    params: PlateParams, surface: InspectedSurface, groups: SurfaceGroups | None = None
) -> bpy.types.Object:
    """Build the plate with its materials, one material for every set of things that share a tile.

    `groups` are already made of its surface, nodes' if omitted.
    A clean plate is tiled, too: with another mesh, rays would meet it at points that differ in the last bit.
    """
    width, height = params.width - 2 * params.bevel, params.height - 2 * params.bevel
    columns, rows = math.ceil(width / TILE), math.ceil(height / TILE)
    part = plate(params, columns, rows)
    bare, groups = without_reliefs(surface), groups or node_groups(surface)
    part.data.materials.append(surface_material(bare, groups))
    slots = {bare: 0}
    for face in range(columns * rows):
        row, column = divmod(face, columns)
        x, y = width * (column / columns - 0.5), height * (row / rows - 0.5)
        tile = (x, x + width / columns, y, y + height / rows)
        here = with_reliefs_near(bare, surface, tile, PADDING)
        if here not in slots:
            slots[here] = len(part.data.materials)
            part.data.materials.append(surface_material(here, groups))
        part.data.polygons[face].material_index = slots[here]
    return part
