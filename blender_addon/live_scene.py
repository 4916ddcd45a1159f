"""An inspection scene that follows its settings: each part is built anew by what `apply` is made of, in its old object.

The objects stay the artist's, with names, selection and modifiers; their data is exchanged. Stains, which artists drag
most, only get new numbers on their nodes, so that the renderers compile nothing.
"""

from collections.abc import Callable

import bpy

from .annotation import annotation_material
from .group_interface import set_group_inputs
from .inspected_surface import InspectedSurface
from .inspection_camera import inspection_camera
from .inspection_scene import InspectionScene, build, path_tracing
from .mask_preview import is_previewed, preview_scene
from .plate import PlateParams
from .ring_light import ring_light
from .scene_description import description_of
from .surface_tiles import tiled_plate
from .water_stain import WaterStainParams

STAIN_GROUP = "Stainless Water Stain"


def add_inspection_scene(scene: bpy.types.Scene) -> None:
    """Build what the settings of an empty scene describe and remember its parts. Raises ValueError as they do."""
    settings = scene.stainless
    description = description_of(settings)
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        built = build(description)
    settings.annotation_scene = built.annotation
    settings.plate_object, settings.light_object, settings.camera_object = built.plate, built.light, built.camera
    built.annotation.name = f"{scene.name} Annotation"


def apply_stain(scene: bpy.types.Scene) -> None:
    """Write the stain's numbers onto the plate's and the annotation's nodes."""
    surface = _description(scene).surface
    if surface.water_stain is not None:
        for material in _surface_materials(scene):
            _set_stain(material, surface.water_stain)


def apply_surface(scene: bpy.types.Scene) -> None:
    """Build the plate with its materials, and the annotation, anew."""
    description = _description(scene)
    plate, surface = description.plate, description.surface
    _exchange(scene, scene.stainless.plate_object, lambda: tiled_plate(plate, surface))
    _exchange_annotation(scene, plate, surface)


def apply_light(scene: bpy.types.Scene) -> None:
    """Build the ring light anew."""
    description = _description(scene)
    _exchange(scene, scene.stainless.light_object, lambda: ring_light(description.light, description.pose))


def apply_camera(scene: bpy.types.Scene) -> None:
    """Build the camera anew and set the picture's size."""
    description = _description(scene)
    size = description.picture.width, description.picture.height
    camera = scene.stainless.camera_object
    _exchange(scene, camera, lambda: inspection_camera(description.camera, description.pose, *size))
    scene.camera = scene.stainless.annotation_scene.camera = camera
    twin = scene.stainless.annotation_scene.render
    twin.resolution_x, twin.resolution_y = size


def apply_picture(scene: bpy.types.Scene) -> None:
    """Set up Cycles and the camera."""
    path_tracing(scene, _description(scene).picture)
    apply_camera(scene)


def apply_all(scene: bpy.types.Scene) -> None:
    """Bring the whole scene in step with its settings."""
    for part in (apply_picture, apply_surface, apply_light):
        part(scene)


def _description(scene: bpy.types.Scene) -> InspectionScene:
    return description_of(scene.stainless)


def _exchange(scene: bpy.types.Scene, old: bpy.types.Object | None, make: Callable[[], bpy.types.Object]) -> None:
    """Give an object what `make` builds in its stead; an object that the artist has deleted stays away."""
    if old is None or old.name not in scene.objects:
        return
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        new = make()
    was, name = old.data, old.data.name
    materials = list(was.materials) if hasattr(was, "materials") else []
    old.data = new.data
    old.location, old.rotation_euler = new.location, new.rotation_euler
    bpy.data.objects.remove(new)
    if was.users == 0:
        bpy.data.batch_remove([was])
        old.data.name = name
    _remove_unused(materials)


def _exchange_annotation(scene: bpy.types.Scene, plate: PlateParams, surface: InspectedSurface) -> None:
    layer = scene.stainless.annotation_scene.view_layers[0]
    old = layer.material_override
    layer.material_override = annotation_material(plate, surface)
    if is_previewed(scene):
        preview_scene(scene, True)
    _remove_unused([old] if old else [])


def _remove_unused(materials: list[bpy.types.Material]) -> None:
    groups = {
        node.node_tree
        for material in materials
        for node in material.node_tree.nodes
        if node.type == "GROUP" and node.node_tree
    }
    bpy.data.batch_remove({material for material in materials if material.users == 0})
    bpy.data.batch_remove({group for group in groups if group.users == 0})


def _surface_materials(scene: bpy.types.Scene) -> list[bpy.types.Material]:
    """Every material that shows the plate's stains: the plate's own, the annotation and its preview."""
    settings = scene.stainless
    plate = settings.plate_object
    materials = [slot.material for slot in plate.material_slots] if plate else []
    materials.append(settings.annotation_scene.view_layers[0].material_override)
    materials += [layer.material_override for layer in scene.view_layers]
    return [material for material in materials if material]


def _set_stain(material: bpy.types.Material, stain: WaterStainParams) -> None:
    for node in material.node_tree.nodes:
        if node.type == "GROUP" and node.node_tree and node.node_tree.name.startswith(STAIN_GROUP):
            set_group_inputs(node, stain)
