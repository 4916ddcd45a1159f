"""Other stains on a plate: Randomise, undo, redo, presets of the add-on's and of one's own."""

import faulthandler
import sys
import time
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import Driver, run
from inspect_plate import centre, headings, open_sidebar, quick

RIGHT = (0.84, 0.82, 0.86)  # where across the sidebar the last of a row's buttons is
OWN = "zinc"  # last in the menu
# Pixels: the presets' button to the right of the radius, above it; "Default" below that, from one preset to the next.
BESIDE, BUTTON, FIRST, PITCH = 12, 55, 39.5, 20.8
HANGS = 100.0  # seconds after which Blender has to tell where it stands


def plate(driver: Driver):
    """The scenario; see the module."""
    facts = driver.facts
    yield from open_sidebar(driver)
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "bpy.ops.stainless.add_inspection_scene")
    yield from driver.click(driver.found)
    yield lambda: driver.window.scene.name == "Inspection"
    quick(driver.window.scene)
    driver.view.spaces.active.shading.type = "RENDERED"
    bpy.ops.ed.undo_push(message="Preview")
    facts["box"] = driver.viewport_box()
    yield driver.settled("1_plate")

    places = yield from headings(driver)
    yield from driver.click(places["random"])
    sidebar = driver.region(driver.view, "UI")
    yield from driver.find(driver.view, sidebar, "bpy.ops.stainless.randomise(step='NEXT'", RIGHT)
    first = _stain(driver)
    yield from driver.click(driver.found)
    yield lambda: driver.window.scene.stainless.random_seed == 1
    facts["randomised"] = [first, _stain(driver)]
    yield driver.settled("2_random", "1_plate")

    driver.key("Z", centre(driver), ctrl=True)
    yield lambda: driver.window.scene.stainless.random_seed == 0
    yield driver.shows_again("1_plate")
    facts["undone"] = _stain(driver)
    with (driver.out / "redo.txt").open("w") as said:
        faulthandler.dump_traceback_later(HANGS, file=said)
        driver.key("Z", centre(driver), ctrl=True, shift=True)
        begun = time.monotonic()
        yield lambda: driver.window.scene.stainless.random_seed == 1
        yield driver.shows_again("2_random")
        faulthandler.cancel_dump_traceback_later()
    facts["seconds to redo"] = time.monotonic() - begun
    facts["redone"] = _stain(driver)
    yield from driver.click(places["random"])

    yield from presets(driver)


def presets(driver: Driver):
    """Choose one that comes with the add-on; save one of one's own; choose others and have it back."""
    facts = driver.facts
    yield from driver.find(driver.view, driver.region(driver.view, "UI"), "radius")
    radius = driver.found
    driver.screenshot("3_before_presets")
    yield from open_menu(driver, radius)
    driver.screenshot("4_menu")
    yield from choose(driver, radius, built_in().index("Dense_Spray"))
    yield driver.settled("5_dense_spray", "3_before_presets")
    facts["still the camera's view"] = driver.view.spaces.active.region_3d.view_perspective
    facts["dense spray"] = whole_stain(driver)

    yield from driver.drag(radius, -8, lambda: None)
    own = driver.window.scene.stainless.stain.radius
    with bpy.context.temp_override(window=driver.window, area=driver.view, region=driver.region(driver.view, "WINDOW")):
        bpy.ops.stainless.save_preset(name=OWN)
    folder = Path(bpy.utils.user_resource("SCRIPTS", path="presets/stainless"))
    facts["saved"] = [path.name for path in folder.iterdir()]

    yield from open_menu(driver, radius)
    yield from choose(driver, radius, built_in().index("Faint_Film"))
    yield lambda: driver.window.scene.stainless.stain.radius != own
    facts["faint film"] = whole_stain(driver)
    yield from open_menu(driver, radius)
    driver.screenshot("7_menu_with_own")
    yield from choose(driver, radius, len(built_in()))
    yield lambda: driver.window.scene.stainless.stain.radius == own
    facts["own"] = [own, whole_stain(driver)]
    yield driver.settled("8_own")


def built_in() -> list[str]:
    """The rows of the menu before one's own presets: the default, and those of the extension."""
    extension = Path(sys.modules["bl_ext.user_default.stainless"].__file__).parent
    return ["Default", *sorted(path.stem for path in (extension / "presets" / "stainless").glob("*.json"))]


def open_menu(driver: Driver, radius: tuple[int, int]):
    """Click the button of the presets in the heading, above the field of the radius."""
    yield from driver.click((radius[0] + BESIDE, radius[1] + BUTTON))
    yield driver.redrawn(10)


def choose(driver: Driver, radius: tuple[int, int], number: int):
    """Click a preset in the open menu, which stays open until Esc."""
    yield from driver.click(row(radius, number))
    driver.key("ESC", row(radius, number))
    yield driver.redrawn(5)


def row(radius: tuple[int, int], number: int) -> tuple[int, int]:
    """The place of a preset in the menu."""
    return radius[0], radius[1] + BUTTON - round(FIRST + PITCH * number)


def whole_stain(driver: Driver) -> dict[str, float]:
    """Everything that a preset may set."""
    stain = driver.window.scene.stainless.stain
    numbers = {"FLOAT", "INT", "BOOLEAN"}
    return {
        prop.identifier: getattr(stain, prop.identifier) for prop in stain.bl_rna.properties if prop.type in numbers
    }


def _stain(driver: Driver) -> dict[str, float]:
    stain = driver.window.scene.stainless.stain
    return {name: getattr(stain, name) for name in ("radius", "cell_size", "intensity", "decay", "seed_offset")}


if __name__ == "__main__":
    run(plate)
