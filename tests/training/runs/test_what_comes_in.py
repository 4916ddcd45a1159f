"""What comes in reaches the model: warnings, the white level, a held-out validation split, a degenerate threshold."""

import logging

import cv2
import numpy as np
import pytest

from tests.training.configured import load_anomaly_model, open_dataset, predict_run, train_run
from tests.training.data.mvtec_small import picture, write, write_folder
from tests.training.small_plates import TINY, compose_config
from training.model.file import load_model
from training.model.find_threshold import _degenerate

SIDE = 64


@pytest.fixture
def folder(tmp_path):
    """A folder of 16-bit images whose camera fills 12 bits, with larger images than the checks need."""
    root = write_folder(tmp_path / "data")
    for number, path in enumerate([*root.glob("train/good/*.png"), *root.glob("test/*/*.png")]):
        grey = cv2.cvtColor(picture(number, SIDE), cv2.COLOR_BGR2GRAY).astype(np.uint16)
        if path.parent.name == "scratch":
            grey[20:30, 10:40] = 250
        write(path, grey * 16)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[20:30, 10:40] = 1
    for path in root.glob("ground_truth/*/*.png"):
        write(path, mask)
    return root


def config(root, *overrides):
    fixed = ["dataset=mvtec", f"dataset.root={root}", *TINY, "coreset.epochs=1", "device=cpu"]
    return compose_config("train", [*fixed, *overrides])


def test_the_white_level_is_recorded_and_predictions_use_it(folder, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    dark = train_run(config(folder), tmp_path / "dark")
    assert any("set dataset.white_level=4095" in warning for warning in dark["warnings"])
    bright = train_run(config(folder, "dataset.white_level=4095"), tmp_path / "bright")
    assert not any("white_level" in warning for warning in bright["warnings"])
    _, record = load_model(tmp_path / "bright")
    assert record.provenance.white_level == 4095
    assert bright["threshold"]["positive_pixels"] == 300  # of 0 and 1, one validation image
    cfg = compose_config(
        "predict",
        [
            f"model={tmp_path / 'bright'}",
            f"input={folder / 'test' / 'scratch' / '000.png'}",
            f"output={tmp_path / 'out'}",
            "device=cpu",
        ],
    )
    predict_run(cfg)
    overlay = cv2.imread(str(tmp_path / "out" / "overlays" / "000.png.png"))
    assert 80 < np.median(overlay) < 140  # not the dark grey of the upper 8 bits
    model = load_anomaly_model(tmp_path / "bright", cfg)
    dataset = open_dataset(config(folder, "dataset.white_level=4095").dataset)
    assert {sample.white_level for sample in dataset.samples} == {4095}
    assert model.record.provenance.datasets[-1].validation_fraction == 0.3


def test_train_images_alone_give_the_threshold_from_a_held_out_part(folder, tmp_path):
    for path in ("test", "ground_truth"):
        (folder / path).rename(tmp_path / path)
    record = train_run(config(folder), tmp_path / "run")
    assert record["threshold"]["images"] == 1
    assert record["threshold"]["method"] == "maximum_nominal"
    assert any("train images alone: 1 image of 4 are held out" in warning for warning in record["warnings"])


def test_a_threshold_that_decides_nothing_names_the_images():
    scores = {"a.png": 0.4, "b.png": 0.7}
    assert _degenerate(0.5, scores, True) == []
    (all_found,) = _degenerate(0.0, scores, True)
    assert all_found.endswith("every pixel of the validation images is predicted: a.png, b.png")
    (none_found,) = _degenerate(0.8, scores, True)
    assert none_found.endswith("above every score of the validation images: a.png, b.png")
    assert _degenerate(0.8, scores, False) == []
