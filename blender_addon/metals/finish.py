"""The common result of all metal finishes, and parts that several of them use."""

from dataclasses import dataclass
from typing import Protocol

import bpy

from ..nodes.shader_graph import Value, combine, noise

BUNDLES = (10.0, 600.0)  # 1/m along and across; frequencies of streaks with similar roughness
SECOND_NOISE = 37.7  # noise units; the roughness uses another part of the noise than the grooves' sway


@dataclass(frozen=True)
class Finish:
    """Sockets and numbers of a bare metal.

    `slope` is the slope of its grooves along `across`, `height` is in metres, and `roughness`, `reflectance` and
    `anisotropy` are in [0, 1]. `across` is the world-space unit vector across the grooves, the direction in which
    anisotropic microfacets smear reflections.
    """

    slope: Value | None
    height: Value | None
    roughness: Value
    reflectance: float
    anisotropy: float
    across: bpy.types.NodeSocket


class StreakedParams(Protocol):
    """Parameters of streaks of roughness."""

    @property
    def roughness(self) -> float:
        """Mean microfacet roughness."""

    @property
    def roughness_variation(self) -> float:
        """Deviation of the streaks from the mean roughness."""

    @property
    def texture_offset(self) -> float:
        """Number of the plate."""


def roughness_bundles(tree: bpy.types.NodeTree, along: Value, across: Value, params: StreakedParams) -> Value:
    """Return a roughness that varies in streaks along the grooves; not clamped to 0..1."""
    place = combine(tree, along * BUNDLES[0], across * BUNDLES[1], params.texture_offset + SECOND_NOISE)
    return noise(tree, place, detail=3.0) * params.roughness_variation + params.roughness


def constant_direction(tree: bpy.types.NodeTree, direction: tuple[float, float, float]) -> bpy.types.NodeSocket:
    """Return a constant direction of the plate in world space, as Cycles expects tangents."""
    node = _to_world(tree)
    node.inputs["Vector"].default_value = direction
    return node.outputs["Vector"]


def direction(tree: bpy.types.NodeTree, vector: bpy.types.NodeSocket) -> bpy.types.NodeSocket:
    """Return a varying direction of the plate in world space."""
    node = _to_world(tree)
    tree.links.new(vector, node.inputs["Vector"])
    return node.outputs["Vector"]


def _to_world(tree: bpy.types.NodeTree) -> bpy.types.ShaderNode:
    node = tree.nodes.new("ShaderNodeVectorTransform")
    node.vector_type = "VECTOR"
    node.convert_from, node.convert_to = "OBJECT", "WORLD"
    return node
