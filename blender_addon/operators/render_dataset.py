"""Operator: render the dataset of the scene in a Blender of its own, beside the window."""

from pathlib import Path

import bpy

from ..dataset_process import current
from ..dataset_process.runner import MISSING, runner_script
from ..pictures.whole_file import write_whole
from ..settings.dataset_folder import dataset_folder
from ..settings.job import dataset_job, job_text
from ..settings.target import is_inspection


class STAINLESS_OT_render_dataset(bpy.types.Operator):
    """Render all plates of the dataset in a second Blender without a window, while you go on working in this one"""

    bl_idname = "stainless.render_dataset"
    bl_label = "Render Dataset"
    bl_options = {"REGISTER"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether there is an inspection scene, a job runner, and no dataset being rendered."""
        if runner_script() is None:
            cls.poll_message_set(MISSING)
            return False
        if current.is_running():
            cls.poll_message_set("A dataset is being rendered; wait for it or stop it")
            return False
        return is_inspection(context.scene)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write the job beside its dataset folder and start it; without a window, wait until it has ended."""
        settings = context.scene.stainless
        try:
            job = dataset_job(settings)
            dataset = dataset_folder(settings) / _folder_name(settings.dataset.name)
            path = dataset.with_name(f"{dataset.name}.json")
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, job_text(job).encode())
            process = current.start(path, dataset)
        except (ValueError, OSError, RuntimeError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not bpy.app.background:
            current.watch()
            return {"FINISHED"}
        progress = process.wait()
        self.report({"INFO" if progress.complete else "ERROR"}, f"{progress.message} ({dataset})")
        return {"FINISHED" if progress.complete else "CANCELLED"}


def _folder_name(name: str) -> Path:
    """Return a dataset's name as one folder. Raises ValueError if it is no folder's name."""
    if not name or name in {".", ".."} or any(mark in name for mark in '/\\:*?"<>|'):
        raise ValueError(f'dataset: the name {name!r} cannot be a folder; leave out / \\ : * ? " < > |')
    return Path(name)
