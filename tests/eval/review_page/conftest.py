"""Real predictions of a small model, to be reviewed."""

import shutil
from pathlib import Path

import pytest

from tests.eval.small_plates import compose_config
from tests.training.configured import predict_run


@pytest.fixture(scope="session")
def found_original(tmp_path_factory: pytest.TempPathFactory, run_original: Path, plates_original: Path) -> Path:
    """Five findings, each a scratch, and four pictures without one."""
    output = tmp_path_factory.mktemp("predictions") / "found"
    paths = [f"model={run_original}", f"input={plates_original / 'images'}", f"output={output}", "device=cpu"]
    predict_run(compose_config("predict", paths))
    return output


@pytest.fixture
def found(tmp_path: Path, found_original: Path) -> Path:
    """Return a copy of the predictions for one test."""
    return Path(shutil.copytree(found_original, tmp_path / "found"))
