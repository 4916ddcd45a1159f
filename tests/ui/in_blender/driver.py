"""Drives a real Blender window from inside, with simulated events only, as an artist would with mouse and keys.

A scenario is a generator: it yields a condition and goes on when that holds. Nothing waits for a fixed time.
"""

import json
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import numpy as np

SCREEN_FILE = Path("/trial/screen/Xvfb_screen0")
POLL = 0.03  # seconds
PATIENCE = 240.0  # seconds until a condition is given up
STILL = 1.5  # seconds without a change after which a progressive render is done
COLUMNS = (0.72, 0.5, 0.2, 0.9)  # of a region's width: places across it where buttons are
ROW = 11  # pixels from one place to the next when looking for buttons; half a row

Scenario = Callable[["Driver"], Iterator[Callable[[], bool]]]


class Driver:
    """One window, one scenario; `facts` and screenshots are its results."""

    def __init__(self, scenario: Scenario, out: Path):
        self.out = out
        self.facts: dict = {}
        self.shots: dict[str, np.ndarray] = {}
        self._steps = scenario(self)
        self._condition: Callable[[], bool] = lambda: True
        self._since = self._begun = time.monotonic()
        self._line = 0

    def start(self) -> None:
        """Begin as soon as Blender's own loop runs."""
        bpy.app.timers.register(self._tick, first_interval=POLL, persistent=True)

    def _tick(self) -> float | None:
        try:
            if not self._condition():
                if time.monotonic() - self._since > PATIENCE:
                    raise TimeoutError("what the scenario waits for does not come")
                return POLL
            self._condition = next(self._steps)
            self._log()
            self._since = time.monotonic()
            return POLL
        except StopIteration:
            self._finish(None)
        except Exception:
            frame = self._steps.gi_frame
            line = f"scenario line {frame.f_lineno}\n" if frame else ""
            self._finish(line + traceback.format_exc())
        return None

    def _log(self) -> None:
        """Tell where the scenario is, for whoever waits for it."""
        frame = self._steps.gi_frame
        if frame and frame.f_lineno != self._line:
            self._line = frame.f_lineno
            print(f"{time.monotonic() - self._begun:7.1f} s  line {self._line}", flush=True)

    def _finish(self, failure: str | None) -> None:
        self.facts["failure"] = failure
        (self.out / "facts.json").write_text(json.dumps(self.facts, indent=1))
        if failure:
            self.screenshot("failure")
        bpy.ops.wm.quit_blender()

    @property
    def window(self) -> bpy.types.Window:
        """The first window, also after a file was opened."""
        return bpy.context.window_manager.windows[0]

    @property
    def view(self) -> bpy.types.Area:
        """The 3D viewport."""
        return max((a for a in self.window.screen.areas if a.type == "VIEW_3D"), key=lambda a: a.width * a.height)

    def region(self, area: bpy.types.Area, kind: str) -> bpy.types.Region:
        """A region of an area."""
        return next(region for region in area.regions if region.type == kind)

    def event(self, kind: str, value: str, place: tuple[int, int], **more: bool) -> None:
        """Send one event."""
        self.window.event_simulate(type=kind, value=value, x=int(place[0]), y=int(place[1]), **more)

    def move(self, place: tuple[int, int]) -> None:
        """Move the mouse."""
        self.event("MOUSEMOVE", "NOTHING", place)

    def key(self, kind: str, place: tuple[int, int], **more: bool) -> None:
        """Press and release a key with the mouse at a place."""
        self.move(place)
        self.event(kind, "PRESS", place, **more)
        self.event(kind, "RELEASE", place, **more)

    def click(self, place: tuple[int, int]) -> Iterator[Callable[[], bool]]:
        """Click; give the interface a redraw in between, as it needs to notice where the mouse is."""
        self.move(place)
        yield self.redrawn()
        self.event("LEFTMOUSE", "PRESS", place)
        yield self.redrawn()
        self.event("LEFTMOUSE", "RELEASE", place)
        yield self.redrawn()

    def drag(self, start: tuple[int, int], pixels: int, seen: Callable[[], None]) -> Iterator[Callable[[], bool]]:
        """Drag sideways in ten moves; `seen` is called after each."""
        self.move(start)
        yield self.redrawn()
        self.event("LEFTMOUSE", "PRESS", start)
        yield self.redrawn()
        for step in range(1, 11):
            self.move((start[0] + pixels * step // 10, start[1]))
            yield self.redrawn()
            seen()
        self.event("LEFTMOUSE", "RELEASE", (start[0] + pixels, start[1]))
        yield self.redrawn()

    def redrawn(self, times: int = 2) -> Callable[[], bool]:
        """A condition: the window's loop has run."""
        left = [times]

        def condition() -> bool:
            left[0] -= 1
            return left[0] < 0

        self.region(self.view, "UI").tag_redraw()
        return condition

    def next_event(self) -> Callable[[], bool]:
        """A condition: what was simulated has been handled."""
        return self.redrawn(0)

    def find(
        self, area: bpy.types.Area, region: bpy.types.Region, wanted: str, parts: tuple[float, ...] = COLUMNS
    ) -> Iterator[Callable[[], bool]]:
        """Move the mouse down a region until it is over the wanted button; `found` is its place.

        `wanted` is a property's name, or the Python call of an operator's button (or how it begins); `parts` are where
        across the region to look for it.
        """
        self.found = None
        for part in parts:
            for y in range(region.y + region.height - 8, region.y + 4, -ROW):
                place = (region.x + int(region.width * part), y)
                self.move(place)
                yield self.next_event()
                if self._under_mouse(area, region, wanted):
                    self.found = place
                    return
        raise LookupError(f"there is no button {wanted!r} in the {region.type} region")

    def _under_mouse(self, area: bpy.types.Area, region: bpy.types.Region, wanted: str) -> bool:
        with bpy.context.temp_override(window=self.window, area=area, region=region):
            if wanted.startswith("bpy.ops."):
                if not bpy.ops.ui.copy_python_command_button.poll():
                    return False
                bpy.context.window_manager.clipboard = ""
                bpy.ops.ui.copy_python_command_button()
                return bpy.context.window_manager.clipboard.startswith(wanted)
            under = getattr(bpy.context, "property", None)
            return under is not None and under[1].rsplit(".", 1)[-1] == wanted

    def screen(self) -> np.ndarray:
        """Return the screen, uint8 (H, W, 3), from the memory of the virtual X server, an XWD file."""
        content = SCREEN_FILE.read_bytes()
        header = struct.unpack(">25I", content[:100])
        width, height, line = header[4], header[5], header[12]
        start = header[0] + 12 * header[19]
        pixels = np.frombuffer(content, np.uint8, line * height, start).reshape(height, line)
        return pixels[:, : 4 * width].reshape(height, width, 4)[..., 2::-1]

    def screenshot(self, name: str) -> None:
        """Save what the screen shows, and remember it."""
        self.shots[name] = pixels = self.screen().copy()
        height, width = pixels.shape[:2]
        (self.out / f"{name}.ppm").write_bytes(b"P6 %d %d 255\n" % (width, height) + pixels.tobytes())

    def viewport(self, pixels: np.ndarray) -> np.ndarray:
        """The inner part of the viewport, free of gizmos, headers and the sidebar."""
        x, y, width, height = self.viewport_box()
        return pixels[y : y + height, x : x + width]

    def shows_again(self, name: str, tolerance: int = 0) -> Callable[[], bool]:
        """A condition: the viewport is what it was in a screenshot, within a tolerance of 0..255."""
        return lambda: self._is_like(self.viewport(self.screen()), name, tolerance)

    def settled(self, name: str, unlike: str | None = None, tolerance: int = 0) -> Callable[[], bool]:
        """A condition: the viewport has not changed for a while; then it is saved under `name`.

        A viewport like the screenshot `unlike`, within a tolerance of 0..255, is not settled: EEVEE goes on showing
        what it showed, drawn anew and then still, until a changed material's shader is made.
        """
        seen: list[np.ndarray] = [self.viewport(self.screen()).copy()]
        since = [time.monotonic()]

        def condition() -> bool:
            now = self.viewport(self.screen())
            if not np.array_equal(now, seen[0]):
                seen[0], since[0] = now.copy(), time.monotonic()
            if time.monotonic() - since[0] < STILL or (unlike and self._is_like(now, unlike, tolerance)):
                return False
            self.screenshot(name)
            return True

        return condition

    def _is_like(self, viewport: np.ndarray, name: str, tolerance: int) -> bool:
        then = self.viewport(self.shots[name]).astype(int)
        return bool(np.abs(viewport.astype(int) - then).max() <= tolerance)

    def viewport_box(self) -> tuple[int, int, int, int]:
        """The inner part of the viewport on the screen: x, y from above, width, height."""
        region = self.region(self.view, "WINDOW")
        left, right, top, bottom = 60, 330, 120, 110
        x, width = region.x + left, region.width - left - right
        y = self.window.height - (region.y + region.height) + top
        return x, y, width, region.height - top - bottom


def run(scenario: Scenario) -> None:
    """Run a scenario; the last command-line argument is the folder for its results."""
    Driver(scenario, Path(sys.argv[-1])).start()
