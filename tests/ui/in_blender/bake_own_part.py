"""A part of one's own: it arrives in millimetres, gets its size and stains, and is baked beside the window's events."""

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import Driver, run
from inspect_plate import headings, open_sidebar

CLOSED = ("single", "rim", "run_off", "random", "annotation", "dataset")


def part(driver: Driver):
    """The scenario; see the module."""
    facts = driver.facts
    obj = bpy.data.objects["Cube"]
    obj.dimensions = (80.0, 80.0, 80.0)
    obj.select_set(True)
    driver.window.view_layer.objects.active = obj
    driver.view.spaces.active.clip_start = 0.001
    yield from open_sidebar(driver)
    yield driver.redrawn(10)
    driver.screenshot("1_wrong_unit")
    with bpy.context.temp_override(window=driver.window, area=driver.view, region=driver.region(driver.view, "WINDOW")):
        bpy.ops.stainless.correct_unit(unit="MILLIMETRE")
    driver.view.spaces.active.region_3d.view_distance = 0.3
    driver.view.spaces.active.shading.type = "MATERIAL"
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.add_stains")
    yield from driver.click(driver.found)
    yield lambda: obj.active_material.stainless.version > 0
    facts["box"] = driver.viewport_box()
    facts["size"], facts["radius"] = max(obj.dimensions), obj.active_material.stainless.stain.radius
    driver.window.scene.stainless.dataset.folder = str(driver.out)
    places = yield from headings(driver, CLOSED)
    yield from driver.click(places["dataset"])
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.bake_stains")
    yield driver.settled("2_stained")
    button = driver.found
    yield from driver.click(button)
    yield driver.redrawn(20)
    driver.screenshot("2_dialog")
    driver.key("RET", button)
    yield lambda: "Cube Baked" in bpy.data.objects
    yield driver.redrawn(20)
    yield driver.settled("3_baked")
    facts["files"] = sorted(path.name for path in (driver.out / "baked").iterdir())
    facts["scenes"] = len(bpy.data.scenes)
    facts["seen"] = [obj.visible_get(), bpy.data.objects["Cube Baked"].visible_get()]


if __name__ == "__main__":
    run(part)
