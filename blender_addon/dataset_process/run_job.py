"""Entry of the process that renders a dataset; it runs in a Blender without a window and without this extension.

The job runner imports the add-on as `blender_addon`. In the zip its folder has another name, so this file loads the
folder under the name that the runner expects.
"""

import importlib.util
import runpy
import sys
from pathlib import Path

ADD_ON = Path(__file__).resolve().parent.parent
NAME = "blender_addon"


def load_add_on() -> None:
    """Load the add-on's folder as the package `blender_addon`."""
    spec = importlib.util.spec_from_file_location(
        NAME, ADD_ON / "__init__.py", submodule_search_locations=[str(ADD_ON)]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"{ADD_ON} holds no add-on")
    module = importlib.util.module_from_spec(spec)
    sys.modules[NAME] = module
    spec.loader.exec_module(module)


if __name__ == "__main__":
    split = sys.argv.index("--")
    script = sys.argv[split + 1]
    sys.argv = [script, "--", *sys.argv[split + 2 :]]
    load_add_on()
    runpy.run_path(script, run_name="__main__")
