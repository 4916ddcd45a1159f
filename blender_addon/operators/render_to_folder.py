"""Operator: picture and masks as files."""

from pathlib import Path

import bpy

from ..job_description import job_text, picture_job
from ..live_scene import annotation_of, set_up_cycles, show_mask
from ..mask_preview import is_previewed
from ..scene_pictures import write_pictures
from ..stain_target import is_inspection
from ..whole_file import write_whole


class STAINLESS_OT_render_to_folder(bpy.types.Operator):
    """Render the picture, its class mask and its instances into the dataset folder, under the next free number"""

    bl_idname = "stainless.render_to_folder"
    bl_label = "Render Picture and Masks"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be an inspection scene."""
        return is_inspection(context.scene)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Render as the settings say, whatever the viewport shows."""
        scene = context.scene
        settings = scene.stainless
        folder = settings.dataset.folder
        if folder.startswith("//") and not bpy.data.filepath:
            self.report({"ERROR"}, "Save the file first, or choose a folder that does not start with //")
            return {"CANCELLED"}
        preview = is_previewed(scene)
        try:
            if preview:
                show_mask(scene, False)
            set_up_cycles(scene)
            image = write_pictures(scene, annotation_of(scene), Path(bpy.path.abspath(folder)))
            job = image.parent.parent / "jobs" / f"{image.stem}.json"
            job.parent.mkdir(exist_ok=True)
            write_whole(job, job_text(picture_job(settings)).encode())
        except (ValueError, RuntimeError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            if preview:
                show_mask(scene, True)
        self.report({"INFO"}, f"Rendered {image} and its masks")
        return {"FINISHED"}
