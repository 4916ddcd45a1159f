"""The benchmark and the close-ups, as somebody would type them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("bpy")
import cv2
import numpy as np

pytestmark = [pytest.mark.blender, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[3]


def run(script, *arguments):
    command = [sys.executable, ROOT / "scripts" / script, *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def test_quick_benchmark_writes_its_figures(tmp_path):
    done = run("benchmark_stain.py", "--quick", "--json", tmp_path / "stain.json")
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "stain.json").read_text())
    ratios = [f"{r}{v}_over_clean" for r in ("nodes", "osl") for v in ("", "_varied")]
    assert all(0.8 < figures[name] < 6 for name in ratios if name.startswith("nodes"))
    assert all(0.4 < figures[name] < 6 for name in ratios)  # OSL's metal is faster than the clean plate's nodes
    assert all(0.8 < figures[f"{name}_in_osl"] < 2 for name in ratios if name.startswith("osl"))
    assert figures["nodes_over_clean"] < figures["nodes_27_cells_over_clean"]
    assert figures["reference_mpoints_per_s"] > 1
    assert figures["missing"] == {}


def test_benchmark_refuses_a_folder_that_is_not_there(tmp_path):
    done = run("benchmark_stain.py", "--json", tmp_path / "nowhere" / "stain.json")
    assert done.returncode == 2
    assert "there is no folder" in done.stderr.splitlines()[-1]


def test_contrast_of_stains_is_measured_in_both_fields(tmp_path):
    arguments = ["--plates", "1", "--width", "122", "--json", tmp_path / "contrast.json", "job.image.samples=4"]
    done = run("benchmark_stain_contrast.py", *arguments)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "contrast.json").read_text())
    assert figures["all_pixels"] > 200
    assert figures["dark_brightening"] > 0 > figures["bright_brightening"]
    assert 0 < figures["all_unseen"] < 0.3
    done = run("benchmark_stain_contrast.py", "--plates", "1", "job.water_stain.radius=-1")
    assert done.returncode == 2
    assert "water_stain.radius" in done.stderr.splitlines()[-1]


def test_preset_sheet_shows_a_preset_in_three_fields(tmp_path):
    done = run("preset_sheet.py", "--only", "Fresh_Drops", "--samples", "1", "--out", tmp_path / "sheet.png")
    assert done.returncode == 0, done.stderr
    sheet = cv2.imread(str(tmp_path / "sheet.png"), cv2.IMREAD_GRAYSCALE)
    assert sheet.shape == (380, 3 * 480 + 2 * 4)
    bright, border, dark = (sheet[20:, left : left + 360].astype(float) for left in (0, 484, 968))
    assert bright.mean() > border.mean() + 20
    assert border.mean() > dark.mean() + 20
    for left in (360, 844, 1328):
        mask = sheet[20:140, left : left + 120]
        assert 0.15 < (mask == 255).mean() < 0.6


def test_close_ups_show_stains_beside_masks(tmp_path):
    done = run("stain_closeups.py", "--only", "amplitude", "--samples", "4", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    picture = cv2.imread(str(tmp_path / "stain_amplitude.png"), cv2.IMREAD_GRAYSCALE)
    tile = 190
    for column in range(5):
        left = column * (tile + 4)
        shown = picture[18 : 18 + tile, left : left + tile].astype(float)
        mask = picture[-tile:, left : left + tile]
        assert set(np.unique(mask)) == {0, 255}
        assert 0.03 < (mask == 255).mean() < 0.6
        edge = cv2.morphologyEx(mask, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) & mask
        assert shown[edge == 255].mean() < shown[mask == 0].mean() - 20  # the edge is darker than the bare metal
        centre = cv2.distanceTransform(mask, cv2.DIST_L2, 5) > 16
        if centre.any():
            assert abs(shown[centre].mean() - shown[mask == 0].mean()) < 8  # the centre is close to it
