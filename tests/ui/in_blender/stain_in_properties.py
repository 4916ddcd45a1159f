"""Stains by way of the material's properties: the tab is there, its sliders move the viewport, a reset is a reset."""

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import Driver, run
from inspect_plate import open_sidebar, quick
from stain_own_object import seen_from_above

SCROLLS = 40  # turns of the wheel that reach the end of the properties


def tab(driver: Driver):
    """The scenario; see the module."""
    facts = driver.facts
    yield from open_sidebar(driver)
    obj = seen_from_above(driver)
    quick(driver.window.scene)
    driver.window.scene.render.engine = "CYCLES"
    driver.view.spaces.active.shading.type = "RENDERED"
    area = next(area for area in driver.window.screen.areas if area.type == "PROPERTIES")
    area.spaces.active.context = "MATERIAL"
    region = driver.region(area, "WINDOW")
    facts["box"] = driver.viewport_box()
    yield driver.settled("1_clean")

    yield from to_the_end(driver, region)
    yield from driver.find(area, region, "bpy.ops.stainless.add_stains")
    yield from driver.click(driver.found)
    yield lambda: obj.active_material.stainless.version > 0
    stain = obj.active_material.stainless.stain
    yield driver.settled("2_stained", "1_clean")

    yield from to_the_end(driver, region)
    yield from driver.find(area, region, "radius")
    facts["dragged"] = [stain.radius]
    yield from driver.drag(driver.found, -25, lambda: facts["dragged"].append(stain.radius))
    yield driver.settled("3_dragged", "2_stained")

    driver.window.scene.unit_settings.scale_length = 0.001
    driver.move((region.x + 5, region.y + 5))
    yield driver.redrawn(10)
    yield from driver.find(area, region, "radius_shown")
    facts["before the reset"] = [stain.radius, stain.radius_shown]
    with bpy.context.temp_override(window=driver.window, area=area, region=region):
        bpy.ops.ui.reset_default_button(all=True)
    yield driver.redrawn(10)
    facts["after the reset"] = [stain.radius, stain.radius_shown]
    driver.screenshot("4_reset")


def to_the_end(driver: Driver, region: bpy.types.Region):
    """Scroll a region as far as it goes."""
    place = (region.x + region.width // 2, region.y + region.height // 2)
    driver.move(place)
    yield driver.redrawn()
    for _ in range(SCROLLS):
        driver.event("WHEELDOWNMOUSE", "PRESS", place)
        yield driver.next_event()
    yield driver.redrawn(10)


if __name__ == "__main__":
    run(tab)
