"""Which materials stains go onto when an artist selects objects, and how objects without any come to one.

What was done to an object's slots is remembered on the material (`stainless.origin`), so that it can be undone.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import bpy

from .stain_layer import add_layer, is_stained, remove_layer

OWN = "own"  # the artist's material, with our nodes in it
COPY = "copy"  # a copy, with nodes, of a material without
ADDED = "added"  # a new material in a slot that we added
FILLED = "filled"  # a new material in a slot that was empty


@dataclass(frozen=True)
class Refusal:
    """Why something was not stained."""

    reason: str


def stain_object(obj: bpy.types.Object) -> Iterator[bpy.types.Material | Refusal]:
    """Put a layer of stains on every material of an object; yield each material, or why it has none."""
    refusal = _refusal(obj)
    if refusal:
        yield Refusal(refusal)
        return
    if not obj.material_slots:
        obj.data.materials.append(_new_material(obj, ADDED))
    for slot in obj.material_slots:
        if slot.material is None:
            slot.material = _new_material(obj, FILLED)
        material = slot.material
        if material.library or material.override_library:
            yield Refusal(
                f"material {material.name!r} is linked from {_file(material)}; make it local to stain it "
                "(Object > Relations > Make Local)"
            )
            continue
        if is_stained(material):
            yield material
            continue
        if not _uses_nodes(material):
            material = slot.material = _copy_with_nodes(material)
        try:
            if not is_stained(material):
                add_layer(material)
        except ValueError as error:
            yield Refusal(str(error))
            continue
        yield material


def clean_object(obj: bpy.types.Object) -> Iterator[bpy.types.Material]:
    """Take the stains off every material of an object and give its slots back what they had; yield what is left."""
    added = False
    for slot in obj.material_slots:
        material = slot.material
        if material is None or material.library or not is_stained(material):
            continue
        settings = material.stainless
        if settings.origin == COPY:
            slot.material = settings.original
            yield slot.material
        elif settings.origin in (ADDED, FILLED):
            added = added or settings.origin == ADDED
            slot.material = None
        else:
            remove_layer(material)
            yield material
            continue
        if material.users == 0:
            bpy.data.materials.remove(material)
    if added and not any(slot.material for slot in obj.material_slots):
        obj.data.materials.clear()


def _refusal(obj: bpy.types.Object) -> str | None:
    if obj.type == "EMPTY" and obj.instance_collection:
        return (
            f"{obj.name!r} shows instances of collection {obj.instance_collection.name!r}; select its objects instead"
        )
    if not hasattr(obj.data, "materials"):
        return f"{obj.name!r} ({obj.type.lower()}) has no surface"
    if not obj.material_slots and obj.data.library:
        return (
            f"{obj.name!r} is linked from {_file(obj.data)} and has no material; make it local to stain it "
            "(Object > Relations > Make Local)"
        )
    return None


def _file(data: bpy.types.ID) -> str:
    library = data.library or (data.override_library.reference.library if data.override_library else None)
    return bpy.path.basename(library.filepath) if library else "another file"


def _uses_nodes(material: bpy.types.Material) -> bool:
    """Whether nodes make the material; from Blender 5.0 they always do."""
    return bpy.app.version >= (5, 0, 0) or material.use_nodes


def _new_material(obj: bpy.types.Object, origin: str) -> bpy.types.Material:
    material = bpy.data.materials.new(f"{obj.name} Surface")
    if not _uses_nodes(material):
        material.use_nodes = True
    material.stainless.origin = origin
    return material


def _copy_with_nodes(material: bpy.types.Material) -> bpy.types.Material:
    """Return a copy that looks the same, made of nodes; the original stays as it is. One copy serves all objects."""
    for other in bpy.data.materials:
        if other.stainless.origin == COPY and other.stainless.original == material and is_stained(other):
            return other
    copy = material.copy()
    copy.name = f"{material.name} Stained"
    copy.use_nodes = True
    shader = next(node for node in copy.node_tree.nodes if node.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = material.diffuse_color
    shader.inputs["Metallic"].default_value = material.metallic
    shader.inputs["Roughness"].default_value = material.roughness
    copy.stainless.origin = COPY
    copy.stainless.original = material
    return copy
