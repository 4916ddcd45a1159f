"""Picture and masks of the cube that every new file has, by the button, while the window goes on."""

import itertools
import sys
import time
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import Driver, run
from inspect_plate import headings, open_sidebar

CLOSED = ("single", "rim", "run_off", "random", "annotation", "dataset")
BUTTON = "bpy.ops.stainless.render_to_folder"


def cube(driver: Driver):
    """The scenario; see the module."""
    facts = driver.facts
    yield from open_sidebar(driver)
    scene, obj = driver.window.scene, bpy.data.objects["Cube"]
    obj.dimensions = (0.1, 0.1, 0.1)
    scene.camera.location = (0.0, 0.0, 0.3)
    scene.camera.rotation_euler = (0.0, 0.0, 0.0)
    scene.camera.data.clip_start = 0.01
    obj.select_set(True)
    driver.window.view_layer.objects.active = obj
    scene.render.engine, scene.cycles.samples, scene.cycles.use_denoising = "CYCLES", 4, False
    scene.cycles.use_adaptive_sampling = False
    scene.render.resolution_x, scene.render.resolution_y = 240, 180
    scene.stainless.dataset.folder = str(driver.out / "by_button")
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.add_stains")
    yield from driver.click(driver.found)
    yield lambda: obj.active_material.stainless.version > 0
    places = yield from headings(driver, CLOSED)
    yield from driver.click(places["dataset"])
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), BUTTON)
    button = driver.found
    driver.screenshot("1_dataset")

    ticks = []
    scene.cycles.samples = 40  # long enough to watch
    windows = len(bpy.context.window_manager.windows)
    yield from driver.click(button)
    yield lambda: bpy.app.is_job_running("RENDER")
    driver.screenshot("2_rendering")
    written = driver.out / "by_button" / "images" / "000000.png"

    def whole() -> bool:
        if bpy.app.is_job_running("RENDER"):
            ticks.append(time.monotonic())
        return written.exists()

    yield whole
    facts["ticks while rendering"] = len(ticks)
    facts["longest pause"] = max(b - a for a, b in itertools.pairwise(ticks))
    facts["windows"] = [windows, len(bpy.context.window_manager.windows)]
    facts["scenes"] = len(bpy.data.scenes)
    yield driver.redrawn(5)
    driver.screenshot("3_rendered")

    scene.stainless.dataset.folder = str(driver.out / "by_script")
    with bpy.context.temp_override(window=driver.window, area=driver.view, region=driver.region(driver.view, "WINDOW")):
        facts["by script"] = list(bpy.ops.stainless.render_to_folder())

    # A job that fails ends as one does that Esc stops, without a picture; no simulated key stops a job.
    scene.cycles.use_denoising = True
    scene.stainless.dataset.folder = str(driver.out / "failed")
    yield from driver.click(button)
    yield (driver.out / "failed" / "images").exists
    yield lambda: len(bpy.data.scenes) == 1 and not bpy.app.is_job_running("RENDER")
    yield driver.redrawn(5)
    driver.screenshot("4_failed")


if __name__ == "__main__":
    run(cube)
