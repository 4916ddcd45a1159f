"""Updates of an inspection scene from its settings.

A changed part is rebuilt by the functions that `inspection.scene.apply` uses, and its data replaces the old object's
data. Objects keep their names, selection and modifiers. A change of a stain only sets numbers on nodes, so that the
renderers compile nothing while the artist drags a slider.
"""

from collections.abc import Callable

import bpy

from ..annotation.plate_pass import annotation_material, annotation_scene
from ..annotation.preview import is_previewed, preview_scene
from ..blemishes import kinds
from ..inspection.camera import set_camera
from ..inspection.eevee_world import KEY, show_ring_to_eevee
from ..inspection.ring_light import ring_light
from ..inspection.scene import SHEET_KEY, InspectionScene, build, light_paths, path_tracing, sheet_objects
from ..nodes.group_interface import set_group_inputs
from ..plate.mesh import PlateParams
from ..plate.surface import InspectedSurface
from ..plate.tiles import tiled_plate
from ..water_stain.group import GROUP_NAME
from ..water_stain.params import WaterStainParams
from .description import description_of
from .properties import params_of

PREVIEW_SAMPLES = 32  # of the rendered viewport


def add_inspection_scene(scene: bpy.types.Scene) -> None:
    """Build the inspection scene of an empty scene's settings and record its parts. Raises ValueError."""
    settings = scene.stainless
    description = description_of(settings)
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        built = build(description)
    settings.annotation_scene = built.annotation
    settings.plate_object, settings.light_object, settings.camera_object = built.plate, built.light, built.camera
    built.annotation.name = annotation_name(scene)
    _show_ring_to_eevee(scene, description)
    _quick_preview(scene)


def _quick_preview(scene: bpy.types.Scene) -> None:
    """Set the rendered viewport to few samples and, if this Blender can, to denoising; pictures do not change."""
    scene.cycles.preview_samples = PREVIEW_SAMPLES
    try:
        scene.cycles.preview_denoiser = "OPENIMAGEDENOISE"
    except TypeError:
        return  # this Blender was built without it
    scene.cycles.use_preview_denoising = True


def _show_ring_to_eevee(scene: bpy.types.Scene, description: InspectionScene) -> None:
    show_ring_to_eevee(scene, description.light, description.camera, description.pose)


def annotation_name(scene: bpy.types.Scene) -> str:
    """Return the name of a scene's annotation scene; the dot hides it in Blender's list of scenes."""
    return f".{scene.name} Annotation"


def apply_stain(scene: bpy.types.Scene) -> None:
    """Set the stain's parameters on the nodes of the plate and the annotation. Raises ValueError."""
    settings = scene.stainless
    if settings.water_stains:
        stain = params_of(settings.stain, WaterStainParams)
        for material in _surface_materials(scene):
            _set_stain(material, stain)


def apply_surface(scene: bpy.types.Scene) -> None:
    """Rebuild the plate with its materials, and the annotation material. Raises ValueError."""
    description = _description(scene)
    plate, surface = description.plate, description.surface
    _exchange(scene, scene.stainless.plate_object, lambda: tiled_plate(plate, surface))
    _exchange_sheets(scene, surface)
    _exchange_annotation(scene, plate, surface)


def apply_light(scene: bpy.types.Scene) -> None:
    """Rebuild the ring light and set the light bounces. Raises ValueError."""
    description = _description(scene)
    light_paths(scene, description.light)
    _exchange(scene, scene.stainless.light_object, lambda: ring_light(description.light, description.pose))
    _show_ring_to_eevee(scene, description)


def apply_camera(scene: bpy.types.Scene) -> None:
    """Set the camera, unless it was deleted, and the picture's size. Raises ValueError."""
    description = _description(scene)
    size = description.picture.width, description.picture.height
    camera = scene.stainless.camera_object
    if camera is not None and _exists(scene, camera):
        set_camera(scene, camera, description.camera, description.pose, *size)
    twin = annotation_of(scene).render
    twin.resolution_x, twin.resolution_y = size
    _show_ring_to_eevee(scene, description)


def apply_placement(scene: bpy.types.Scene) -> None:
    """Apply the placement of camera and ring light. Raises ValueError."""
    apply_camera(scene)
    apply_light(scene)


def apply_picture(scene: bpy.types.Scene) -> None:
    """Set up Cycles and the camera. Raises ValueError."""
    set_up_cycles(scene)
    apply_camera(scene)


