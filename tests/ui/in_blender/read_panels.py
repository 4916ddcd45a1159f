"""The panels of a plate: a keyframe set with I, the sections of all classes, the legend, an imported job."""

import json
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import Driver, run
from inspect_plate import HEADING, open_sidebar

STAIN = 55  # pixels from the field of the radius up to the heading "Stain"
CLOSED = ("surface", "defects", "light", "camera", "annotation", "dataset")  # below the closed "Stain"


def plate(driver: Driver):
    """The scenario; see the module."""
    facts = driver.facts
    yield from open_sidebar(driver)
    sidebar = driver.region(driver.view, "UI")
    yield from driver.find(driver.view, sidebar, "bpy.ops.stainless.add_inspection_scene")
    yield from driver.click(driver.found)
    yield lambda: driver.window.scene.name == "Inspection"
    driver.view.spaces.active.shading.type = "SOLID"
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "radius")
    radius = driver.found
    yield from keyframes(driver, radius)
    import_job(driver)
    yield driver.redrawn(5)

    heading = (driver.region(driver.view, "UI").x + 75, radius[1] + STAIN)
    yield from driver.click(heading)
    yield driver.redrawn(5)
    places = {name: (heading[0], heading[1] - HEADING * row) for row, name in enumerate(CLOSED, start=1)}
    for name in reversed(CLOSED):
        yield from driver.click(places[name])
        yield driver.redrawn(10)
        if name == "defects":
            yield from driver.click((places[name][0], places[name][1] - 3 * HEADING))  # the first section
            yield driver.redrawn(10)
        driver.screenshot(f"2_{name}")
        yield from driver.click(places[name])
        yield driver.redrawn(5)
    facts["kept"] = bool(driver.window.scene.stainless.dataset.imported)


def keyframes(driver: Driver, radius: tuple[int, int]):
    """Set keyframes of two radii with I over the field, and go back to the first."""
    scene, facts = driver.window.scene, driver.facts
    stain = scene.stainless.stain
    for frame, value in ((1, 0.006), (9, 0.003)):
        scene.frame_set(frame)
        stain.radius = value
        yield driver.redrawn(3)
        driver.key("I", radius)
        yield lambda frame=frame: has_key(scene, frame)
    driver.screenshot("1_keyed")
    seen = []
    for frame in (1, 9, 1):
        scene.frame_set(frame)
        yield driver.redrawn(3)
        tree = scene.stainless.plate_object.active_material.node_tree
        node = next(node for node in tree.nodes if node.label == "Water Stain")
        seen.append([stain.radius, node.inputs["Radius"].default_value])
    facts["radius in panel and nodes"] = seen


def has_key(scene: bpy.types.Scene, frame: int) -> bool:
    """Return whether the radius has a keyframe at a frame."""
    data = scene.animation_data
    curves = data.action.fcurves if data and data.action else ()
    return any(int(point.co.x) == frame for curve in curves for point in curve.keyframe_points)


def import_job(driver: Driver) -> None:
    """Import a job with more than the panels can hold."""
    path = driver.out / "job.json"
    with bpy.context.temp_override(window=driver.window, area=driver.view, region=driver.region(driver.view, "WINDOW")):
        bpy.ops.stainless.export_job(filepath=str(path), content="DATASET")
        job = json.loads(path.read_text())
        job["splits"][0]["sides"] = 2
        job["stain_presets"] = [{"preset": "own", "weight": 2.0}, {"preset": "Fresh_Drops"}]
        path.write_text(json.dumps(job))
        bpy.ops.stainless.import_job(filepath=str(path))


if __name__ == "__main__":
    run(plate)
