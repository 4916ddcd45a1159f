"""A real Blender, with a window, in a Debian root: its own mounts, its own screen, its own settings."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCREEN = "1280x1000"
IN_ROOT = "/trial"  # where the test's folder is seen inside
WITH_SCREEN = f"""
Xvfb :1 -screen 0 {SCREEN}x24 -fbdir {IN_ROOT}/screen -nocursor -nolisten tcp &
until [ -e /tmp/.X11-unix/X1 ]; do sleep 0.1; done
DISPLAY=:1 "$@"
"""
# No network: nothing phones out. The first process of the process namespace takes all others with it when it ends.
NAMESPACES = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation", "private")
PROGRAM = """
set -e
mount -t proc proc "$ROOT/proc"
mount --rbind /dev "$ROOT/dev"
mount -t tmpfs tmpfs "$ROOT/tmp"
mkdir -p "$ROOT/trial"
mount --bind "$WORK" "$ROOT/trial"
exec chroot "$ROOT" /usr/bin/env -i PATH=/usr/sbin:/usr/bin HOME=/trial/home LC_ALL=C.UTF-8 \
  BLENDER_USER_RESOURCES=/trial/user LIBGL_ALWAYS_SOFTWARE=1 LP_NUM_THREADS=2 "$@"
"""


@dataclass(frozen=True)
class BlenderRoot:
    """A Debian root and a folder that is /trial in it."""

    root: Path
    work: Path

    def run(self, *command: str, timeout: float) -> str:
        """Run a command inside, in namespaces that end with it; return what it said.

        Raises RuntimeError with what it said if it fails or takes too long. Blender's words are in work/log.txt, too.
        """
        (self.work / "home").mkdir(exist_ok=True)
        path = self.work / "log.txt"
        with path.open("w") as log:
            done = subprocess.run(
                ["timeout", "--kill-after=5", str(timeout), *NAMESPACES, "sh", "-c", PROGRAM, "sh", *command],
                env={**os.environ, "ROOT": str(self.root), "WORK": str(self.work)},
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
            )
        said = path.read_text(errors="replace")
        if done.returncode:
            raise RuntimeError(f"{' '.join(command[:3])} ended with {done.returncode}: {said[-3000:]}")
        return said

    def extension(self, *arguments: str) -> str:
        """Run `blender --command extension`."""
        return self.run("blender", "--command", "extension", *arguments, timeout=120)

    def play(self, scenario: Path, timeout: float = 900) -> dict:
        """Open a window, let a scenario play in it; return its facts. Screenshots lie in work/<scenario's name>."""
        out = self.work / scenario.stem
        out.mkdir()
        (self.work / "screen").mkdir(exist_ok=True)
        shutil.copytree(scenario.parent, self.work / "in_blender", dirs_exist_ok=True)
        self.run(
            *("sh", "-c", WITH_SCREEN, "sh"),
            *("blender", "--enable-event-simulate", "--window-geometry", "0", "0", *SCREEN.split("x")),
            *("--python", f"{IN_ROOT}/in_blender/{scenario.name}", "--", f"{IN_ROOT}/{scenario.stem}"),
            timeout=timeout,
        )
        return json.loads((out / "facts.json").read_text())