def set_up_cycles(scene: bpy.types.Scene) -> None:
    """Set up Cycles from the settings, replacing the artist's render settings. Raises ValueError."""
    description = _description(scene)
    world = scene.world
    path_tracing(scene, description.picture, description.light)
    if world is not None and KEY in world:
        scene.world = world


def apply_all(scene: bpy.types.Scene) -> None:
    """Apply all settings of the scene. Raises ValueError."""
    for part in (apply_picture, apply_surface, apply_light):
        part(scene)


def annotation_of(scene: bpy.types.Scene) -> bpy.types.Scene:
    """Return the scene's own annotation scene; rebuild it for a copied scene or after the artist deleted it.

    Raises ValueError if the scene has no camera.
    """
    settings = scene.stainless
    twin = settings.annotation_scene
    if scene.camera is None:
        raise ValueError(f"scene {scene.name!r} has no camera; undo its deletion, or add the inspection scene again")
    if twin is None or twin.camera != scene.camera:
        description = _description(scene)
        parts = [settings.plate_object] if _exists(scene, settings.plate_object) else []
        parts += _sheets(scene)
        twin = annotation_scene(scene, parts, description.plate, description.surface)
        twin.name = annotation_name(scene)
        settings.annotation_scene = twin
    return twin


def show_mask(scene: bpy.types.Scene, on: bool) -> None:
    """Show the mask in the viewport, or the surface if `on` is false. Raises ValueError if the scene has no camera."""
    preview_scene(scene, _annotation_material(scene) if on else None)


def _annotation_material(scene: bpy.types.Scene) -> bpy.types.Material:
    return annotation_of(scene).view_layers[0].material_override


def _exists(scene: bpy.types.Scene, obj: bpy.types.Object | None) -> bool:
    return obj is not None and obj.name in scene.objects


def _description(scene: bpy.types.Scene) -> InspectionScene:
    return description_of(scene.stainless)


def _exchange(scene: bpy.types.Scene, old: bpy.types.Object | None, make: Callable[[], bpy.types.Object]) -> None:
    """Replace an object's data and place by those of the object that `make` builds; skip a deleted object."""
    if old is None or not _exists(scene, old):
        return
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        new = make()
    previous, name = old.data, old.data.name
    materials = list(previous.materials) if hasattr(previous, "materials") else []
    old.data = new.data
    old.location, old.rotation_euler = new.location, new.rotation_euler
    bpy.data.objects.remove(new)
    if previous.users == 0:
        bpy.data.batch_remove([previous])
        old.data.name = name
    _remove_unused(materials)


def _sheets(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    return [obj for obj in scene.objects if SHEET_KEY in obj]


def _exchange_sheets(scene: bpy.types.Scene, surface: InspectedSurface) -> None:
    """Build the blemishes that are objects anew, unless there are none."""
    old = [(obj, obj.data) for obj in _sheets(scene)]
    if not old and not any(surface.of_kind(kind) for kind, _, _ in kinds.sheets()):
        return
    materials = [material for _, mesh in old for material in mesh.materials]
    bpy.data.batch_remove([obj for obj, _ in old])
    bpy.data.batch_remove([mesh for _, mesh in old if mesh.users == 0])
    _remove_unused(materials)
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        new = sheet_objects(surface)
    for obj in new:
        annotation_of(scene).collection.objects.link(obj)


def _exchange_annotation(scene: bpy.types.Scene, plate: PlateParams, surface: InspectedSurface) -> None:
    layer = annotation_of(scene).view_layers[0]
    old = layer.material_override
    layer.material_override = annotation_material(plate, surface)
    if is_previewed(scene):
        show_mask(scene, True)
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
    """Return the materials that show the plate's stains: those of the plate, the annotation and its preview."""
    settings = scene.stainless
    plate = settings.plate_object
    materials = [slot.material for slot in plate.material_slots] if plate else []
    materials.append(_annotation_material(scene))
    materials += [layer.material_override for layer in scene.view_layers]
    return [material for material in materials if material]


def _set_stain(material: bpy.types.Material, stain: WaterStainParams) -> None:
    for node in material.node_tree.nodes:
        if node.type == "GROUP" and node.node_tree and node.node_tree.name.startswith(GROUP_NAME):
            set_group_inputs(node, stain)
