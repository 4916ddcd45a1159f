"""The oldest Blender that is supported, 4.2 LTS, in an environment of its own: the same tests must pass in it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.blender, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]
# What uv says where the package index or Python 3.11 is out of reach, or bpy has no wheel for the platform.
UNAVAILABLE = (
    "Failed to fetch",
    "Failed to download",
    "network was disabled",
    "No interpreter found",
    "matching platform tag",
)


@pytest.fixture(scope="module")
def blender_4_2(tmp_path_factory):
    uv = shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed")
    folder = tmp_path_factory.mktemp("blender-4.2") / "venv"
    for arguments in (
        ["venv", "--quiet", "--python", "3.11", str(folder)],
        ["pip", "install", "--quiet", "--python", str(folder), "bpy==4.2.*", "numpy<2", "pytest", "pytest-timeout"],
    ):
        done = subprocess.run([uv, *arguments], capture_output=True, text=True, check=False, timeout=600)
        if done.returncode and any(missing in done.stderr for missing in UNAVAILABLE):
            pytest.skip(f"bpy 4.2 cannot be had here: {done.stderr.strip()}")
        assert done.returncode == 0, done.stderr
    return folder / ("Scripts" if sys.platform == "win32" else "bin") / "python"


def test_agreement_in_blender_4_2(blender_4_2):
    tests = [
        ROOT / "tests" / "blender_addon" / "water_stain" / f"test_{name}.py" for name in ("reference", "renderers")
    ]
    # That environment has no pytest-xdist, so the project's own options are left out.
    done = subprocess.run(
        [blender_4_2, "-m", "pytest", "-q", "-o", "addopts=", "--noconftest", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout[-3000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout
    version = subprocess.run(
        [blender_4_2, "-c", "import bpy; print(bpy.app.version[:2])"], capture_output=True, text=True, check=True
    )
    assert "(4, 2)" in version.stdout
