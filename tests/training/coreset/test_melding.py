"""Melding members: one pass, or a tree on Dask."""

import math

import numpy as np
import pytest

from tests.training.configured import meld_run
from tests.training.coreset_oracle import canonical, literal_coreset
from tests.training.model.recorded import load_document, save_document
from tests.training.model.test_file import METADATA
from tests.training.small_plates import compose_config
from training.coreset.melding import meld, meld_tree
from training.model.file import load_model
from training.support.user_error import UserError

SIZES = (20, 7, 31, 12, 5, 26, 9)


@pytest.fixture
def sources(tmp_path):
    paths = []
    for number, size in enumerate(SIZES):
        features = np.random.default_rng(number).normal(size=(size, 5)).astype(np.float32) + number
        paths.append(tmp_path / f"source_{number}")
        threshold = {"value": 1.0 + number % 3, "method": "maximum_nominal"}
        save_document(paths[-1] / "coreset.safetensors", features, {**METADATA, "threshold": threshold})
    return paths


def literal_meld(rows, size, epochs):
    return literal_coreset(np.concatenate(rows), size, epochs)[0]


def radius(rows, members):
    return math.sqrt(max(min(canonical(p, m) for m in members) for part in rows for p in part))


@pytest.mark.parametrize("size", [6, 25, 110])
def test_any_number_of_coresets_of_any_sizes_melds_to_any_size(sources, size):
    rows = [load_model(path)[0] for path in sources]
    melded = meld(rows, size, 3)
    np.testing.assert_array_equal(melded.features, literal_meld(rows, size, 3)[:size])
    assert melded.certificate.covering_radius == radius(rows, melded.features)
    with pytest.raises(UserError, match=r"110 for coreset\.size=111"):
        meld(rows, 111, 3)


def test_a_tree_melds_neighbours_level_by_level(sources):
    rows = [load_model(path)[0] for path in sources]
    melded = meld_tree([path / "coreset.safetensors" for path in sources], 30, 2, fan_in=2, cluster=None, workers=1)

    def reduced(group):
        together = np.concatenate(group)
        return together if len(together) <= 30 else literal_meld(group, 30, 2)

    level = rows
    while len(level) > 2:
        level = [reduced(level[start : start + 2]) for start in range(0, len(level), 2)]
    np.testing.assert_array_equal(melded.features, literal_meld(level, 30, 2))
    assert melded.certificate.covering_radius == radius(rows, melded.features)
    assert not np.array_equal(melded.features, meld(rows, 30, 2).features)
    with pytest.raises(UserError, match="fan_in 1"):
        meld_tree(sources, 30, 2, fan_in=1, cluster=None, workers=1)


def test_dask_processes_change_no_result(sources):
    paths = [path / "coreset.safetensors" for path in sources]
    here = meld_tree(paths, 30, 2, fan_in=3, cluster=None, workers=1)
    spread = meld_tree(paths, 30, 2, fan_in=3, cluster="local", workers=2)
    np.testing.assert_array_equal(here.features, spread.features)
    assert here.certificate == spread.certificate
    with pytest.raises(UserError, match="no Dask scheduler"):
        meld_tree(paths, 30, 2, fan_in=3, cluster="tcp://127.0.0.1:9", workers=1)


@pytest.mark.parametrize("fan_in", ["null", "3"])
def test_a_meld_without_images_takes_the_largest_threshold_and_says_so(sources, tmp_path, fan_in):
    names = ",".join(map(str, sources))
    cfg = compose_config("meld", [f"sources=[{names}]", "size=16", f"tree.fan_in={fan_in}"])
    record = meld_run(cfg, tmp_path / "melded")
    features, metadata = load_document(tmp_path / "melded")
    assert features.shape == (16, 5)
    assert metadata["threshold"]["value"] == 3.0
    assert any("no dataset was given" in warning for warning in metadata["warnings"])
    assert METADATA["warnings"][0] in metadata["warnings"]
    assert [parent["path"] for parent in metadata["provenance"]["parents"]] == [str(path) for path in sources]
    rows = [load_model(path)[0] for path in sources]
    assert record["coreset"]["covering_radius"] == radius(rows, features)
    if fan_in == "null":
        np.testing.assert_array_equal(features, literal_meld(rows, 16, 5))
