"""The installed command ``stainless``, as a user types it."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from safetensors import safe_open

from tests.training.conftest import stainless_folder  # noqa: F401 (a fixture)
from tests.training.small_plates import TINY

PROGRAM = shutil.which("stainless", path=sysconfig.get_path("scripts"))

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="the project is not installed here (uv sync)")


def stainless(*arguments, cwd=None, env=None):
    return subprocess.run(
        [PROGRAM, *map(str, arguments)], cwd=cwd, env=env, capture_output=True, text=True, check=False, timeout=300
    )


@pytest.mark.skipif(sys.platform == "win32", reason="CPU seconds of children as POSIX counts them")
def test_help_teaches_at_once(tmp_path):
    before = os.times()
    done = stainless("--help", cwd=tmp_path)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    assert done.returncode == 0
    assert "stainless train dataset=mvtec" in done.stdout
    assert done.stdout == stainless(cwd=tmp_path).stdout
    assert spent < 0.3  # seconds of CPU; 0.04 on the machine that wrote this


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["import-labellme"],
            "error: stainless has no command import-labellme; did you mean import-labelme?; "
            "stainless --help lists all commands\n",
        ),
        (["train_defect_map"], "error: stainless has no command train_defect_map; did you mean train-defect-map?"),
        (["xyzzy"], "error: stainless has no command xyzzy; stainless --help lists all commands\n"),
        (["completion", "csh"], "error: stainless completion: name one of the shells bash, zsh, fish\n"),
        (["completion"], "error: stainless completion: name one of the shells bash, zsh, fish\n"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(arguments, message):
    done = stainless(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(message)
    assert done.stderr.count("\n") == 1


def test_a_door_gets_its_arguments_and_its_exit_code(tmp_path):
    help_page = stainless("train", "--help", cwd=tmp_path)
    module = subprocess.run(
        [sys.executable, "-m", "training.train", "--help"],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert help_page.returncode == 0
    assert help_page.stdout.splitlines()[0] == module.stdout.splitlines()[0]
    assert len(help_page.stdout.splitlines()) == len(module.stdout.splitlines())
    refused = stainless("import-coco", "absent", "--out", "out", cwd=tmp_path)
    assert refused.returncode == 2
    assert "absent" in refused.stderr
    assert not list(tmp_path.iterdir())


def test_a_sweep_in_other_processes_runs_from_another_folder(tmp_path, stainless_folder):  # noqa: F811
    settings = [f"dataset.root={stainless_folder}", *TINY, "name=sweep", "paths.runs=runs"]
    done = stainless("train", "-m", *settings, "coreset.size=8,9", "hydra/launcher=joblib", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    for row, size in enumerate((8, 9)):
        with safe_open(tmp_path / "runs" / "sweep" / str(row) / "coreset.safetensors", "numpy") as file:
            assert file.get_tensor("features").shape[0] == size


def test_without_blender_rendering_says_what_to_do(tmp_path):
    """A Python that sees the project's packages, but neither bpy nor a program blender, as a plain tool install."""
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util\n"
        "_find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name, package=None: None if name == 'bpy' else _find(name, package)\n"
    )
    environment = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(hidden)}
    for arguments in (["render", "out=plates"], ["quickstart"]):
        done = stainless(*arguments, cwd=tmp_path, env=environment)
        assert done.returncode == 2
        assert done.stderr.startswith("error: no Blender here: install Stainless with it")
        assert [path.name for path in tmp_path.iterdir()] == ["hidden"]
