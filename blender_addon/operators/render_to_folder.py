"""Operator: picture and masks as files."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..job_description import job_text, picture_job
from ..live_scene import annotation_of, set_up_cycles, show_mask
from ..mask_preview import is_material_previewed, is_previewed, preview_material
from ..own_scene_annotation import own_scene_annotation
from ..picture_file import aim, render_file
from ..scene_pictures import NothingRenderedError, Still, picture_steps
from ..stain_target import is_inspection
from ..whole_file import write_whole

TICK = 0.1  # seconds between two looks at whether a still is there
STILLS = 2  # the picture and its masks
LOOKING = {"MOUSEMOVE", "INBETWEEN_MOUSEMOVE", "MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE"}


class STAINLESS_OT_render_to_folder(bpy.types.Operator):
    """Render the picture, its class mask and its instances into the dataset folder, under the next free number"""

    bl_idname = "stainless.render_to_folder"
    bl_label = "Render Picture and Masks"
    bl_options = {"REGISTER"}

    _steps: Iterator[Still] | None = None
    _timer: bpy.types.Timer | None = None
    _done = 0
    _stopped = False

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
        try:
            for still in self._steps:
                render_file(still.scene, still.target)
        except (ValueError, RuntimeError, OSError) as error:
            self._steps.close()
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Let Blender's render job do it beside the window, which goes on."""
        if bpy.app.background:
            return self.execute(context)
        if bpy.app.is_job_running("RENDER"):
            self.report({"ERROR"}, "Blender is rendering something else; wait for it, or stop it with Esc")
            return {"CANCELLED"}
        self._steps, self._done, self._stopped = self._stills(context), 0, False
        self._timer = context.window_manager.event_timer_add(TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        return self._go_on(context)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Start what comes next as soon as nothing is rendered; take clicks and keys until the end, but for looking.

        Undo, say, would take away from under the job what it renders.
        """
        if event.type == "ESC":
            self._stopped = True
            return {"PASS_THROUGH"}  # Blender stops its job, and then we what is ours
        if event.type == "TIMER" and not bpy.app.is_job_running("RENDER"):
            return self._go_on(context)
        return {"PASS_THROUGH"} if event.type in LOOKING else {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Put everything back where Blender ends the operator itself."""
        self._leave(context)

    def _go_on(self, context: bpy.types.Context) -> set[str]:
        """Start the next still, or end."""
        if self._stopped:
            self._leave(context)
            self.report({"WARNING"}, "Stopped; nothing is written")
            return {"CANCELLED"}
        try:
            still = next(self._steps)
        except StopIteration:
            self._leave(context)
            return {"FINISHED"}
        except NothingRenderedError as error:
            self._leave(context)
            self.report({"WARNING"}, str(error).capitalize())
            return {"CANCELLED"}
        except (ValueError, RuntimeError, OSError) as error:
            self._leave(context)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self._done += 1
        context.workspace.status_text_set(f"Rendering {self._done} of {STILLS}: {still.words}. Esc: stop")
        aim(still.scene, still.target)
        with _no_render_window(context):
            bpy.ops.render.render("INVOKE_DEFAULT", write_still=True, scene=still.scene.name)
        return {"RUNNING_MODAL"}

    def _leave(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None
            context.workspace.status_text_set(None)
        if self._steps is not None:
            self._steps.close()
            self._steps = None

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
                image = yield from picture_steps(scene, annotation, target)
        self.report({"INFO"}, f"Rendered {image} and its masks")


def _inspection_stills(scene: bpy.types.Scene, folder: Path) -> Iterator[Still]:
    """Yield the stills of an inspection scene as its settings say; write its job beside them. Return the picture."""
    job_words = job_text(picture_job(scene.stainless))
    preview = is_previewed(scene)
    try:
        if preview:
            show_mask(scene, False)
        set_up_cycles(scene)
        image = yield from picture_steps(scene, annotation_of(scene), folder)
    finally:
        if preview:
            show_mask(scene, True)
    job = folder / "jobs" / f"{image.stem}.json"
    job.parent.mkdir(exist_ok=True)
    write_whole(job, job_words.encode())
    return image


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
