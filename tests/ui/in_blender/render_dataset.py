"""A dataset in an unsaved file: rendered beside the window by the installed extension, with its progress and pictures."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import Driver, run
from inspect_plate import headings, open_sidebar

WAIT = 200  # pictures that nobody waits for


def plates(driver: Driver):
    """The scenario; see the module."""
    facts = driver.facts
    yield from open_sidebar(driver)
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.add_inspection_scene")
    yield from driver.click(driver.found)
    yield lambda: driver.window.scene.name == "Inspection"
    settings = driver.window.scene.stainless
    picture, dataset = settings.picture, settings.dataset
    picture.width, picture.height, picture.samples = 245, 205, 4
    dataset.train, dataset.validation, dataset.test = 3, 0, 2
    home = Path.home()
    facts["folder"] = dataset.folder
    places = yield from headings(driver)
    yield from driver.click(places["dataset"])
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.render_dataset")
    button = driver.found
    driver.screenshot("1_dataset")

    out = home / "stainless" / "plates"
    facts["begun in"] = str(out)
    yield from driver.click(button)
    yield (out / "images" / "000000.png").exists
    yield driver.redrawn(10)
    driver.screenshot("2_rendering")
    before = settings.stain.radius
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "train")
    settings.stain.radius = before / 2  # the scene can be changed meanwhile
    yield (out / "dataset.json").exists
    yield driver.settled("3_done")
    driver.screenshot("4_done")
    facts["pictures"] = sorted(path.name for path in (out / "images").iterdir())

    dataset.name, dataset.test = "long", WAIT
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.render_dataset")
    yield from driver.click(driver.found)
    yield (home / "stainless" / "long" / "images" / "000000.png").exists
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.stop_dataset")
    yield from driver.click(driver.found)
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.render_dataset")
    driver.screenshot("5_stopped")
    facts["stopped at"] = len(list((home / "stainless" / "long" / "images").glob("0*.png")))
    facts["wanted"] = 3 + WAIT


if __name__ == "__main__":
    run(plates)
