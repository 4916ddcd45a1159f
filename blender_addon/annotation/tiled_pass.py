"""The annotation pass in tiles: equal masks in a fraction of the time.

One material for the whole plate computes every blemish at every pixel. Here, a tile's material has only the blemishes
near it. The scene gets objects of its own, so it does not follow later changes of the picture's.
"""

import bpy

from ..plate.features import with_reliefs_near, without_reliefs
from ..plate.mesh import PlateParams
from ..plate.relief_scripts import PADDING
from ..plate.surface import InspectedSurface
from ..plate.tiles import tile_bounds
from .plate_pass import annotation_material


def tile_annotation(
    twin: bpy.types.Scene, plate: bpy.types.Object, params: PlateParams, surface: InspectedSurface
) -> None:
    """Replace the material of the annotation scene `twin` by one for every set of blemishes that share a tile.

    `plate` is the object of `tiled_plate` with these parameters and this surface.
    """
    bare = without_reliefs(surface)
    elsewhere = annotation_material(params, surface, near=())
    twin.view_layers[0].material_override = None
    for shared in [part for part in twin.collection.objects if part.type == "MESH"]:
        own = _with_own_mesh(shared, elsewhere)
        twin.collection.objects.unlink(shared)
        twin.collection.objects.link(own)
        if shared == plate:
            _tile(own, bare, params, surface)


def _with_own_mesh(shared: bpy.types.Object, material: bpy.types.Material) -> bpy.types.Object:
    own = shared.copy()
    own.data = shared.data.copy()
    own.data.materials.clear()
    own.data.materials.append(material)
    for polygon in own.data.polygons:
        polygon.material_index = 0
    return own


def _tile(part: bpy.types.Object, bare: InspectedSurface, params: PlateParams, surface: InspectedSurface) -> None:
    slots = {bare: 0}
    for face, tile in enumerate(tile_bounds(params)):
        here = with_reliefs_near(bare, surface, tile, PADDING)
        if here not in slots:
            slots[here] = len(part.data.materials)
            part.data.materials.append(annotation_material(params, surface, frozenset(here.blemishes)))
        part.data.polygons[face].material_index = slots[here]
