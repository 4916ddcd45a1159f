"""Tracking of real runs, read back by MLflow's client and by TensorBoard's reader."""

import hashlib
import json
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from mlflow import MlflowClient
from omegaconf import OmegaConf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from tests.training.small_plates import TINY
from training.support.user_error import UserError
from training.tracking import settings as tracking_settings
from training.tracking.dataset_hash import dataset_sha256
from training.tracking.tracker import tracked

ROOT = Path(__file__).resolve().parents[3]


def door(module: str, *arguments: object, cwd: Path, status: int = 0) -> str:
    """Run a door as a user does; return its stderr."""
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        cwd=cwd,
        env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin", "HOME": str(cwd)},
        capture_output=True,
        text=True,
        check=False,
        timeout=800,
    )
    assert done.returncode == status, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def plates(tmp_path_factory) -> Path:
    """A dataset folder for all tests of this file: see tests/training/conftest.py."""
    from tests.training.conftest import stainless_folder

    return stainless_folder.__wrapped__(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def swept(tmp_path_factory, plates) -> Path:
    """A sweep of two rows on two processes, a finetuning and a meld, the first row evaluated twice; all tracked."""
    folder = tmp_path_factory.mktemp("mlflow")
    common, small = [f"dataset.root={plates}", "tracking=mlflow"], TINY[2:]
    joblib = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2"]
    door("training.train", "-m", *common, *TINY, "name=sweep", "anomaly_map.blur_sigma=1,2", *joblib, cwd=folder)
    door("training.finetune", *common, *small[1:], "source=runs/sweep/0", "name=fine", cwd=folder)
    rows = "sources=[runs/sweep/0,runs/sweep/1]"
    melded = [rows, f"dataset.root={plates}", "name=melded", "+anomaly_map.blur_sigma=1"]
    door("training.meld", "tracking=mlflow", *melded, cwd=folder)
    evaluate = ["model=runs/sweep/0", "tracking=mlflow", "bootstrap.resamples=0"]
    door("eval.evaluate", *evaluate, "minimum_coverage=0.5", cwd=folder)
    door("eval.evaluate", *evaluate, cwd=folder)
    return folder


@pytest.fixture(scope="module")
def recorded(swept):
    """The MLflow runs by name, and a function that lists a run's artifacts."""
    client = MlflowClient(f"sqlite:///{swept}/runs/mlflow.db")
    experiment = client.get_experiment_by_name("stainless")
    runs = client.search_runs([experiment.experiment_id])
    return {run.info.run_name: run for run in runs}, lambda run, path=None: client.list_artifacts(run.info.run_id, path)


def test_every_run_and_every_row_is_one_mlflow_run(recorded):
    runs, _ = recorded
    assert sorted(runs) == ["fine", "melded", "sweep/0", "sweep/1"]
    assert [runs[f"sweep/{row}"].data.params["anomaly_map.blur_sigma"] for row in (0, 1)] == ["1", "2"]
    assert {run.info.status for run in runs.values()} == {"FINISHED"}
    assert runs["fine"].data.params["source"] == "runs/sweep/0"
    assert not any(name.startswith("tracking") for run in runs.values() for name in run.data.params)


def test_settings_figures_and_hashes_are_those_of_the_run_folder(recorded, swept, plates):
    run, folder = recorded[0]["sweep/0"], swept / "runs" / "sweep" / "0"
    record = json.loads((folder / "training.json").read_text())
    metrics, tags = run.data.metrics, run.data.tags
    assert metrics["threshold"] == record["threshold"]["value"]
    assert metrics["validation.f1"] == record["threshold"]["f1"]
    assert metrics["coreset.size"] == 40
    assert metrics["epoch.replacements"] == record["coreset"]["epochs"][-1]["replacements"]
    assert run.data.params["coreset.epochs"] == "3"
    results = json.loads((folder / "evaluation" / "results.json").read_text())["metrics"]
    assert metrics["test.aupro"] == results["aupro"]
    assert metrics["test.pixels.true_positives"] == results["pixels"]["true_positives"]
    assert tags["evaluate.minimum_coverage"] == "0.0"  # of the second evaluation
    model = (folder / "coreset.safetensors").read_bytes()
    assert tags["model_sha256.coreset"] == hashlib.sha256(model).hexdigest()
    hashes = {value for name, value in tags.items() if name.startswith("dataset_sha256")}
    assert hashes == {dataset_sha256(plates)}


def test_the_model_file_and_the_pictures_are_kept(recorded, swept):
    runs, artifacts = recorded
    assert {"coreset.safetensors", "training.json", "suspects.csv", "pictures"} == {
        entry.path for entry in artifacts(runs["sweep/0"])
    }
    panels = {Path(entry.path).name for entry in artifacts(runs["sweep/0"], "pictures")}
    written = json.loads((swept / "runs" / "sweep" / "0" / "evaluation" / "results.json").read_text())["pictures"]
    assert panels == {Path(picture["panel"]).name for picture in written}
    assert len(panels) == 2
    stored = Path(runs["sweep/0"].info.artifact_uri.removeprefix("file://")) / "coreset.safetensors"
    assert stored.read_bytes() == (swept / "runs" / "sweep" / "0" / "coreset.safetensors").read_bytes()
    assert stored.is_relative_to(swept / "runs" / "mlflow_files")


def test_tensorboard_reads_figures_by_epoch_pictures_and_settings(tmp_path, plates):
    call = [f"dataset.root={plates}", *TINY, "name=group/one", "tracking=tensorboard"]
    door("training.train", *call, cwd=tmp_path)
    door("eval.evaluate", "model=runs/group/one", "tracking=tensorboard", cwd=tmp_path)
    folder = tmp_path / "runs" / "group" / "one"
    events = EventAccumulator(str(tmp_path / "runs" / "tensorboard" / "group" / "one"), size_guidance={"images": 0})
    events.Reload()
    record = json.loads((folder / "training.json").read_text())
    replacements = [event.value for event in events.Scalars("epoch/replacements")]
    epochs = [epoch["replacements"] for epoch in record["coreset"]["epochs"]]
    assert replacements[: len(epochs)] == epochs
    results = json.loads((folder / "evaluation" / "results.json").read_text())
    assert events.Scalars("test/aupro")[0].value == pytest.approx(results["metrics"]["aupro"], rel=1e-6)
    tags = events.Tags()
    assert len([tag for tag in tags["images"] if tag.startswith("pictures/")]) == len(results["pictures"])
    panel = folder / "evaluation" / results["pictures"][0]["panel"]
    shown = events.Images(f"pictures/{panel.stem}")[0].encoded_image_string
    assert np.array_equal(cv2.imdecode(np.frombuffer(shown, np.uint8), 1), cv2.imread(str(panel)))
    texts = {tag.removesuffix("/text_summary") for tag in tags["tensors"]}
    assert {"settings", "evaluate", "files"} <= texts
    said = events.Tensors("settings/text_summary")[0].tensor_proto.string_val[0].decode()
    assert "| coreset.size | 40 |" in said


def test_a_missing_tool_is_refused_before_anything_is_made(tmp_path, plates, monkeypatch):
    monkeypatch.setattr(tracking_settings, "find_spec", lambda _: None)
    cfg = OmegaConf.create({"tracking": {"tool": "mlflow", "store": "sqlite:///x.db"}})
    began = False
    with (
        pytest.raises(UserError, match=r"tracking=mlflow needs mlflow: uv sync --extra mlflow"),
        tracked(cfg, tmp_path),
    ):
        began = True
    assert not began
    assert not list(tmp_path.iterdir())


def test_a_store_that_cannot_be_used_is_one_line_and_the_run_is_complete(tmp_path, plates):
    (tmp_path / "file").write_text("no database")
    common = [f"dataset.root={plates}", *TINY, "name=one", "tracking=mlflow", "tracking.store=sqlite:///file"]
    said = door("training.train", *common, cwd=tmp_path, status=2)
    assert said.splitlines()[-1].startswith("error: runs/one is complete, but tracking.store=sqlite:///file failed: ")
    assert (tmp_path / "runs" / "one" / "coreset.safetensors").is_file()


def test_a_dataset_hash_is_of_contents_and_names_alone(tmp_path, plates):
    before = dataset_sha256(plates)
    copy = shutil.copytree(plates, tmp_path / "elsewhere")
    (copy / "README.md").write_text("a card")
    (copy / ".hidden.csv").write_text("x")
    assert dataset_sha256(copy) == before
    content = bytearray((copy / "masks" / "000001.png").read_bytes())
    content[-20] ^= 1
    (copy / "masks" / "000001.png").write_bytes(content)
    assert dataset_sha256(copy) != before
