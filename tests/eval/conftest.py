"""Fixtures: a small dataset, and a model trained on it with seeded random weights."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.runs.settings import RunEvaluationSettings, read_settings
from tests.eval.small_plates import compose_config, train_into, write_dataset


@pytest.fixture(scope="session")
def plates_original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("data") / "plates"
    return write_dataset(root, ["train"] * 4 + ["validation"] * 2 + ["test"] * 3, seed=7)


@pytest.fixture(scope="session")
def run_original(tmp_path_factory: pytest.TempPathFactory, plates_original: Path) -> Path:
    return train_into(tmp_path_factory.mktemp("runs") / "plates", plates_original)


@pytest.fixture
def plates(tmp_path: Path, plates_original: Path) -> Path:
    """Return a copy of the dataset for one test."""
    return Path(shutil.copytree(plates_original, tmp_path / "plates"))


@pytest.fixture
def run_folder(tmp_path: Path, run_original: Path) -> Path:
    """Return a copy of the trained run folder for one test."""
    return Path(shutil.copytree(run_original, tmp_path / "run"))


@pytest.fixture
def evaluate_settings() -> Callable[..., RunEvaluationSettings]:
    return lambda *overrides: read_settings(compose_config("evaluate", ["device=cpu", *overrides]))
