import sys

import cv2
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from scripts.figures.blemish_closeups import GAP, LABEL, PLACES, main

pytestmark = pytest.mark.blender


def test_close_ups_show_each_place_with_its_light(tmp_path, monkeypatch, capsys):
    out = tmp_path / "sheet.png"
    small = ["job.image.width=306", "job.image.height=256", "job.image.samples=1"]
    monkeypatch.setattr(sys, "argv", ["closeups", "--kinds", "dent", "--side", "16", "--out", str(out), *small])
    assert main() == 0
    assert str(out) in capsys.readouterr().out
    picture = cv2.imread(str(out), cv2.IMREAD_GRAYSCALE)
    assert picture.shape == (LABEL + 2 * 16 + GAP, len(PLACES) * (16 + GAP) - GAP)
    bright, dark, between = (
        np.median(picture[LABEL + 20 :, column * (16 + GAP) :][:, :16]) for column in range(len(PLACES))
    )
    assert dark < between < bright


def test_a_sheet_that_cannot_be_written_is_told_before_the_work(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["closeups", "--out", str(tmp_path / "absent" / "sheet.png")])
    assert main() == 2
    assert "absent" in capsys.readouterr().err
