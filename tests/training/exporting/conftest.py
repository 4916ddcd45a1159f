"""Trained once for all tests of a file: plates, a coreset and its exported file."""

from pathlib import Path

import pytest

from tests.training.exporting.small_runs import exported, trained_coreset, write_plates


@pytest.fixture(scope="module")
def plates(tmp_path_factory) -> Path:
    return write_plates(tmp_path_factory.mktemp("plates"))


@pytest.fixture(scope="module")
def coreset_run(plates, tmp_path_factory) -> Path:
    return trained_coreset(plates, tmp_path_factory.mktemp("coreset"))


@pytest.fixture(scope="module")
def coreset_file(coreset_run) -> Path:
    return exported(coreset_run)
