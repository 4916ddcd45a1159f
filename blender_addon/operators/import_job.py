"""Operator: read settings from a job file."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ImportHelper

from ..job.job_error import JobError
from ..settings.changes import one_change
from ..settings.job import kept_of, read_job_file, take_job
from ..settings.target import is_inspection


class STAINLESS_OT_import_job(bpy.types.Operator, ImportHelper):
    """Set the scene from a job file; of every range, the scene takes the middle"""

    bl_idname = "stainless.import_job"
    bl_label = "Import Job"
    bl_options = {"REGISTER", "UNDO"}

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the scene is an inspection scene."""
        return is_inspection(context.scene)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read and validate the file, set everything, then apply once."""
        try:
            document = read_job_file(Path(self.filepath))
            with one_change(context.scene):
                take_job(context.scene.stainless, document)
        except (JobError, ValueError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if kept := kept_of(context.scene.stainless):
            self.report({"INFO"}, f"Also in this job, and kept for its export: {'; '.join(kept)}")
        return {"FINISHED"}
