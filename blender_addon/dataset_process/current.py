"""The dataset that this Blender has rendered beside its window: one at a time, and its last picture as an icon."""

from pathlib import Path

import bpy
import bpy.utils.previews

from .process import DatasetProcess, Progress

TICK = 0.5  # seconds between two looks at the process

_current: list[DatasetProcess] = []  # none or one
_icons: list[bpy.utils.previews.ImagePreviewCollection] = []  # none or one


def start(job: Path, dataset: Path) -> DatasetProcess:
    """Start rendering a job. Raises OSError if the process cannot start, RuntimeError if another one runs."""
    if is_running():
        raise RuntimeError("A dataset is being rendered; wait for it or stop it")
    clear()
    _current.append(DatasetProcess(job, dataset))
    return _current[0]


def watch() -> None:
    """Look at the process again and again, and redraw the sidebars when something has changed."""
    if not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=TICK, persistent=True)


def is_running() -> bool:
    """Return whether a dataset is being rendered now."""
    return bool(_current) and not _current[0].progress.ended


def progress() -> Progress | None:
    """Return the state of the last dataset that was started, None if there was none."""
    return _current[0].progress if _current else None


def stop() -> None:
    """End the process; finished pictures stay."""
    if is_running():
        _current[0].stop()
        _redraw()


def clear() -> None:
    """End the process and forget it, as when the extension is switched off."""
    stop()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    _current.clear()
    for icons in _icons:
        bpy.utils.previews.remove(icons)
    _icons.clear()


def last_picture_icon() -> int:
    """Return the icon of the last picture, 0 if there is none. The picture does not become part of the file."""
    state = progress()
    if state is None or state.last_picture is None:
        return 0
    if not _icons:
        _icons.append(bpy.utils.previews.new())
    name = str(state.last_picture)
    if name not in _icons[0]:
        _icons[0].clear()
        _icons[0].load(name, name, "IMAGE")
    return int(_icons[0][name].icon_id)


def _tick() -> float | None:
    if not _current:
        return None
    if _current[0].poll():
        _redraw()
    return TICK if is_running() else None


def _redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
