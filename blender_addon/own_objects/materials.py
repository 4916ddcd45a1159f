"""The materials of an artist's objects: adding stains to them, and removing the stains again.

Objects without a suitable material get a new one. `stainless.origin` on the material records the change of the slots,
so that it can be reversed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import bpy

from .stain_layer import add_layer, is_stained, remove_layer

OWN = "own"  # the artist's material with a layer of stains
COPY = "copy"  # a copy, with nodes, of a material without nodes
ADDED = "added"  # a new material in a new slot
FILLED = "filled"  # a new material in an empty slot


@dataclass(frozen=True)
class Refusal:
    """The reason why an object or a material was not stained."""

    reason: str


def stain_object(obj: bpy.types.Object) -> Iterator[bpy.types.Material | Refusal]:
    """Add a layer of stains to every material of an object; yield each material, or the reason why it has none."""
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
    """Remove the stains from every material of an object and restore its slots; yield the remaining materials."""
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
    """Return whether the material is made of nodes; from Blender 5.0 it always is."""
    return bpy.app.version >= (5, 0, 0) or material.use_nodes


def _new_material(obj: bpy.types.Object, origin: str) -> bpy.types.Material:
    material = bpy.data.materials.new(f"{obj.name} Surface")
    if not _uses_nodes(material):
        material.use_nodes = True
    material.stainless.origin = origin
    return material


def _copy_with_nodes(material: bpy.types.Material) -> bpy.types.Material:
    """Return a copy that looks the same and is made of nodes; all objects share one copy."""
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
