"""A Debian root with a real Blender in it, and the extension installed from its zip."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import pytest

from tests.ui.blender_window import BlenderRoot

ROOT = Path(__file__).resolve().parents[2]
SCENARIOS = Path(__file__).resolve().parent / "in_blender"
QUIET = """
import bpy
bpy.context.preferences.view.show_splash = False
bpy.context.preferences.inputs.use_mouse_continuous = False  # it would warp a mouse that is not there
bpy.ops.wm.save_userpref()
"""


@pytest.fixture(scope="session")
def blender(tmp_path_factory) -> BlenderRoot:
    """Blender 4.3.2 with the extension; skips with the reason where there can be none."""
    if not sys.platform.startswith("linux") or shutil.which("unshare") is None:
        pytest.skip("a Debian root needs Linux")
    if os.geteuid() != 0:
        pytest.skip("only root may enter a Debian root (chroot)")
    found = subprocess.run([ROOT / "scripts" / "ui_test_root.sh"], capture_output=True, text=True, check=False)
    if found.returncode == 3:
        pytest.skip(found.stderr.strip().splitlines()[-1])
    assert found.returncode == 0, found.stderr
    work = tmp_path_factory.mktemp("ui")
    build = [sys.executable, str(ROOT / "scripts" / "build_extension.py"), "--out", str(work)]
    subprocess.run(build, check=True, capture_output=True, cwd=ROOT)
    (archive,) = work.glob("stainless-*.zip")
    inside = BlenderRoot(Path(found.stdout.strip()), work)
    said = inside.extension("install-file", "-r", "user_default", "--enable", f"/trial/{archive.name}")
    assert 'Installed "stainless"' in said
    inside.run("blender", "-b", "--python-expr", QUIET, timeout=120)
    return inside


@pytest.fixture(scope="session")
def play(blender, request):
    """Play a scenario once; return its facts and a function that reads its screenshots, RGB.

    The screenshots are kept as PNG in runs/ui, to be looked at.
    """
    kept = ROOT / "runs" / "ui"

    def played(name: str):
        try:
            facts = blender.play(SCENARIOS / f"{name}.py")
        finally:
            for shot in sorted((blender.work / name).glob("*.ppm")):
                (kept / name).mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(kept / name / f"{shot.stem}.png"), cv2.imread(str(shot)))
        assert facts["failure"] is None, facts["failure"]
        return facts, lambda shot: cv2.imread(str(blender.work / name / f"{shot}.ppm"))[..., ::-1]

    return played
