"""Operator: stop the dataset that is rendered beside the window."""

import bpy

from ..dataset_process import current


class STAINLESS_OT_stop_dataset(bpy.types.Operator):
    """Stop rendering the dataset. Finished pictures stay, and Render Dataset goes on after them"""

    bl_idname = "stainless.stop_dataset"
    bl_label = "Stop"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Return whether a dataset is being rendered."""
        return current.is_running()

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """End the process."""
        current.stop()
        return {"FINISHED"}
