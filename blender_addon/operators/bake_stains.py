"""Operator: bake the stains of the selected objects into images."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy
import numpy as np

from ..baking.bake import bake_channel
from ..baking.baked_copy import baked_copy
from ..baking.channels import CHANNELS, Channel
from ..baking.files import baked_path, write_channel
from ..baking.uv_map import baked_map
from ..own_objects.stain_layer import is_stained
from ..settings.dataset_folder import dataset_folder

TICK = 0.05  # seconds between two images, in which the window is redrawn
VIEW_EVENTS = {"MOUSEMOVE", "INBETWEEN_MOUSEMOVE", "MIDDLEMOUSE", "WHEELUPMOUSE", "WHEELDOWNMOUSE"}
Steps = Generator[str, None, None]


class STAINLESS_OT_bake_stains(bpy.types.Operator):
    """Write mask, colour, roughness and metallic of the stained surface as images, for game engines and glTF"""

    bl_idname = "stainless.bake_stains"
    bl_label = "Bake Stains"
    bl_options = {"REGISTER", "UNDO"}

    size: bpy.props.IntProperty(
        name="Image Size",
        description="Width and height of the images; a stain needs about ten pixels across",
        default=1024,
        min=16,
        max=16384,
        subtype="PIXEL",
    )
    samples: bpy.props.IntProperty(
        name="Samples",
        description="Samples in each pixel of colour and roughness: more make smoother outlines",
        default=4,
        min=1,
        max=256,
    )
    new_map: bpy.props.BoolProperty(
        name="New UV Map",
        description="Unwrap the object into a UV map of its own, for maps whose parts overlap or tile; an object "
        "without a map gets one anyway",
        default=False,
    )
    copy: bpy.props.BoolProperty(
        name="Copy with Images",
        description="Add a copy of the object with a plain material of the images, ready to be exported",
        default=True,
    )

    _steps: Steps
    _timer: bpy.types.Timer | None = None
    _done: int = 0
    _in_window: bool = False

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether a stained mesh is selected and the mode is Object Mode."""
        if context.mode != "OBJECT":
            cls.poll_message_set("Leave Edit Mode first")
            return False
        if not stained_meshes(context):
            cls.poll_message_set("Select a mesh with stains first; other objects: Object > Convert > Mesh")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Bake one image at a time after the dialog; without it, return when all images are written."""
        if self._in_window:
            return self._begin(context)
        self._steps = self._bake(context, stained_meshes(context))
        try:
            for _ in self._steps:
                pass
        except (ValueError, RuntimeError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Ask for the size and the UV map; `execute` follows."""
        if bpy.app.background:
            return self.execute(context)
        self._in_window = True
        answer: set[str] = context.window_manager.invoke_props_dialog(self)
        return answer

    def _begin(self, context: bpy.types.Context) -> set[str]:
        """Start the timer at whose ticks the images are baked, so that the window shows the progress."""
        objects = stained_meshes(context)
        self._steps, self._done = self._bake(context, objects), 0
        manager = context.window_manager
        manager.progress_begin(0, len(objects) * len(CHANNELS))
        self._timer = manager.event_timer_add(TICK, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Bake the next image at each tick; Esc stops, and then nothing is written."""
        if event.type == "ESC":
            self.cancel(context)
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"} if event.type in VIEW_EVENTS else {"RUNNING_MODAL"}
        try:
            words = next(self._steps)
        except StopIteration:
            self._leave(context)
            return {"FINISHED"}
        except (ValueError, RuntimeError, OSError) as error:
            self._leave(context)
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        context.workspace.status_text_set(f"Bake Stains: {words}. Esc: stop")
        context.window_manager.progress_update(self._done)
        self._done += 1
        return {"RUNNING_MODAL"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Restore everything if Blender or the artist ends the operator; the dialog alone changes nothing."""
        if self._timer is not None:
            self._steps.close()
            self._leave(context)

    def _leave(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        context.workspace.status_text_set(None)

    def _bake(self, context: bpy.types.Context, objects: list[bpy.types.Object]) -> Steps:
        """Yield the words of each image before it is baked; write the files and make the copies after the last one."""
        folder = dataset_folder(context.scene.stainless)
        baked: list[tuple[bpy.types.Object, str, dict[Channel, np.ndarray]]] = []
        number, total = 0, len(objects) * len(CHANNELS)
        with _no_map_left(objects) as finished:
            for obj in objects:
                uv_map = baked_map(context, obj, self.new_map)
                pictures: dict[Channel, np.ndarray] = {}
                for channel in CHANNELS:
                    number += 1
                    yield f"{channel.name} of {obj.name!r}, image {number} of {total}"
                    pictures[channel] = bake_channel(obj, channel, uv_map, self.size, self.samples)
                baked.append((obj, uv_map, pictures))
            for obj, uv_map, pictures in baked:
                files: dict[Channel, Path] = {channel: baked_path(folder, obj.name, channel) for channel in pictures}
                for channel, pixels in pictures.items():
                    write_channel(files[channel], channel, pixels)
                if self.copy:
                    _show_instead(obj, baked_copy(obj, files, uv_map))
            finished.append(True)
        self.report({"INFO"}, f"{total} images in {baked_path(folder, '', CHANNELS[0]).parent}")


def stained_meshes(context: bpy.types.Context) -> list[bpy.types.Object]:
    """Return the selected meshes with stains, or the active one if nothing is selected."""
    chosen = list(context.selected_objects) or ([context.object] if context.object else [])
    return [obj for obj in chosen if obj.type == "MESH" and _has_stains(obj)]


@contextmanager
def _no_map_left(objects: list[bpy.types.Object]) -> Iterator[list[bool]]:
    """Remove new UV maps at the end of the `with` block unless it appends to the list that it gets."""
    before = {obj: {each.name for each in obj.data.uv_layers} for obj in objects}
    finished: list[bool] = []
    try:
        yield finished
    finally:
        if not finished:
            for obj, names in before.items():
                maps = obj.data.uv_layers
                for name in [each.name for each in maps if each.name not in names]:
                    maps.remove(maps[name])


def _has_stains(obj: bpy.types.Object) -> bool:
    return any(slot.material and slot.material.node_tree and is_stained(slot.material) for slot in obj.material_slots)


def _show_instead(obj: bpy.types.Object, copy: bpy.types.Object) -> None:
    """Hide the object behind its copy and select the copy for export."""
    obj.select_set(False)
    obj.hide_set(True)
    copy.select_set(True)
    bpy.context.view_layer.objects.active = copy
