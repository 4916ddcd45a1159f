"""The examples of the paper's figure 4, found in a picture with a known mask and decision."""

import sys

import cv2
import numpy as np
import pytest

from scripts.figures.effect_pictures import EFFECTS, GAP, LABEL, SIDE, chosen, effect_sheet, main, places
from training.data.dataset import Dataset, DefectClass, Sample
from training.support.user_error import UserError

CLASSES = (
    DefectClass(1, "bump", "defect", (0, 0, 255)),
    DefectClass(4, "scratch", "defect", (255, 0, 0)),
    DefectClass(6, "water_stain", "impurity", (0, 255, 255)),
)
HALF_BUMP, WHOLE_BUMP, CUT_BUMP = np.s_[20:60, 20:60], np.s_[20:60, 100:140], np.s_[0:30, 200:240]
LONG_SCRATCH, SHORT_SCRATCHES = np.s_[100:104, 20:220], (np.s_[150:154, 20:60], np.s_[180:184, 20:60])
STAIN = np.s_[20:60, 140:180]  # beside the bump that is predicted wholly


@pytest.fixture
def found(tmp_path):
    mask, instances = np.zeros((240, 320), np.uint8), np.zeros((240, 320), np.uint16)
    areas = [(1, HALF_BUMP), (1, WHOLE_BUMP), (1, CUT_BUMP), (4, LONG_SCRATCH), (6, STAIN)]
    for number, (label, area) in enumerate([*areas, *((4, area) for area in SHORT_SCRATCHES)], start=1):
        mask[area], instances[area] = label, number
    for name, pixels in (("mask", mask), ("instances", instances)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), pixels)
    predicted = np.zeros(mask.shape, bool)
    predicted[20:60, 20:42] = predicted[WHOLE_BUMP] = predicted[20:60, 140:160] = True  # half of the stain leaks
    predicted[CUT_BUMP] = predicted[100:104, 20:110] = predicted[SHORT_SCRATCHES[0]] = True
    sample = Sample("a", "test", tmp_path / "a.png", tmp_path / "mask.png", tmp_path / "instances.png", "p", "base")
    dataset = Dataset("made", tmp_path, CLASSES, 255, (sample,))
    image = np.full((240, 320, 3), 128, np.uint8)
    return list(places(dataset, sample, image, predicted))


def test_each_effect_is_shown_by_the_example_that_its_rule_names(found):
    bias, leakage, change = chosen(found)
    assert (bias.effect, leakage.effect, change.effect) == EFFECTS
    assert bias.rank == pytest.approx(abs(22 / 40 - 0.5))
    assert leakage.rank == -20 * 40  # pixels on the stain, fewer than on the bump
    assert change.rank == pytest.approx(0.5 - 90 / 200)


def test_a_bump_at_the_edge_of_the_picture_is_no_example(found):
    assert len([entry for entry in found if entry.effect == EFFECTS[0]]) == 2


def test_the_sheet_shows_the_decision_below_the_picture(found):
    sheet = effect_sheet(chosen(found))
    assert sheet.shape == (LABEL + 2 * SIDE, 3 * SIDE + 2 * GAP, 3)
    picture, decision = sheet[LABEL : LABEL + SIDE], sheet[LABEL + SIDE :]
    assert np.ptp(picture[:, :SIDE]) == 0
    assert len({tuple(colour) for colour in decision[SIDE // 2, :SIDE]}) >= 3


def test_a_run_that_shows_no_leakage_is_told(found):
    with pytest.raises(UserError, match="prediction leakage"):
        chosen([entry for entry in found if entry.effect != EFFECTS[1]])


def test_a_missing_run_is_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["effects", str(tmp_path / "absent"), "--out", str(tmp_path / "a.png")])
    assert main() == 2
    assert "absent" in capsys.readouterr().err
    assert not (tmp_path / "a.png").exists()
