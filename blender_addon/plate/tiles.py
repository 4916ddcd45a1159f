"""The plate in tiles: the material of a tile contains only the blemishes near it.

The shader graph of a blemish is evaluated wherever its material is visible. With one material for six defects, a
picture takes four times as long as a clean one. With tiles, nearly all materials are clean. Scripts (OSL) skip the
blemishes that are not there, so one material serves all tiles near a blemish, and one those near flat ones only, which
spares them the Bump node; Cycles compiles three materials instead of dozens.
"""

import math
from collections.abc import Iterator

import bpy

from ..blemishes.kinds import Bounds
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
    part = plate(params, *_columns_and_rows(params))
    bare, groups = without_reliefs(surface), groups or node_groups(surface)
    part.data.materials.append(surface_material(bare, groups))
    slots = {bare: 0}
    high = set(raised(surface)) if groups.reliefs is not None else set()
    flat = surface.with_blemishes(tuple(params for params in surface.blemishes if params not in high))
    for face, tile in enumerate(tile_bounds(params)):
        here = with_reliefs_near(bare, surface, tile, PADDING)
        if groups.reliefs is not None and here != bare:
            here = flat if high.isdisjoint(here.blemishes) else surface
        if here not in slots:
            slots[here] = len(part.data.materials)
            part.data.materials.append(surface_material(here, groups))
        part.data.polygons[face].material_index = slots[here]
    return part


def tile_bounds(params: PlateParams) -> Iterator[Bounds]:
    """Yield (low x, high x, low y, high y) of every tile in metres, in the order of the plate's faces."""
    width, height = params.width - 2 * params.bevel, params.height - 2 * params.bevel
    columns, rows = _columns_and_rows(params)
    for face in range(columns * rows):
        row, column = divmod(face, columns)
        x, y = width * (column / columns - 0.5), height * (row / rows - 0.5)
        yield (x, x + width / columns, y, y + height / rows)


def _columns_and_rows(params: PlateParams) -> tuple[int, int]:
    return math.ceil((params.width - 2 * params.bevel) / TILE), math.ceil((params.height - 2 * params.bevel) / TILE)
