"""The dataset that the window's button renders in a Blender of its own."""

import json
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

pytestmark = [pytest.mark.blender, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def small(addon, inspection, tmp_path):
    """A dataset of two small plates, the first without stains."""
    settings = inspection.stainless
    dataset = settings.dataset
    dataset.folder, dataset.name = str(tmp_path), "small.plates"
    dataset.train, dataset.validation, dataset.test = 1, 0, 1
    dataset.train_stains = False
    settings.picture.width, settings.picture.height, settings.picture.samples = 61, 51, 1
    return settings


def test_the_button_renders_the_exported_dataset(addon, small, tmp_path):
    from blender_addon.dataset_process import current
    from blender_addon.operators.open_results import last_picture, results_folder

    assert addon.ops.stainless.render_dataset() == {"FINISHED"}
    out = tmp_path / "small.plates"
    assert json.loads((out / "dataset.json").read_text())["format"] == "stainless-dataset"
    job = json.loads((tmp_path / "small.plates.json").read_text())
    assert [split["water_stains"] for split in job["splits"]] == [False, True]
    progress = current.progress()
    assert (progress.done, progress.total, progress.complete, progress.failed) == (2, 2, True, {})
    assert progress.message == "All 2 pictures are rendered"
    assert progress.last_picture == out / "images" / "000001.png"
    current.last_picture_icon()
    assert len(addon.data.images) == 0  # the icon is no part of the file
    assert (results_folder(small), last_picture(small)) == (out, out / "images" / "000001.png")

    small.dataset.seed = 5  # another job: the folder keeps its own
    with pytest.raises(RuntimeError, match="holds the samples of another job"):
        addon.ops.stainless.render_dataset()


def test_a_stopped_dataset_goes_on_where_it_was(addon, small, tmp_path):
    from blender_addon.dataset_process import current
    from blender_addon.settings.job import dataset_job, job_text

    small.dataset.test = 30
    small.picture.samples = 16
    job = tmp_path / "job.json"
    job.write_text(job_text(dataset_job(small)))
    process = current.start(job, tmp_path / "out")
    with pytest.raises(RuntimeError, match="A dataset is being rendered"):
        current.start(job, tmp_path / "other")
    deadline = time.monotonic() + 120
    while process.progress.done == 0 and time.monotonic() < deadline:
        process.poll()
        time.sleep(0.02)
    addon.ops.stainless.stop_dataset()
    assert 0 < process.progress.done < 31
    assert process.progress.ended
    assert not current.is_running()
    again = current.start(job, tmp_path / "out")
    while again.progress.total == 0 and time.monotonic() < deadline:
        again.poll()
        time.sleep(0.02)
    assert again.progress.done >= process.progress.done
    current.stop()


def test_the_installed_zip_renders_without_the_project(addon, small, tmp_path):
    command = [sys.executable, "scripts/build_extension.py", "--out", str(tmp_path / "dist")]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    (archive,) = (tmp_path / "dist").iterdir()
    installed = tmp_path / "stainless"
    with zipfile.ZipFile(archive) as built:
        built.extractall(installed)
    from blender_addon.settings.job import dataset_job, job_text

    job = tmp_path / "job.json"
    job.write_text(job_text(dataset_job(small)))
    entry, script = installed / "dataset_process" / "run_job.py", installed / "runner/render_jobs/render_dataset.py"
    options = ["--job", str(job), "--out", str(tmp_path / "out"), "--events"]
    done = subprocess.run(
        [sys.executable, str(entry), "--", str(script), *options],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "dataset.json").is_file()


def test_a_copy_without_the_runner_says_what_to_do(addon, small, monkeypatch, tmp_path):
    from blender_addon.dataset_process import runner

    monkeypatch.setattr(runner, "PLACES", (tmp_path,))
    assert not addon.ops.stainless.render_dataset.poll()
    with pytest.raises(FileNotFoundError, match="no job runner; install the zip"):
        runner.runner_command(tmp_path, tmp_path)


def test_a_name_that_is_no_folder_is_refused(addon, small, tmp_path):
    small.dataset.name = "../plates"
    with pytest.raises(RuntimeError, match="cannot be a folder"):
        addon.ops.stainless.render_dataset()
    assert not list(tmp_path.glob("*.json"))
