"""The settings of the study reach Cycles and change the intended property only."""

import cv2
import numpy as np
import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from scripts.figures.sampling_pictures import ALL_SIX, Sampling, render_plates
from scripts.figures.sampling_study import METRICS, as_table

ONE = [("test", 1, ALL_SIX)]


@pytest.mark.blender
def test_settings_change_the_noise_and_bounces_nothing(tmp_path):
    settings = [
        Sampling(2),
        Sampling(2, bounces=0),
        Sampling(2, light_tree=True),
        Sampling(2, look_for_ring=False),
        Sampling(8),
    ]
    folders = [render_plates(tmp_path, each, ONE, 102, 85) for each in settings]
    assert len(set(folders)) == len(settings)
    pictures = [cv2.imread(str(folder / "images" / "000000.png"))[..., 0].astype(float) for folder in folders]
    masks = [cv2.imread(str(folder / "masks" / "000000.png"), -1) for folder in folders]
    assert all(np.array_equal(mask, masks[0]) for mask in masks)
    default, no_bounce, tree, reflections, more = pictures
    assert np.array_equal(no_bounce, default)
    for other in (tree, reflections):
        assert (other != default).mean() > 0.2
        assert other.mean() == pytest.approx(default.mean(), abs=12)  # white is clipped, so noise reduces brightness
    assert np.abs(np.diff(more, axis=0)).mean() < 0.8 * np.abs(np.diff(default, axis=0)).mean()
    assert all((folder / "dataset.json").exists() for folder in folders)


def test_the_table_has_a_row_a_setting_with_mean_and_range():
    table = as_table([{"setting": "4 samples", **{name: [10.0, 20.0, 36.0] for name in METRICS}}])
    assert [list(column.cells) for column in table.columns] == [
        ["4 samples"],
        *[["22.0 (10.0 to 36.0)"]] * len(METRICS),
    ]
