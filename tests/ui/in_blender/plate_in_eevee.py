"""The inspection scene in the material preview, which is EEVEE's: a plate is seen, and what is dragged shows."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import Driver, run
from inspect_plate import open_sidebar


def plate(driver: Driver):
    """The scenario; see the module."""
    facts = driver.facts
    yield from open_sidebar(driver)
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.add_inspection_scene")
    yield from driver.click(driver.found)
    yield lambda: driver.window.scene.name == "Inspection"
    scene = driver.window.scene
    scene.eevee.taa_samples = 1
    view = driver.view.spaces.active
    view.overlay.show_overlays = False
    facts["box"] = driver.viewport_box()
    view.shading.type = "SOLID"
    yield driver.settled("1_solid")
    view.shading.type = "MATERIAL"
    yield driver.shows_other_than("1_solid")
    yield driver.settled("2_plate")

    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "radius")
    stain = scene.stainless.stain
    facts["dragged"] = [stain.radius]
    yield from driver.drag(driver.found, -25, lambda: facts["dragged"].append(stain.radius))
    yield driver.shows_other_than("2_plate")
    yield driver.settled("3_dragged")


if __name__ == "__main__":
    run(plate)
