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
