"""scripts/render.py: every render config composes to a valid job; mistakes give one line."""

import json
import re
import subprocess
import sys
from itertools import product
from pathlib import Path

import cv2
import numpy as np
import pytest
from hydra import compose, initialize_config_dir

from scripts.render import composed_job
from scripts.rendering.process import default_execution, run_render_job
from training.support.entry_point import CONF_FOLDER
from training.support.user_error import UserError

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = sorted(path.stem for path in (CONF_FOLDER / "render").glob("*.yaml") if path.stem != "plate")
LIGHTS = sorted(path.stem for path in (CONF_FOLDER / "light").glob("*.yaml"))


def job(*overrides: str) -> dict:
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        return composed_job(compose("render", [*overrides]))


@pytest.mark.parametrize(("version", "light"), [*product(VERSIONS, LIGHTS)])
def test_every_version_under_every_light_is_a_valid_job(version, light):
    composed = job(f"render={version}", f"light={light}")
    assert composed["light"]["name"] == light
    assert sum(split["plates"] for split in composed["splits"]) > 0


def test_the_papers_versions_have_80_plates_of_full_size():
    for version in ("synth", "synth_ws"):
        composed = job(f"render={version}")
        assert [split["plates"] for split in composed["splits"]] == [80]
        assert (composed["image"]["width"], composed["image"]["height"]) == (2448, 2050)


def test_a_wrong_number_is_the_users_mistake():
    with pytest.raises(UserError, match=r"image\.width must be at least 8"):
        job("job.image.width=-5")


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("+job.scratch.lenght=1", "did you mean 'scratch.length'?"),
        ("job.dent.radius=-0.1", "dent.radius must be at least"),
        ("render=nonsense", "nonsense"),
        ("blender=/nowhere/blender", "cannot start"),
    ],
)
def test_the_command_says_what_is_wrong(tmp_path, override, words):
    command = [sys.executable, str(ROOT / "scripts" / "render.py"), override, f"out={tmp_path / 'out'}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_job_of_a_farm_is_what_is_rendered_here(tmp_path):
    command = [sys.executable, str(ROOT / "scripts" / "render.py"), "render=synth", "light=rot90", "job_file=job.json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "job.json").read_text()) == job("render=synth", "light=rot90")
    assert [path.name for path in tmp_path.iterdir()] == ["job.json"]


def test_a_bare_worker_has_the_same_bounds_as_the_configuration():
    """Blender's Python reads no YAML: the worker's own defaults are compared with conf/render.yaml here."""
    execution = default_execution()
    text = (ROOT / "render_jobs" / "render_dataset.py").read_text()
    for option, name in (("--attempts", "attempts"), ("--lease-seconds", "lease_seconds")):
        (found,) = re.findall(rf'"{option}",\s*type=_positive,\s*default=(\d+)', text)
        assert int(found) == execution[name]


def test_the_status_of_nothing_is_the_users_mistake(tmp_path):
    command = [sys.executable, str(ROOT / "scripts" / "render.py"), "status=true", f"out={tmp_path / 'nowhere'}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.returncode == 2
    assert "no job was begun there" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.blender
def test_the_front_end_renders_and_reports_blenders_reason(tmp_path):
    pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")
    tiny = job("render=synth", "job.image.width=64", "job.image.height=48", "job.image.samples=1")
    tiny["splits"][0]["plates"] = 2
    execution = default_execution()
    execution.samples = "1:2"
    run_render_job(tiny, tmp_path / "tiny", execution)
    assert [path.name for path in (tmp_path / "tiny" / "images").iterdir()] == ["000001.png"]
    assert cv2.imread(str(tmp_path / "tiny" / "images" / "000001.png")).shape == (48, 64, 3)
    execution.samples = "1:9"
    with pytest.raises(UserError, match="--samples 1:9: not a range"):
        run_render_job(tiny, tmp_path / "tiny", execution)


def test_pod_plates_spread_the_sizes_evenly_on_a_log_scale():
    pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")
    from blender_addon.blemishes.kinds import kind_named
    from blender_addon.job.definition import job_of

    composed = job("render=pod")
    plans = job_of(composed)
    assert composed["log_uniform"]["dent"] == ["radius", "depth"]
    ends = {"scratch": ("width", "length"), "dent": ("radius", "depth"), "bump": ("radius", "height")}
    for name, parameters in ends.items():
        kind = kind_named(name)
        drawn = [kind.draw(np.random.default_rng(n), plans.blemish_ranges(name)) for n in range(400)]
        for parameter in parameters:
            low, high = composed[name][parameter]
            places = np.log([getattr(entry, parameter) / low for entry in drawn]) / np.log(high / low)
            assert 0 <= places.min() < places.max() <= 1
            # Quarters of the log scale have a quarter of the flaws each, within four standard deviations.
            assert np.abs(np.histogram(places, 4, (0, 1))[0] - 100).max() < 4 * 8.7
    assert all(drawn.get("parallels", 1) == 1 for drawn in (composed["scratch"], composed["dent"]))


@pytest.mark.parametrize(
    ("override", "words"),
    [
        ("job.dent.radius=0.001", "dent.radius is no range"),
        ("job.dent.depth=[0.0,0.001]", "must start above 0"),
        ("job.log_uniform.dent=[radios]", "log_uniform.dent"),
    ],
)
def test_pod_plates_with_a_wrong_log_range_are_refused(override, words):
    with pytest.raises(UserError, match=words):
        job("render=pod", override)
