"""Node groups kept from one sample to the next: they are the same for every plate, and took most of a scene's building.

They lie in a file of this process's own, so that a sample starts from Blender's factory settings and them only.
"""

from pathlib import Path

import bpy

from blender_addon.nodes.group_interface import VERSION_KEY

FILE = "stainless_groups.blend"


class KeptGroups:
    """The add-on's groups in a file in `folder`, which is this process's own and may be deleted afterwards."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE
        self._names: set[str] = set()

    def empty_scene(self) -> None:
        """Load Blender's factory settings without any object, and the groups kept so far."""
        bpy.ops.wm.read_factory_settings(use_empty=True)
        if self._names:
            with bpy.data.libraries.load(str(self._file), link=False) as (there, wanted):
                wanted.node_groups = there.node_groups

    def keep(self) -> None:
        """Keep the groups that were built since `empty_scene`, too."""
        groups = {group for group in bpy.data.node_groups if _is_every_plates(group)}
        names = {group.name for group in groups}
        if not names <= self._names:
            bpy.data.libraries.write(str(self._file), groups, fake_user=True)
            self._names = names


def _is_every_plates(group: bpy.types.NodeTree) -> bool:
    """Whether a group depends on no plate, and holds no OSL, which is compiled for a scene."""
    return VERSION_KEY in group and not any(node.bl_idname == "ShaderNodeScript" for node in group.nodes)
