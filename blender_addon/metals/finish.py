"""What every finish of a metal surface gives to its material."""

from dataclasses import dataclass
from typing import Protocol

import bpy

from ..nodes.shader_graph import Value, combine, noise

BUNDLES = (10.0, 600.0)  # 1/m along and across: streaks of alike roughness
SECOND_NOISE = 37.7  # noise units: the roughness reads another part of the noise than the grooves' sway


@dataclass(frozen=True)
class Finish:
    """Sockets and numbers of a bare metal: the slope of its grooves along `across`, its height [m], its roughness,
    reflectance and anisotropy [0, 1], and `across`, the world-space unit vector across its grooves, in which its
    anisotropic microfacets smear reflections.
    """

    slope: Value | None
    height: Value | None
    roughness: Value
    reflectance: float
    anisotropy: float
    across: bpy.types.NodeSocket


class StreakedParams(Protocol):
    """What streaks of roughness need."""

    roughness: float
    roughness_variation: float
    texture_offset: float


def roughness_bundles(tree: bpy.types.NodeTree, along: Value, across: Value, params: StreakedParams) -> Value:
    """Return a roughness that varies in streaks along the grooves, before cutting it to 0..1."""
    place = combine(tree, along * BUNDLES[0], across * BUNDLES[1], params.texture_offset + SECOND_NOISE)
    return noise(tree, place, detail=3.0) * params.roughness_variation + params.roughness


def constant_direction(tree: bpy.types.NodeTree, direction: tuple[float, float, float]) -> bpy.types.NodeSocket:
    """Return a direction of the plate as the world-space vector that Cycles expects for tangents."""
    node = _to_world(tree)
    node.inputs["Vector"].default_value = direction
    return node.outputs["Vector"]


def direction(tree: bpy.types.NodeTree, vector: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """Return a direction that varies over the plate in world space."""
    node = _to_world(tree)
    tree.links.new(vector, node.inputs["Vector"])
    return node.outputs["Vector"]


def _to_world(tree: bpy.types.NodeTree) -> bpy.types.ShaderNode:
    node = tree.nodes.new("ShaderNodeVectorTransform")
    node.vector_type = "VECTOR"
    node.convert_from, node.convert_to = "OBJECT", "WORLD"
    return node
