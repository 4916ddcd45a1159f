"""The things that one by one shape or soil the metal, each with a node group: bumps, dents, fingerprints, scratches."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator

import bpy

from ..blemishes.bump import bump_bounds, bump_group
from ..blemishes.dent import dent_bounds, dent_group
from ..blemishes.fingerprint import fingerprint_bounds, fingerprint_group
from ..blemishes.scratch import scratch_bounds, scratch_group
from ..definitions.classes import BUMP, DENT, FINGERPRINT, SCRATCH
from ..nodes.group_interface import set_group_inputs
from ..nodes.shader_graph import group_node
from .surface import InspectedSurface, Thing


@dataclasses.dataclass(frozen=True)
class Feature:
    """A kind of thing: its class id, its field in InspectedSurface, its node group and its bounds on the plate."""

    class_id: int
    field: str
    group: Callable[[], bpy.types.ShaderNodeTree]
    bounds: Callable[..., tuple[float, float, float, float]]


# In the order of precedence that InspectedSurface states, the last one wins.
FEATURES = (
    Feature(FINGERPRINT, "fingerprints", fingerprint_group, fingerprint_bounds),
    Feature(BUMP, "bumps", bump_group, bump_bounds),
    Feature(SCRATCH, "scratches", scratch_group, scratch_bounds),
    Feature(DENT, "dents", dent_group, dent_bounds),
)


def feature_nodes(
    tree: bpy.types.NodeTree, position: bpy.types.NodeSocket, surface: InspectedSurface
) -> Iterator[tuple[int, int, bpy.types.ShaderNodeGroup]]:
    """Add a group node for everything on the surface; yield (class id, key, node), the last of which wins."""
    for feature in FEATURES:
        for key, params in enumerate(getattr(surface, feature.field), start=1):
            group = feature.group()
            node = group_node(tree, group, f"{group.name} {key}")
            tree.links.new(position, node.inputs["Position"])
            set_group_inputs(node, params)
            yield feature.class_id, key, node


def without_features(surface: InspectedSurface) -> InspectedSurface:
    """Return the bare surface, its metal and water stains only."""
    return dataclasses.replace(surface, **{feature.field: () for feature in FEATURES})


def features_within(
    surface: InspectedSurface, tile: tuple[float, float, float, float], padding: float
) -> dict[str, tuple[Thing, ...]]:
    """Return, by field, what reaches into a tile (x_min, x_max, y_min, y_max [m]) or `padding` metres near it."""
    x0, x1, y0, y1 = tile
    within = {}
    for feature in FEATURES:
        things = []
        for params in getattr(surface, feature.field):
            a, b, c, d = feature.bounds(params)
            if a - padding <= x1 and b + padding >= x0 and c - padding <= y1 and d + padding >= y0:
                things.append(params)
        within[feature.field] = tuple(things)
    return within
