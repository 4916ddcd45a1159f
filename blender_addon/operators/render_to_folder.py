"""Operator: render picture and masks into files."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..annotation.own_scene_pass import own_scene_annotation
from ..annotation.preview import is_material_previewed, is_previewed, preview_material
from ..definitions.random_stream import NOISE_STREAM
from ..inspection.lens import Development, LensParams, development
from ..pictures.files import next_files
from ..pictures.masked_picture import NothingRenderedError, Still, picture_steps
from ..pictures.render import aim, render_file
from ..pictures.whole_file import write_whole
from ..settings.dataset_folder import dataset_folder
from ..settings.defects import PLATE
from ..settings.description import description_of
from ..settings.job import job_text, picture_job
from ..settings.live_scene import annotation_of, set_up_cycles, show_mask
from ..settings.properties import params_of
from ..settings.target import is_inspection

TICK = 0.1  # seconds between checks of the render job
VIEW_EVENTS = {"MOUSEMOVE", "INBETWEEN_MOUSEMOVE", "MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE"}


class STAINLESS_OT_render_to_folder(bpy.types.Operator):
    """Render the picture, its class mask and its instance mask into the dataset folder, under the next free number"""

    bl_idname = "stainless.render_to_folder"
    bl_label = "Render Picture and Masks"
    bl_options = {"REGISTER"}

    _steps: Generator[Still, None, None]
    _timer: bpy.types.Timer | None = None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the scene has a camera; stains are checked at the start of the render."""
        if context.scene.camera is None:
            cls.poll_message_set("The scene has no camera; add one (Add > Camera) and look through it")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Render the stills one after another; return when all files are written."""
        self._steps = self._stills(context)
        return self._rest()

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start the picture, which takes long, as Blender's render job, so that the window stays responsive."""
        if bpy.app.background:
            return self.execute(context)
        if bpy.app.is_job_running("RENDER"):
            self.report({"ERROR"}, "Blender is rendering something else; wait for it, or stop it with Esc")
            return {"CANCELLED"}
        self._steps = self._stills(context)
        try:
            picture = next(self._steps)
        except (ValueError, RuntimeError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        aim(picture.scene, picture.target)
        with _no_render_window(context):
            bpy.ops.render.render("INVOKE_DEFAULT", write_still=True, scene=picture.scene.name)
        context.workspace.status_text_set("Rendering the picture, then its masks. Esc: stop")
        self._timer = context.window_manager.event_timer_add(TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Render the masks once the job has ended or Esc has stopped it; until then, block all but view events.

        Undo, for example, would remove data that the job renders. The masks take one sample per pixel and are not
        rendered by a job: Blender frees the drawing data of a scene that no window shows, while a job still needs it.
        """
        if event.type == "ESC":
            return {"PASS_THROUGH"}
        if event.type != "TIMER" or bpy.app.is_job_running("RENDER"):
            return {"PASS_THROUGH"} if event.type in VIEW_EVENTS else {"RUNNING_MODAL"}
        self._leave(context)
        return self._rest()

    def cancel(self, context: bpy.types.Context) -> None:
        """Restore everything if Blender ends the operator."""
        self._leave(context)
        self._steps.close()

    def _rest(self) -> set[str]:
        """Render the remaining stills and write the files."""
        try:
            for still in self._steps:
                render_file(still.scene, still.target)
        except (ValueError, RuntimeError, OSError) as error:
            self.report({"WARNING" if isinstance(error, NothingRenderedError) else "ERROR"}, str(error))
            return {"CANCELLED"}
        finally:
            self._steps.close()
        return {"FINISHED"}

    def _leave(self, context: bpy.types.Context) -> None:
        """Release the events and the status bar."""
        context.window_manager.event_timer_remove(self._timer)
        context.workspace.status_text_set(None)

    def _stills(self, context: bpy.types.Context) -> Generator[Still, None, None]:
        """Yield the stills to render, with previews switched off; write the files after the last one."""
        scene = context.scene
        target = dataset_folder(scene.stainless)
        if is_inspection(scene):
            image = yield from _inspection_stills(scene, target)
        else:
            with own_scene_annotation(scene, context.evaluated_depsgraph_get()) as annotation, _surfaces_shown():
                files = next_files(target)
                yield from picture_steps(scene, annotation, files)
            image = files.image
        self.report({"INFO"}, f"Rendered {image} and its masks")


def _inspection_stills(scene: bpy.types.Scene, folder: Path) -> Generator[Still, None, Path]:
    """Yield the stills of an inspection scene; write its job beside them; return the picture's path."""
    job_words = job_text(picture_job(scene.stainless))
    preview = is_previewed(scene)
    try:
        if preview:
            show_mask(scene, False)
        set_up_cycles(scene)
        files = next_files(folder)
        yield from picture_steps(scene, annotation_of(scene), files, _development(scene))
    finally:
        if preview:
            show_mask(scene, True)
    job = folder / "jobs" / f"{files.image.stem}.json"
    job.parent.mkdir(exist_ok=True)
    write_whole(job, job_words.encode())
    return files.image


def _development(scene: bpy.types.Scene) -> Development | None:
    """Return the development of the scene's job, None if the lens has no effect."""
    settings = scene.stainless
    description = description_of(settings)
    noise_key = (settings.dataset.seed, NOISE_STREAM, PLATE, 1)  # of the only view
    lens = params_of(settings.lens, LensParams)
    return development(lens, description.camera, description.picture.width, noise_key)


@contextmanager
def _surfaces_shown() -> Iterator[None]:
    """Switch off the mask preview of all stained materials within the `with` block."""
    previewed = [material for material in bpy.data.materials if is_material_previewed(material)]
    for material in previewed:
        preview_material(material, False)
    try:
        yield
    finally:
        for material in previewed:
            preview_material(material, True)


@contextmanager
def _no_render_window(context: bpy.types.Context) -> Iterator[None]:
    """Start renders without a window or an editor of their own within the `with` block."""
    preferences = context.preferences
    kept = preferences.view.render_display_type, preferences.is_dirty
    preferences.view.render_display_type = "NONE"
    try:
        yield
    finally:
        preferences.view.render_display_type, preferences.is_dirty = kept
