"""The Blender that renders: this Python with bpy, or a program."""

import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from training.support.user_error import UserError

ENTRY = Path(__file__).resolve().parents[2] / "render_jobs" / "render_dataset.py"
PROGRAM = "blender"


def blender_command(blender: str | None) -> list[str]:
    """Return the command that runs a render job; the job's own options follow it.

    ``blender`` is a program. None takes the bpy of this Python, or else the program ``blender`` on the PATH.
    Raises UserError, with what to do, if there is neither.
    """
    if blender is None and find_spec("bpy") is not None:
        return [sys.executable, str(ENTRY), "--"]
    program = blender or shutil.which(PROGRAM)
    if program is None:
        raise UserError(
            "no Blender here: install Stainless with it (uv sync, or uv tool install '.[blender,weights]'), "
            "or put a blender program, 4.2 LTS or later, on the PATH"
        )
    return [program, "--background", "--factory-startup", "--python-exit-code", "1", "--python", str(ENTRY), "--"]
