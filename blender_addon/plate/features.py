"""Node groups of the blemishes in a plate's surface, and which of them reach a part of the plate."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

import bpy

from ..blemishes import kinds
from ..blemishes.kinds import Bounds
from ..nodes.group_interface import set_group_inputs
from ..nodes.shader_graph import group_node
from .relief_scripts import relief_outputs
from .surface import InspectedSurface


def feature_nodes(
    tree: bpy.types.NodeTree,
    position: bpy.types.NodeSocket,
    surface: InspectedSurface,
    scripts: Mapping[str, bpy.types.ShaderNodeTree] | None = None,
    near: Collection[Any] | None = None,
) -> Iterator[tuple[int, int, bpy.types.ShaderNodeGroup]]:
    """Add a group node for each relief of the surface; yield (class id, key, node) in ascending precedence.

    With `scripts` (see `relief_scripts`), one node is added for each kind that has reliefs; its key is 0. Without them,
    only reliefs among `near` get a node, and every one keeps its key; None: all do.
    """
    if scripts is not None:
        for kind, _ in kinds.reliefs():
            if surface.of_kind(kind):
                node = group_node(tree, scripts[kind.name], kind.plural)
                tree.links.new(position, node.inputs["Position"])
                yield kind.label.id, 0, node
        return
    for kind, relief in kinds.reliefs():
        for key, params in enumerate(surface.of_kind(kind), start=1):
            if near is not None and params not in near:
                continue
            group = relief.group()
            node = group_node(tree, group, f"{group.name} {key}")
            tree.links.new(position, node.inputs["Position"])
            set_group_inputs(node, params)
            yield kind.label.id, key, node


def without_reliefs(surface: InspectedSurface) -> InspectedSurface:
    """Return the surface without the blemishes that need node groups."""
    covered = {kind.params for kind, _ in kinds.reliefs()}
    return surface.with_blemishes(tuple(params for params in surface.blemishes if type(params) not in covered))


def raised(surface: InspectedSurface) -> tuple[Any, ...]:
    """Return the reliefs of the surface that have a height, for which a material needs a Bump node."""
    kinds_with_height = [kind for kind, relief in kinds.reliefs() if "Height" in relief_outputs(relief)]
    return tuple(params for kind in kinds_with_height for params in surface.of_kind(kind))


def with_reliefs_near(
    surface: InspectedSurface, everything: InspectedSurface, tile: Bounds, padding: float
) -> InspectedSurface:
    """Return `surface` with those reliefs of `everything` that come within `padding` metres of a tile."""
    x0, x1, y0, y1 = tile
    near = []
    for kind, relief in kinds.reliefs():
        for params in everything.of_kind(kind):
            a, b, c, d = relief.bounds(params)
            if a - padding <= x1 and b + padding >= x0 and c - padding <= y1 and d + padding >= y0:
                near.append(params)
    return surface.with_blemishes((*surface.blemishes, *near))
