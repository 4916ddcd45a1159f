"""Stains on the cube that every new file has: add, drag, pick a centre, remove."""

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import Driver, run
from inspect_plate import centre, open_sidebar

EEVEE_GRAIN = 12  # of 255: it draws its samples anew each time


def cube(driver: Driver):
    """The scenario; see the module."""
    facts = driver.facts
    yield from open_sidebar(driver)
    obj = seen_from_above(driver)
    facts["box"] = driver.viewport_box()
    yield driver.settled("1_clean")

    sidebar = driver.region(driver.view, "UI")
    yield from driver.find(driver.view, sidebar, "bpy.ops.stainless.add_stains")
    yield from driver.click(driver.found)
    material = obj.active_material
    yield lambda: material.stainless.version > 0
    yield driver.settled("2_stained", "1_clean", EEVEE_GRAIN)

    with bpy.context.temp_override(window=driver.window, area=driver.view, region=driver.region(driver.view, "WINDOW")):
        bpy.ops.stainless.pick_centre("INVOKE_DEFAULT")
    yield from driver.click(centre(driver))
    yield lambda: material.stainless.stain.explicit_centre
    facts["centre"] = [getattr(material.stainless.stain, f"centre_{axis}") for axis in "xyz"]
    yield driver.settled("3_single", "2_stained", EEVEE_GRAIN)

    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.remove_stains")
    yield from driver.click(driver.found)
    yield driver.shows_again("1_clean", EEVEE_GRAIN)
    driver.screenshot("4_removed")
    facts["nodes"] = len(material.node_tree.nodes)


def seen_from_above(driver: Driver) -> bpy.types.Object:
    """Return the cube, 0.1 m large, selected and shown from above in the material preview."""
    obj = bpy.data.objects["Cube"]
    obj.dimensions = (0.1, 0.1, 0.1)
    obj.select_set(True)
    driver.window.view_layer.objects.active = obj
    view = driver.view.spaces.active
    view.region_3d.view_rotation = (1.0, 0.0, 0.0, 0.0)
    view.region_3d.view_perspective = "ORTHO"
    view.region_3d.view_location = (0.0, 0.0, 0.0)
    view.region_3d.view_distance = 0.25
    view.clip_start = 0.001
    view.overlay.show_overlays = False
    view.shading.type = "MATERIAL"
    bpy.ops.ed.undo_push(message="Preview")
    return obj


if __name__ == "__main__":
    run(cube)
