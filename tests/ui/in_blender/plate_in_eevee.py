"""The inspection scene in EEVEE: material preview and rendered; a plate is seen, and what is dragged shows."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import bpy
import numpy as np
from driver import Driver, run
from inspect_plate import open_sidebar

RELIEF = 4.0  # of 255, from one row to the next: more than that has only a plate with its grooves


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
    yield lambda: relief(driver) > RELIEF  # a viewport that is still may yet wait for the plate's shader
    yield driver.settled("2_plate")

    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "radius")
    stain = scene.stainless.stain
    facts["dragged"] = [stain.radius]
    yield from driver.drag(driver.found, -25, lambda: facts["dragged"].append(stain.radius))
    yield driver.settled("3_dragged", "2_plate")

    scene.render.engine = "BLENDER_EEVEE_NEXT" if bpy.app.version < (5, 0, 0) else "BLENDER_EEVEE"
    view.shading.type = "RENDERED"
    yield lambda: relief(driver) > RELIEF
    yield driver.settled("4_rendered", "3_dragged")


def relief(driver: Driver) -> float:
    """Return the mean difference of neighbouring rows of pixels in the middle of the viewport, 0..255."""
    grey = driver.viewport(driver.screen()).mean(axis=-1)
    height, width = grey.shape
    return float(np.abs(np.diff(grey[height // 3 : 2 * height // 3, width // 3 : 2 * width // 3], axis=0)).mean())


if __name__ == "__main__":
    run(plate)
