"""The zip is dropped on Blender's window, by the call that Blender makes for a file, over an older installation."""

import shutil
import sys
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from driver import Driver, run
from inspect_plate import centre, open_sidebar

MODULE = "bl_ext.user_default.stainless"


def dropped(driver: Driver):
    """The scenario; see the module."""
    facts = driver.facts
    yield lambda: driver.view is not None
    installed = Path(sys.modules[MODULE].__file__).parent
    bpy.ops.preferences.addon_disable(module=MODULE)
    shutil.rmtree(installed / "presets")  # something is amiss with the older one
    facts["before"] = [hasattr(bpy.types.Scene, "stainless"), (installed / "presets").exists()]
    zip_file = next(driver.out.parent.glob("stainless-*.zip"))
    driver.move(centre(driver))
    yield driver.redrawn()
    with bpy.context.temp_override(window=driver.window, area=driver.view, region=driver.region(driver.view, "WINDOW")):
        bpy.ops.extensions.package_install_files("INVOKE_DEFAULT", url=str(zip_file))
    yield driver.redrawn(5)
    driver.screenshot("1_dialog")
    driver.key("RET", centre(driver))
    yield lambda: hasattr(bpy.types.Scene, "stainless")
    facts["after"] = [True, (installed / "presets").exists()]
    yield from open_sidebar(driver)
    driver.screenshot("2_sidebar")


if __name__ == "__main__":
    run(dropped)
