import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from scripts.benchmarks.visible_share import labelled_plates, visible_shares

pytestmark = pytest.mark.blender


def test_shares_count_instances_and_weigh_their_pixels():
    rows = [
        {"class": "dent", "visibility": 2.0, "visible_part": 1.0, "pixel_area": 10},
        {"class": "dent", "visibility": 0.9, "visible_part": 0.5, "pixel_area": 30},
        {"class": "scratch", "visibility": "1.0", "visible_part": "0.25", "pixel_area": "8"},  # as in a table
    ]
    assert visible_shares(rows) == {
        "dent": {"instances": 2, "visible_instances": 0.5, "visible_pixels": 25 / 40},
        "scratch": {"instances": 1, "visible_instances": 1.0, "visible_pixels": 0.25},
    }


def test_the_plates_show_every_class_and_are_measured_exactly():
    job = labelled_plates({"name": "x", "splits": []}, 3)
    (split,) = job["splits"]
    assert split["plates"] == 3
    assert job["labels"] == {"visibility": "exact"}
    assert all(split[name][0] > 0 for name in ("scratches", "dents", "bumps", "fingerprints", "stickers"))
