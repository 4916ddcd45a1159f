"""Operator: picture and masks as files."""

from collections.abc import Iterator
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
from ..settings.defects import PLATE
from ..settings.description import description_of
from ..settings.job import job_text, picture_job
from ..settings.live_scene import annotation_of, set_up_cycles, show_mask
from ..settings.properties import params_of
from ..settings.target import is_inspection

TICK = 0.1  # seconds between two looks at whether the picture is there
LOOKING = {"MOUSEMOVE", "INBETWEEN_MOUSEMOVE", "MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE"}


class STAINLESS_OT_render_to_folder(bpy.types.Operator):
    """Render the picture, its class mask and its instances into the dataset folder, under the next free number"""

    bl_idname = "stainless.render_to_folder"
    bl_label = "Render Picture and Masks"
    bl_options = {"REGISTER"}

    _steps: Iterator[Still] | None = None
    _timer: bpy.types.Timer | None = None

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Something must be looked through; whether it sees stains is told when that is known."""
        if context.scene.camera is None:
            cls.poll_message_set("The scene has no camera; add one (Add > Camera) and look through it")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Render one after the other, and return when all is written."""
        self._steps = self._stills(context)
        return self._rest()

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Let Blender's render job make the picture, which takes long, beside the window, which goes on."""
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
        """When the job has ended, or Esc has ended it, do the rest; until then take clicks and keys, but for looking.

        Undo, say, would take away from under the job what it renders. The masks are no job: Blender gives up what it
        draws with for a scene that no window shows, while the job still needs it. They take one sample a pixel.
        """
        if event.type == "ESC":
            return {"PASS_THROUGH"}
        if event.type != "TIMER" or bpy.app.is_job_running("RENDER"):
            return {"PASS_THROUGH"} if event.type in LOOKING else {"RUNNING_MODAL"}
        self._leave(context)
        return self._rest()

    def cancel(self, context: bpy.types.Context) -> None:
        """Put everything back where Blender ends the operator itself."""
        self._leave(context)
        self._steps.close()

    def _rest(self) -> set[str]:
        """Render what is left, wait for it, and let the files be written."""
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
        """Give keys, clicks and the status bar back."""
        context.window_manager.event_timer_remove(self._timer)
        context.workspace.status_text_set(None)

    def _stills(self, context: bpy.types.Context) -> Iterator[Still]:
        """Yield what is to be rendered, whatever the viewport shows; when all is, write the files."""
        scene = context.scene
        folder = scene.stainless.dataset.folder
        if folder.startswith("//") and not bpy.data.filepath:
            raise ValueError("Save the file first, or choose a folder that does not start with //")
        target = Path(bpy.path.abspath(folder))
        if is_inspection(scene):
            image = yield from _inspection_stills(scene, target)
        else:
            with own_scene_annotation(scene, context.evaluated_depsgraph_get()) as annotation, _surfaces_shown():
                files = next_files(target)
                yield from picture_steps(scene, annotation, files)
            image = files.image
        self.report({"INFO"}, f"Rendered {image} and its masks")


def _inspection_stills(scene: bpy.types.Scene, folder: Path) -> Iterator[Still]:
    """Yield the stills of an inspection scene as its settings say; write its job beside them. Return the picture."""
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
    """Take the mask preview off all stained materials for a while."""
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
    """Let a render start without a window or an editor of its own."""
    preferences = context.preferences
    kept = preferences.view.render_display_type, preferences.is_dirty
    preferences.view.render_display_type = "NONE"
    try:
        yield
    finally:
        preferences.view.render_display_type, preferences.is_dirty = kept
