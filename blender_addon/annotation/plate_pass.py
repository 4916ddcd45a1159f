"""Annotation pass of a plate: class and instance of every pixel centre, rendered by a scene of its own.

The scene shares the parts and the camera of the picture. Its view layer overrides all materials by an emission with
the class id in red and the instance key in green. The object index is 0 for the plate, and contains the kind and key of
a sheet such as a sticker. Cycles takes one sample without bounces through the centre of each pixel, so the float
picture holds exact integers without antialiasing.
"""

from collections.abc import Collection, Iterable
from typing import Any

import bpy
import numpy as np

from ..blemishes import kinds
from ..definitions.classes import BACKGROUND, IGNORE, WATER_STAIN
from ..nodes.shader_graph import Value, assign, combine, separate
from ..plate.features import feature_nodes
from ..plate.material import water_stain_node
from ..plate.mesh import PlateParams
from ..plate.surface import InspectedSurface
from ..water_stain.group import water_stain_group


def annotation_scene(
    scene: bpy.types.Scene, parts: Iterable[bpy.types.Object], plate: PlateParams, surface: InspectedSurface
) -> bpy.types.Scene:
    """Build the annotation scene of `scene` for the plate and its sheets.

    Rendered to a 32-bit OpenEXR, it is the input of `labels`.
    """
    twin = bpy.data.scenes.new("Annotation")
    for part in parts:
        twin.collection.objects.link(part)
    twin.collection.objects.link(scene.camera)
    twin.camera = scene.camera
    twin.view_layers[0].material_override = annotation_material(plate, surface)
    exact_pass(twin, scene)
    return twin


def exact_pass(twin: bpy.types.Scene, scene: bpy.types.Scene) -> None:
    """Set `twin` to render the picture size of `scene` as exact floats, with one sample through each pixel's centre."""
    twin.render.engine = "CYCLES"
    twin.render.resolution_x = scene.render.resolution_x
    twin.render.resolution_y = scene.render.resolution_y
    twin.render.resolution_percentage = scene.render.resolution_percentage
    twin.render.film_transparent = True
    twin.render.dither_intensity = 0.0
    twin.view_settings.view_transform = "Raw"
    twin.cycles.device = "CPU"
    twin.cycles.samples = 1
    twin.cycles.use_adaptive_sampling = False
    twin.cycles.use_denoising = False
    twin.cycles.max_bounces = 0
    twin.cycles.pixel_filter_type = "GAUSSIAN"
    twin.cycles.filter_width = 0.01  # the minimum, so that a sample counts for its own pixel only
    twin.render.image_settings.file_format = "OPEN_EXR"
    twin.render.image_settings.color_mode = "RGBA"
    twin.render.image_settings.color_depth = "32"
    twin.render.image_settings.exr_codec = "ZIP"


def annotation_material(
    plate: PlateParams, surface: InspectedSurface, near: Collection[Any] | None = None
) -> bpy.types.Material:
    """Build the emission (class id, instance key, 0), with the precedence of `blemishes.kinds`.

    With `near`, it is exact only where no other relief of the surface is.
    """
    material = bpy.data.materials.new("Annotation")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    position = tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]

    class_id: Value | float = float(BACKGROUND.id)
    key: Value | float = 0.0
    if surface.water_stain is not None:
        stain = water_stain_node(tree, position, surface.water_stain, water_stain_group())
        inside = Value(tree, stain.outputs["Mask"])
        class_id, key = inside * float(WATER_STAIN.id), inside * Value(tree, stain.outputs["Stain ID"])
    for label_id, number, node in feature_nodes(tree, position, surface, near=near):
        inside = Value(tree, node.outputs["Mask"])
        class_id, key = _where(inside, float(label_id), class_id), _where(inside, float(number), key)
    index = Value(tree, tree.nodes.new("ShaderNodeObjectInfo").outputs["Object Index"])
    for kind, _, first in kinds.sheets():
        on_sheet = index.math("GREATER_THAN", first + 0.5)
        sheet_key = index - float(first) if first else index
        class_id, key = _where(on_sheet, float(kind.label.id), class_id), _where(on_sheet, sheet_key, key)

    x, y, _ = separate(tree, position)
    inner = abs(x).at_most(plate.width / 2 - plate.border) * abs(y).at_most(plate.height / 2 - plate.border)
    class_id = _where(inner, class_id, float(IGNORE))
    emission = tree.nodes.new("ShaderNodeEmission")
    tree.links.new(combine(tree, class_id, inner * key, 0.0), emission.inputs["Color"])
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])
    assign(tree, emission.inputs["Strength"], 1.0)
    return material


def _where(switch: Value, here: Value | float, elsewhere: Value | float) -> Value:
    """Return exactly `here` if the switch is 1, exactly `elsewhere` if it is 0."""
    return switch * here + (1.0 - switch) * elsewhere


def labels(annotation: np.ndarray) -> tuple[np.ndarray, np.ndarray, list[tuple[int, int]]]:
    """Convert a rendered annotation into masks.

    `annotation` is float32 (H, W, 4), first row on top; its channels are class id, instance key, object number and
    alpha. Returns the class ids, uint8 (H, W), with 255 outside the part and on its border; the instance ids, uint16
    (H, W), counted from 1 in the order of (class, object, key), 0 outside; and the (class id, key) of every instance.
    Raises ValueError if a value is not an integer or if there are more than 65535 instances.
    """
    values = annotation[..., :3]
    if not np.array_equal(values, np.rint(values)):
        raise ValueError("the annotation pass holds fractions: its pixels were filtered or denoised")
    classes, keys, objects = np.moveaxis(values, -1, 0)
    mask = np.where(annotation[..., 3] > 0, classes, IGNORE).astype(np.uint8)
    labelled = (mask != BACKGROUND.id) & (mask != IGNORE)
    found, inverse = np.unique(
        np.stack([part[labelled].astype(np.int64) for part in (mask, objects, keys)], axis=1),
        axis=0,
        return_inverse=True,
    )
    if len(found) > np.iinfo(np.uint16).max:
        raise ValueError(f"{len(found)} instances in one picture; the maximum is 65535")
    instances = np.zeros(mask.shape, np.uint16)
    instances[labelled] = inverse.reshape(-1) + 1
    return mask, instances, [(int(class_id), int(key)) for class_id, _, key in found]
