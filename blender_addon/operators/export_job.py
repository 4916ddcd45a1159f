"""Operator: the settings as a job description for headless rendering."""

from pathlib import Path

import bpy
from bpy_extras.io_utils import ExportHelper

from ..pictures.whole_file import write_whole
from ..settings.job import dataset_job, job_text, picture_job
from ..settings.target import is_inspection


class STAINLESS_OT_export_job(bpy.types.Operator, ExportHelper):
    """Write the settings as a job description, which any Blender renders without a window"""

    bl_idname = "stainless.export_job"
    bl_label = "Export Job"
    bl_options = {"REGISTER"}

    filename_ext = ".json"
    filter_glob: bpy.props.StringProperty(default="*.json", options={"HIDDEN"})
    content: bpy.props.EnumProperty(
        name="Renders",
        description="What the job renders",
        items=[
            ("PICTURE", "This Picture", "Exactly what the scene shows: nothing is drawn at random"),
            ("DATASET", "Dataset", "The plates of the Dataset panel, stains drawn from the ranges, each plate its own"),
        ],
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be an inspection scene."""
        return is_inspection(context.scene)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Describe, write."""
        settings = context.scene.stainless
        try:
            job = picture_job(settings) if self.content == "PICTURE" else dataset_job(settings)
            write_whole(Path(self.filepath), job_text(job).encode())
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Job written to {self.filepath}")
        return {"FINISHED"}
