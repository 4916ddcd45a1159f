"""The program that made a result: versions of the relevant packages, and the git commit of the sources."""

import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("stainless", "torch", "torchvision", "numpy", "numba")


@cache
def software_versions() -> dict[str, str]:
    """Return the versions of Stainless, of the packages that compute, and of Python, and the sources' git commit.

    A "+" after the commit marks changed files. The commit is left out if the sources are not a checkout.
    """
    found = {name: metadata.version(name) for name in _PACKAGES} | {"python": platform.python_version()}
    commit = _git("rev-parse", "HEAD")
    if commit and (_ROOT / ".git").exists():  # not another checkout whose folder contains our installation
        changed = _git("status", "--porcelain", "--untracked-files=no", "--", "training", "eval", "conf")
        found["commit"] = commit[:12] + ("+" if changed else "")
    return found


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(_ROOT), *arguments], capture_output=True, text=True, check=False, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
