"""The end of a process that has rendered with OSL."""

import os
import shutil
import sys
from typing import NoReturn

import bpy


def leave(status: int) -> NoReturn:
    """End the process with `status`.

    If OSL was on, skip Blender's teardown, which can wait forever for OSL's threads. All files are complete by then.
    """
    if getattr(getattr(bpy.context.scene, "cycles", None), "shading_system", False):
        shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
