"""A plate: add the scene, drag, undo, turn the light, show the mask, save and reload."""

import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import Driver, run

CLOSED = ("single", "rim", "run_off", "random", "surface", "defects", "light", "camera", "annotation", "dataset")
HEADING = 26  # pixels from one closed panel to the next
FIELD_TO_HEADING = 37  # pixels from the upper part of the last field to the first heading


def plate(driver: Driver):
    """The scenario; see the module."""
    facts = driver.facts
    yield from open_sidebar(driver)
    driver.screenshot("1_sidebar")
    sidebar = driver.region(driver.view, "UI")
    yield from driver.find(driver.view, sidebar, "bpy.ops.stainless.add_inspection_scene")
    yield from driver.click(driver.found)
    yield lambda: driver.window.scene.name == "Inspection"
    scene = driver.window.scene
    settings = scene.stainless
    facts["camera view"] = driver.view.spaces.active.region_3d.view_perspective
    driver.screenshot("2_scene")
    quick(scene)
    driver.view.spaces.active.shading.type = "RENDERED"
    bpy.ops.ed.undo_push(message="Preview")
    facts["box"] = driver.viewport_box()
    yield driver.settled("3_plate", "2_scene")

    before = settings.stain.radius
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "radius")
    values, shown = [], []

    def seen() -> None:
        values.append(settings.stain.radius)
        material = settings.plate_object.active_material
        node = next(node for node in material.node_tree.nodes if node.label == "Water Stain")
        shown.append(node.inputs["Radius"].default_value)

    yield from driver.drag(driver.found, -60, seen)
    facts["dragged"], facts["on nodes"] = values, shown
    facts["radius"] = [before, settings.stain.radius]
    yield driver.settled("4_dragged", "3_plate")

    driver.key("Z", centre(driver), ctrl=True)
    yield lambda: driver.window.scene.stainless.stain.radius == before
    yield driver.shows_again("3_plate")
    driver.screenshot("5_undone")

    places = yield from headings(driver)
    yield from driver.click(places["annotation"])
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.preview_mask")
    mask_button = driver.found
    yield from driver.click(mask_button)
    yield driver.settled("6_mask", "3_plate")
    yield from driver.click(mask_button)
    yield driver.shows_again("3_plate")

    yield from driver.click(places["annotation"])  # closed again, or it would hide the next

    yield from driver.click(places["light"])
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.set_light(variant='rot90'")
    yield from driver.click(driver.found)
    yield driver.settled("7_rotated", "3_plate")

    path = driver.out / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    bpy.ops.wm.open_mainfile(filepath=str(path))
    yield lambda: bpy.data.filepath == str(path) and driver.window.scene.name == "Inspection"
    facts["rotation"] = driver.window.scene.stainless.light.rotation
    driver.view.spaces.active.shading.type = "RENDERED"  # Blender opens files in solid shading
    yield driver.shows_again("7_rotated")
    driver.screenshot("8_reloaded")


def quick(scene: bpy.types.Scene) -> None:
    """A preview that a processor without a graphics card finishes soon."""
    scene.render.preview_pixel_size = "8"
    scene.cycles.preview_samples = 2
    scene.cycles.use_preview_denoising = False


def headings(driver: Driver, closed: tuple[str, ...] = CLOSED):
    """Return the places of the closed panels below the last field of "Stain", while all of them are closed."""
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "seed_offset")
    first = driver.found[1] - FIELD_TO_HEADING
    return {name: (driver.region(driver.view, "UI").x + 60, first - HEADING * row) for row, name in enumerate(closed)}


def centre(driver: Driver) -> tuple[int, int]:
    """The middle of the viewport."""
    region = driver.region(driver.view, "WINDOW")
    return region.x + region.width // 2, region.y + region.height // 2


def open_sidebar(driver: Driver):
    """Press N over the viewport and choose the tab."""
    yield lambda: driver.view is not None
    driver.view.spaces.active.show_region_ui = False
    yield driver.redrawn()
    driver.key("N", centre(driver))
    yield lambda: driver.view.spaces.active.show_region_ui
    yield lambda: driver.region(driver.view, "UI").width > 100
    yield driver.redrawn(5)
    driver.region(driver.view, "UI").active_panel_category = "Stainless"
    yield driver.redrawn(5)


if __name__ == "__main__":
    run(plate)
