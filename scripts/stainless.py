"""The command ``stainless``: hand the arguments of a subcommand to its door, unchanged.

Nothing else is imported before the door is known, so that ``stainless --help`` answers at once.
"""

import runpy
import sys
from collections.abc import Sequence

from scripts.commands.completion import OWN, SHELLS
from scripts.commands.overview import overview
from scripts.commands.table import COMMANDS

USER_MISTAKE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; a door ends the process with its own status. Return 0, or 2 after a user's mistake."""
    name, *rest = list(sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if name in ("--help", "-h", "help"):
        print(overview())
        return 0
    if name == "--version":
        from importlib.metadata import version

        print(f"stainless {version('stainless')}")
        return 0
    if name == "completion":
        return _completion(rest)
    command = COMMANDS.get(name)
    if command is None:
        return _refuse(f"stainless has no command {name}{_nearest(name)}; stainless --help lists all commands")
    sys.argv = [f"stainless {name}", *rest]
    runpy.run_module(command.module, run_name="__main__", alter_sys=True)
    return 0


def _completion(arguments: Sequence[str]) -> int:
    if len(arguments) != 1 or arguments[0] not in SHELLS:
        return _refuse(f"stainless completion: name one of the shells {', '.join(SHELLS)}")
    print(SHELLS[arguments[0]](), end="")
    return 0


def _nearest(name: str) -> str:
    """Return a hint at the nearest command's name, or nothing."""
    from difflib import get_close_matches

    near = get_close_matches(name.replace("_", "-"), [*COMMANDS, *OWN], n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _refuse(message: str) -> int:
    print(f"error: {message}", file=sys.stderr)
    return USER_MISTAKE


if __name__ == "__main__":
    sys.exit(main())
