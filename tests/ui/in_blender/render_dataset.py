"""A dataset in an unsaved file: rendered beside the window, with progress, last picture and stop."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import Driver, run
from inspect_plate import CLOSED, HEADING, open_sidebar

FIELD_TO_PANEL = 50  # pixels from the upper part of the first field up to its panel's heading
STOP = "bpy.ops.stainless.stop_dataset"
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
    yield from open_dataset(driver)
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
    yield from driver.find(
        driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.stop_dataset", (0.88, 0.86, 0.9)
    )
    yield from driver.click(driver.found)
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.render_dataset")
    driver.screenshot("5_stopped")
    facts["stopped at"] = len(list((home / "stainless" / "long" / "images").glob("0*.png")))
    facts["wanted"] = 3 + WAIT


def open_dataset(driver: Driver):
    """Close the stains' panel, which would leave no room, and open the Dataset panel."""
    yield driver.redrawn(20)
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "radius")
    x, stain = driver.region(driver.view, "UI").x + 60, driver.found[1] + FIELD_TO_PANEL
    yield from driver.click((x, stain))
    yield driver.redrawn(10)
    below = CLOSED.index("dataset") - CLOSED.index("surface") + 1
    yield from driver.click((x, stain - HEADING * below))
    yield driver.redrawn(10)


if __name__ == "__main__":
    run(plates)
