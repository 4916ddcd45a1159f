"""Migration of settings and node groups in files that an older add-on saved."""

import bpy

from ..nodes.group_interface import VERSION_KEY
from ..own_objects.stain_layer import STAIN, add_layer, is_stained, layer_nodes, remove_layer
from ..water_stain.group import GROUP_NAME, GROUP_VERSION
from .changes import apply_owner
from .groups import VERSION
from .live_scene import annotation_of
from .target import is_inspection


def migrate_file() -> list[str]:
    """Migrate all settings of the open file; return a message for each that could not be migrated."""
    problems = []
    for owner in [*bpy.data.scenes, *bpy.data.materials]:
        if owner.library is None and owner.stainless.version:
            problems += _migrate(owner)
    return problems


def _migrate(owner: bpy.types.Scene | bpy.types.Material) -> list[str]:
    settings = owner.stainless
    if settings.version > VERSION:
        return [f"{owner.name!r} was made with a newer Stainless; update the extension before changing it"]
    if settings.version == VERSION and not _has_old_group(owner):
        return []
    try:
        if isinstance(owner, bpy.types.Material) and is_stained(owner):
            remove_layer(owner)
            add_layer(owner)
        apply_owner(owner)
    except ValueError as error:
        return [f"{owner.name!r}: {error}"]
    settings.version = VERSION
    return []


def _has_old_group(owner: bpy.types.Scene | bpy.types.Material) -> bool:
    if isinstance(owner, bpy.types.Material):
        nodes = layer_nodes(owner.node_tree, STAIN)
    elif is_inspection(owner):
        nodes = annotation_of(owner).view_layers[0].material_override.node_tree.nodes
    else:
        return False
    groups = [node.node_tree for node in nodes if node.type == "GROUP" and node.node_tree]
    return any(tree.name.startswith(GROUP_NAME) and tree.get(VERSION_KEY) != GROUP_VERSION for tree in groups)
