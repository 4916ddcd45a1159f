"""Operator: settings from a job description."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ..settings.changes import one_change
from ..settings.job import read_job_text, take_job
from ..settings.target import is_inspection


class STAINLESS_OT_import_job(bpy.types.Operator, ImportHelper):
    """Set the scene as a job description says; of what the job draws at random it takes the middle"""

    bl_idname = "stainless.import_job"
    bl_label = "Import Job"
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be an inspection scene."""
        return is_inspection(context.scene)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read, check, set, apply once."""
        try:
            job = read_job_text(Path(self.filepath).read_text(encoding="utf-8"))
            with one_change(context.scene):
                take_job(context.scene.stainless, job)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, f"{bpy.path.basename(self.filepath)}: {error}")
            return {"CANCELLED"}
        return {"FINISHED"}
