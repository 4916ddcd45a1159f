"""Suspects of a dataset alone, by their own program and by the check of a dataset."""

import csv
import sys

import cv2
import pytest

from scripts import check_dataset, find_suspects
from tests.training.conftest import stainless_folder  # noqa: F401 (a fixture)

SETTINGS = ["extractor=resnet18", "extractor.weights=random", "coreset.size=40", "device=cpu"]


@pytest.fixture
def dirty(stainless_folder):  # noqa: F811 (the fixture)
    path = stainless_folder / "images" / "000002.png"
    image = cv2.imread(str(path))
    image[30:46, 40:60] = 255
    cv2.imwrite(str(path), image)
    return stainless_folder


def first(folder):
    with (folder / "suspects.csv").open() as file:
        return next(csv.DictReader(file))["sample_id"]


def test_the_dirty_image_comes_first(dirty, tmp_path, monkeypatch, capsys):
    call = ["find_suspects.py", str(dirty), "--out", str(tmp_path), "--shown", "2", "--settings", *SETTINGS]
    monkeypatch.setattr(sys, "argv", call)
    assert find_suspects.main() == 0
    assert first(tmp_path) == "000002"
    assert "6 train images; written to" in capsys.readouterr().out


def test_the_check_of_a_dataset_can_look_for_suspects(dirty, tmp_path):
    check_dataset.main([str(dirty), "--suspects", str(tmp_path / "found"), "--settings", *SETTINGS])
    assert first(tmp_path / "found") == "000002"


def test_a_folder_without_train_images_is_told_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["find_suspects.py", str(tmp_path / "none")])
    assert find_suspects.main() == 2
    assert capsys.readouterr().err.startswith("error: no dataset at")
