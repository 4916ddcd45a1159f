"""Operator: write the settings to a job file for headless rendering."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ..job.job_error import JobError
from ..pictures.whole_file import write_whole
from ..settings.job import dataset_job, job_text, picture_job
from ..settings.target import is_inspection


class STAINLESS_OT_export_job(bpy.types.Operator, ExportHelper):
    """Write the settings to a job file, which any Blender can render without a window"""

    bl_idname = "stainless.export_job"
    bl_label = "Export Job"
    bl_options = {"REGISTER"}

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})
    content: bpy.props.EnumProperty(
        name="Renders",
        description="Contents of the job",
        items=[
            ("PICTURE", "This Picture", "Exactly the scene's picture, with nothing drawn at random"),
            ("DATASET", "Dataset", "The plates of the Dataset panel, each with stains drawn from the ranges"),
        ],
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the scene is an inspection scene."""
        return is_inspection(context.scene)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the job file."""
        settings = context.scene.stainless
        try:
            job = picture_job(settings) if self.content == "PICTURE" else dataset_job(settings)
            write_whole(Path(self.filepath), job_text(job).encode())
        except (JobError, ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Job written to {self.filepath}")
        return {"FINISHED"}
