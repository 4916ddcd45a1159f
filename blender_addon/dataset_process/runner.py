"""The job runner's place and the command that starts it in a Blender of its own.

The extension's zip holds the runner in the folder `runner`. In a source checkout the runner lies beside the add-on.
"""

import sys
from pathlib import Path

import bpy

ADD_ON = Path(__file__).resolve().parent.parent
PLACES = (ADD_ON / "runner", ADD_ON.parent)  # in the zip, in a checkout
SCRIPT = Path("render_jobs", "render_dataset.py")
ENTRY = Path(__file__).resolve().with_name("run_job.py")
MISSING = "This copy of Stainless has no job runner; install the zip that scripts/build_extension.py builds"
RESTART_AFTER = 200  # pictures; a new process then takes over, because Blender's memory grows slowly


def runner_script() -> Path | None:
    """Return the script that renders a job, or None if this copy of the add-on has none."""
    return next((place / SCRIPT for place in PLACES if (place / SCRIPT).exists()), None)


def runner_command(job: Path, dataset: Path) -> list[str]:
    """Return the command that renders a job file into a dataset folder and prints events.

    Raises FileNotFoundError, with what to do, if there is no runner.
    """
    script = runner_script()
    if script is None:
        raise FileNotFoundError(MISSING)
    if bpy.app.binary_path:
        program = [bpy.app.binary_path, "--background", "--factory-startup", "--python-exit-code", "1", "--python"]
    else:  # Blender is a module of this Python
        program = [sys.executable]
    options = ["--job", str(job), "--out", str(dataset), "--events", "--at-most", str(RESTART_AFTER)]
    return [*program, str(ENTRY), "--", str(script), *options]
