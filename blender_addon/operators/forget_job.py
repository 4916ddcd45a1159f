"""Operator: drop what is kept of an imported job."""

import bpy

from ..settings.job import forget_job, kept_of
from ..settings.target import is_inspection


class STAINLESS_OT_forget_job(bpy.types.Operator):
    """Drop the listed parts of the imported job, so that Export Job writes only what the panels show"""

    bl_idname = "stainless.forget_job"
    bl_label = "Drop the Rest of the Job"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether something is kept."""
        return is_inspection(context.scene) and bool(kept_of(context.scene.stainless))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Drop it."""
        forget_job(context.scene.stainless)
        return {"FINISHED"}
