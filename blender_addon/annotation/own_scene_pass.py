"""Annotation pass of an artist's own scene.

It is a separate scene with copies of the objects, whose materials emit the class and instance of their stains. The
artist's data are not changed. Red is the class, green the stain's number and blue the object's number, because two
objects may have stains with the same number. Unstained surfaces are background. Surfaces seen through glass count as
glass.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import bpy

from ..definitions.classes import WATER_STAIN
from ..nodes.object_seed import KEY, fix_random, object_random, random_of_id
from ..nodes.shader_graph import Value, combine
from ..own_objects.stain_layer import STAIN, is_stained, layer_nodes, stain_number
from .plate_pass import exact_pass

SURFACES = {"MESH", "CURVE", "SURFACE", "FONT", "CURVES", "POINTCLOUD"}
RENDERED_ALIKE = (  # render settings that affect the position of objects in the picture
    *("pixel_aspect_x", "pixel_aspect_y"),
    *("use_border", "use_crop_to_border", "border_min_x", "border_min_y", "border_max_x", "border_max_y"),
    *("use_simplify", "simplify_subdivision", "simplify_subdivision_render"),
)


@contextmanager
def own_scene_annotation(scene: bpy.types.Scene, graph: bpy.types.Depsgraph) -> Iterator[bpy.types.Scene]:
    """Return the annotation scene of a scene; the end of the `with` block removes it and all its copies.

    `graph` is the scene's evaluated dependency graph. Raises ValueError with a message if the scene has no camera or
    no stains, or if it shows stains in a way that cannot be annotated.
    """
    if scene.camera is None:
        raise ValueError(f"Scene {scene.name!r} has no camera; add one (Add > Camera) and look through it")
    objects = list(rendered_objects(graph.view_layer.layer_collection))
    _refuse(objects, graph)
    copies = _Copies()
    try:
        copies.fill(copies.twin.collection, objects)
        if not copies.stained:
            raise ValueError(
                f"Nothing that scene {scene.name!r} renders has stains; select objects and click Add Stains"
            )
        copies.look_through(scene.camera)
        copies.keep_random(graph)
        exact_pass(copies.twin, scene)
        for name in RENDERED_ALIKE:
            setattr(copies.twin.render, name, getattr(scene.render, name))
        copies.twin.frame_float = scene.frame_float
        yield copies.twin
    finally:
        copies.remove()


def rendered_objects(layer: bpy.types.LayerCollection) -> Iterator[bpy.types.Object]:
    """Yield the objects that a view layer renders, each once."""
    seen = set()
    for obj in _rendered_in(layer):
        if obj not in seen:
            seen.add(obj)
            yield obj


def _rendered_in(layer: bpy.types.LayerCollection) -> Iterator[bpy.types.Object]:
    if layer.exclude or layer.collection.hide_render:
        return
    yield from (obj for obj in layer.collection.objects if not obj.hide_render)
    for child in layer.children:
        yield from _rendered_in(child)


def _rendered_members(collection: bpy.types.Collection) -> Iterator[bpy.types.Object]:
    """Yield the objects that an instance of a collection renders."""
    if not collection.hide_render:
        yield from (obj for obj in collection.objects if not obj.hide_render)
        for child in collection.children:
            yield from _rendered_members(child)


def _refuse(objects: Iterable[bpy.types.Object], graph: bpy.types.Depsgraph) -> None:
    """Raise ValueError for stains that copies of the objects would not show."""
    for obj in objects:
        if obj.type == "META":
            raise ValueError(f"{obj.name!r} is made of metaballs, which have no masks; convert it to a mesh first")
    for instance in graph.object_instances:
        shown = instance.object
        instancer = instance.parent.original if instance.is_instance else None
        if instancer is not None and instancer.instance_type != "COLLECTION" and _shows_stains(shown):
            raise ValueError(
                f"{instancer.name!r} shows instances of {shown.original.name!r}, whose stains have no masks; make them "
                "real first (Object > Apply > Make Instances Real)"
            )
        slots = {slot.material for slot in shown.original.material_slots}
        for material in getattr(shown.data, "materials", None) or ():
            if material is not None and material.original not in slots and is_stained(material.original):
                raise ValueError(
                    f"a modifier gives {shown.original.name!r} the material {material.name!r}, whose stains have no "
                    "masks; apply it, or put the material into a slot"
                )


def _place(
    instance: bpy.types.DepsgraphObjectInstance, originals: dict[bpy.types.Object, bpy.types.Object] | None = None
) -> tuple[bpy.types.Object, tuple[float, ...]]:
    """Return the object that an instance shows, or its original, and the place where it shows it."""
    shown = instance.object.original
    numbers = tuple(round(number, 5) for row in instance.matrix_world for number in row)
    return originals.get(shown, shown) if originals else shown, numbers


def _shows_stains(obj: bpy.types.Object) -> bool:
    return any(slot.material and is_stained(slot.material.original) for slot in obj.material_slots)


class _Copies:
    """The annotation scene and the data-blocks created for it."""

    def __init__(self) -> None:
        self.twin = bpy.data.scenes.new("Annotation")
        self.stained = 0
        self._number = 0
        self._materials: dict[bpy.types.Material, bpy.types.Material] = {}
        self._made: list[bpy.types.ID] = [self.twin]
        self._originals: dict[bpy.types.Object, bpy.types.Object] = {}  # of each copy

    def fill(self, target: bpy.types.Collection, objects: Iterable[bpy.types.Object]) -> None:
        """Link copies of objects to a collection; collections shown by instances are copied, too."""
        for obj in objects:
            if obj.type == "EMPTY" and obj.instance_type == "COLLECTION" and obj.instance_collection:
                copy = self._keep(obj.copy())
                inner = self._keep(bpy.data.collections.new(obj.instance_collection.name))
                inner.instance_offset = obj.instance_collection.instance_offset
                self.fill(inner, dict.fromkeys(_rendered_members(obj.instance_collection)))
                copy.instance_collection = inner
                target.objects.link(copy)
            elif obj.type in SURFACES:
                target.objects.link(self._annotated(obj))

    def look_through(self, camera: bpy.types.Object) -> None:
        """Set a copy of the camera, without depth of field, as the annotation scene's camera."""
        copy = self._keep(camera.copy())
        copy.data = self._keep(camera.data.copy())
        copy.data.dof.use_dof = False
        self.twin.collection.objects.link(copy)
        self.twin.camera = copy

    def keep_random(self, graph: bpy.types.Depsgraph) -> None:
        """Give every copy the random number of what it copies, which would follow its own name otherwise.

        An instance is known by its object and its place.
        """
        for copy, original in self._originals.items():
            fix_random(copy, object_random(original))
        numbers = {_place(each): each.random_id for each in graph.object_instances if each.is_instance}
        if not numbers:
            return
        layer = self.twin.view_layers[0]
        layer.update()
        instances = (each for each in layer.depsgraph.object_instances if each.is_instance)
        places = {each.object.original: _place(each, self._originals) for each in instances}
        for copy, place in places.items():
            original = self._originals[copy]
            if place in numbers and KEY not in original:
                fix_random(copy, random_of_id(numbers[place]))

    def remove(self) -> None:
        """Remove all data-blocks created for the annotation scene."""
        bpy.data.batch_remove(self._made)

    def _annotated(self, obj: bpy.types.Object) -> bpy.types.Object:
        copy = self._keep(obj.copy())
        self._originals[copy] = obj
        self._number += 1
        copy.pass_index = self._number
        for slot, before in zip(copy.material_slots, obj.material_slots, strict=True):
            slot.link = "OBJECT"
            slot.material = self._annotation_of(before.material)
        return copy

    def _annotation_of(self, material: bpy.types.Material | None) -> bpy.types.Material | None:
        """Return the annotation material of a material; None, which is black, for a material without nodes."""
        if material is None or material.node_tree is None:
            return None
        if is_stained(material):
            self.stained += 1
        if material not in self._materials:
            self._materials[material] = self._keep(_annotation_material(material))
        return self._materials[material]

    def _keep(self, made: bpy.types.ID) -> bpy.types.ID:
        self._made.append(made)
        return made


def _annotation_material(material: bpy.types.Material) -> bpy.types.Material:
    """Return a copy that keeps its displacement and has the emission (class, stain, object) as its surface."""
    copy = material.copy()
    tree = copy.node_tree
    emission = tree.nodes.new("ShaderNodeEmission")
    emission.inputs["Strength"].default_value = 1.0
    emission.inputs["Color"].default_value = (0.0, 0.0, 0.0, 1.0)
    for stain in layer_nodes(tree, STAIN)[:1]:
        inside = Value(tree, stain.outputs["Mask"])
        number = Value(tree, tree.nodes.new("ShaderNodeObjectInfo").outputs["Object Index"])
        stain_id = inside * Value(tree, stain_number(tree))
        colour = combine(tree, inside * float(WATER_STAIN.id), stain_id, inside * number)
        tree.links.new(colour, emission.inputs["Color"])
    for output in [node for node in tree.nodes if node.bl_idname == "ShaderNodeOutputMaterial"]:
        for link in list(output.inputs["Volume"].links):
            tree.links.remove(link)
        tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])
    return copy
