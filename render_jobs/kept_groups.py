"""Node groups kept from one sample to the next, because building them took most of a scene's build time.

They are the same for every plate. They are stored in a file of this process, so that a sample starts from Blender's
factory settings and these groups only.
"""

from pathlib import Path

import bpy

from blender_addon.nodes.group_interface import VERSION_KEY

FILE = "stainless_groups.blend"


class KeptGroups:
    """The add-on's groups in a file in `folder`, which only this process uses and which may be deleted afterwards."""

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
        """Add the groups that were built since `empty_scene` to the file."""
        groups = {group for group in bpy.data.node_groups if _is_independent(group)}
        names = {group.name for group in groups}
        if not names <= self._names:
            bpy.data.libraries.write(str(self._file), groups, fake_user=True)
            self._names = names


def _is_independent(group: bpy.types.NodeTree) -> bool:
    """Return whether a group is the same for every plate; its OSL scripts are stored as compiled."""
    return VERSION_KEY in group
