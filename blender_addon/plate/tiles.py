"""The plate in tiles: the material of a tile contains only the blemishes near it.

The shader graph of a blemish is evaluated wherever its material is visible. With one material for six defects, a
picture takes four times as long as a clean one. With tiles, nearly all materials are clean. Scripts (OSL) skip the
blemishes that are not there, so one material serves all tiles near a blemish, and one those near flat ones only, which
spares them the Bump node; Cycles compiles three materials instead of dozens.
"""

import math

import bpy

from .features import raised, with_reliefs_near, without_reliefs
from .groups import SurfaceGroups, node_groups
from .material import surface_material
from .mesh import PlateParams, plate
from .relief_scripts import PADDING
from .surface import InspectedSurface

TILE = 0.004  # metres; small relative to a plate, large relative to the width of a defect


def tiled_plate(
    params: PlateParams, surface: InspectedSurface, groups: SurfaceGroups | None = None
) -> bpy.types.Object:
    """Build the plate with one material for every set of blemishes that share a tile, or with three for scripts.

    `groups` are those of its surface (default: shader nodes). A clean plate is tiled, too: with another mesh, the hit
    points of rays would differ in their last bit.
    """
    width, height = params.width - 2 * params.bevel, params.height - 2 * params.bevel
    columns, rows = math.ceil(width / TILE), math.ceil(height / TILE)
    part = plate(params, columns, rows)
    bare, groups = without_reliefs(surface), groups or node_groups(surface)
    part.data.materials.append(surface_material(bare, groups))
    slots = {bare: 0}
    high = set(raised(surface)) if groups.reliefs is not None else set()
    flat = surface.with_blemishes(tuple(params for params in surface.blemishes if params not in high))
    for face in range(columns * rows):
        row, column = divmod(face, columns)
        x, y = width * (column / columns - 0.5), height * (row / rows - 0.5)
        tile = (x, x + width / columns, y, y + height / rows)
        here = with_reliefs_near(bare, surface, tile, PADDING)
        if groups.reliefs is not None and here != bare:
            here = flat if high.isdisjoint(here.blemishes) else surface
        if here not in slots:
            slots[here] = len(part.data.materials)
            part.data.materials.append(surface_material(here, groups))
        part.data.polygons[face].material_index = slots[here]
    return part
