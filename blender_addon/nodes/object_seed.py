"""A seed of its own for every object that shows a material, from Blender's random number of the object.

Blender derives the number from the object's name, and for an instance of a collection from its place in the
collection, too. The custom property `KEY` replaces it: copies of an object for masks and bakes carry the number of the
original, and an artist can fix an object's stains with it.
"""

import bpy
import numpy as np

from .group_interface import VERSION_KEY, find_group
from .shader_graph import Value

GROUP_NAME = "Stainless Object Seed"
GROUP_VERSION = 1
SEED, VARY = "Seed Offset", "Differ by Object"
KEY = "stainless_random"  # the custom property, above 0 and at most 1
SEEDS = 1024  # seeds that objects can have
LEAST = 1e-9  # of the custom property, because 0 means that there is none
WORD = 0xFFFFFFFF


def object_seed_group() -> bpy.types.ShaderNodeTree:
    """Return the group: inputs Seed Offset and Differ by Object (0 or 1), output Seed Offset of the shown object."""
    existing = find_group(GROUP_NAME, GROUP_VERSION)
    if existing:
        return existing
    tree = bpy.data.node_groups.new(GROUP_NAME, "ShaderNodeTree")
    tree[VERSION_KEY] = GROUP_VERSION
    tree.interface.new_socket(SEED, in_out="OUTPUT", socket_type="NodeSocketFloat")
    for name in (SEED, VARY):
        tree.interface.new_socket(name, in_out="INPUT", socket_type="NodeSocketFloat")
    given = tree.nodes.new("NodeGroupInput").outputs
    fixed = tree.nodes.new("ShaderNodeAttribute")
    fixed.attribute_type, fixed.attribute_name = "OBJECT", KEY
    own = Value(tree, next(socket for socket in fixed.outputs if socket.name in {"Fac", "Factor"}))
    drawn = Value(tree, tree.nodes.new("ShaderNodeObjectInfo").outputs["Random"])
    is_fixed = own.math("GREATER_THAN", 0.0)
    random = own * is_fixed + drawn * (1.0 - is_fixed)
    seed = Value(tree, given[SEED]) + (random * float(SEEDS)).math("FLOOR") * Value(tree, given[VARY])
    tree.links.new(seed.socket, tree.nodes.new("NodeGroupOutput").inputs[SEED])
    return tree


def object_random(obj: bpy.types.Object) -> float:
    """Return the random number of an object that is no instance: its custom property, or else Blender's number."""
    fixed = obj.get(KEY)
    return float(fixed) if fixed else random_of_id(_hash_pair(_hash_name(obj.name), 0))


def random_of_id(number: int) -> float:
    """Return the random number, 0 to 1, of a 32-bit random id, as the Object Info node computes it."""
    return float(np.float32(number & WORD) * np.float32(1.0 / WORD))


def object_seed(obj: bpy.types.Object) -> int:
    """Return what the group adds to the seed of an object that is no instance."""
    return int(np.floor(np.float32(object_random(obj)) * np.float32(SEEDS)))


def fix_random(copy: bpy.types.Object, random: float) -> None:
    """Give a copy the random number of its original."""
    copy[KEY] = max(random, LEAST)


def _hash_name(name: str) -> int:
    """Return Blender's hash of a name."""
    value = 0
    for byte in name.encode():
        value = (value * 37 + byte) & WORD
    return value


def _hash_pair(x: int, y: int) -> int:
    """Return Blender's hash of two 32-bit numbers (Bob Jenkins, lookup3, final mix)."""
    a = b = c = (0xDEADBEEF + (2 << 2) + 13) & WORD
    a, b = (a + x) & WORD, (b + y) & WORD
    c = ((c ^ b) - _rotated(b, 14)) & WORD
    a = ((a ^ c) - _rotated(c, 11)) & WORD
    b = ((b ^ a) - _rotated(a, 25)) & WORD
    c = ((c ^ b) - _rotated(b, 16)) & WORD
    a = ((a ^ c) - _rotated(c, 4)) & WORD
    b = ((b ^ a) - _rotated(a, 14)) & WORD
    return ((c ^ b) - _rotated(b, 24)) & WORD


def _rotated(value: int, by: int) -> int:
    return ((value << by) | (value >> (32 - by))) & WORD
