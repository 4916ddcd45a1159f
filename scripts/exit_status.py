"""The end of a program that renders and trains: its exit status, and one line for what went wrong."""

import sys
from collections.abc import Callable
from pathlib import Path

from scripts.rendering.process import RenderError
from training.support.user_error import UserError

AGAIN = "run the same command again: finished parts are kept"


def exit_status(task: Callable[[], object], out: Path) -> int:
    """Call the task, which writes into ``out``, and return the exit status.

    It is 0; 2 for a user's mistake or a folder that cannot be used; 1 if Blender fails; 130 if interrupted.
    """
    try:
        task()
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except RenderError as error:
        print(f"error: {error} ({AGAIN})", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {error.filename or out}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"interrupted ({AGAIN})", file=sys.stderr)
        return 130
    return 0
