"""Made once for all tests here: plates, a coreset and its exported file, a defect map."""

from pathlib import Path

import pytest

from tests.training.exporting.small_runs import exported, trained_coreset, trained_defect_map, write_plates


@pytest.fixture(scope="session")
def plates(tmp_path_factory) -> Path:
    return write_plates(tmp_path_factory.mktemp("plates"))


@pytest.fixture(scope="session")
def coreset_run(plates, tmp_path_factory) -> Path:
    return trained_coreset(plates, tmp_path_factory.mktemp("coreset"))


@pytest.fixture(scope="session")
def coreset_file(coreset_run) -> Path:
    return exported(coreset_run)


@pytest.fixture(scope="session")
def map_run(plates, tmp_path_factory) -> Path:
    return trained_defect_map(plates, tmp_path_factory.mktemp("map"))
