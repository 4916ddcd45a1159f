"""The plate in tiles: a tile's material holds only the defects that reach into it.

A defect's shader graph is evaluated wherever its material is, so one material with six defects made a picture cost
four times a clean one; nearly all tiles are clean.
"""

import dataclasses
import math

import bpy

from .dent import dent_bounds
from .inspected_surface import InspectedSurface
from .plate import PlateParams, plate
from .scratch import scratch_bounds
from .surface_material import surface_material

TILE = 0.004  # metres; small against a plate, large against a defect's width
PADDING = 0.0005  # metres; the Bump node looks a fraction of a pixel beyond the shaded point


def tiled_plate(params: PlateParams, surface: InspectedSurface) -> bpy.types.Object:
    """Build the plate with its materials; one material for every set of defects that share a tile.

    A clean plate is tiled, too: with another mesh, rays would meet it at points that differ in the last bit.
    """
    columns, rows = math.ceil(params.width / TILE), math.ceil(params.height / TILE)
    part = plate(params, columns, rows)
    part.data.materials.append(surface_material(dataclasses.replace(surface, scratches=(), dents=())))
    scratches = [(params, scratch_bounds(params)) for params in surface.scratches]
    dents = [(params, dent_bounds(params)) for params in surface.dents]
    slots = {((), ()): 0}
    for face in range(columns * rows):
        row, column = divmod(face, columns)
        x, y = params.width * (column / columns - 0.5), params.height * (row / rows - 0.5)
        tile = (x, x + params.width / columns, y, y + params.height / rows)
        here = _reaching(scratches, tile), _reaching(dents, tile)
        if here not in slots:
            slots[here] = len(part.data.materials)
            part.data.materials.append(surface_material(dataclasses.replace(surface, scratches=here[0], dents=here[1])))
        part.data.polygons[face].material_index = slots[here]
    return part


def _reaching(defects: list, tile: tuple[float, float, float, float]) -> tuple:
    """The parameters of those defects whose padded bounds meet the tile."""
    x0, x1, y0, y1 = tile
    return tuple(
        params
        for params, (a, b, c, d) in defects
        if a - PADDING <= x1 and b + PADDING >= x0 and c - PADDING <= y1 and d + PADDING >= y0
    )
