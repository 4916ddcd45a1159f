"""Prediction of loose images with a small trained model: files, continuation and messages."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from pycocotools.coco import COCO
from scipy import ndimage

from tests.training.configured import load_anomaly_model, predict_run, train_run
from tests.training.small_plates import TINY, compose_config, plate, write_png
from training.data.image_file import read_image
from training.model.anomaly_model import AnomalyModel
from training.prediction.coco import annotation
from training.prediction.journal import FILE
from training.support.user_error import UserError

ROOT = Path(__file__).resolve().parents[3]
SIZES = [(72, 88), (50, 61), (131, 40), (72, 88)]


@pytest.fixture
def run(stainless_folder, tmp_path) -> Path:
    budget = ["threshold=false_positive_budget", "threshold.pixels_per_image=300"]  # several findings in an image
    cfg = compose_config("train", [f"dataset.root={stainless_folder}", *TINY, *budget, "device=cpu"])
    train_run(cfg, tmp_path / "run")
    return tmp_path / "run"


@pytest.fixture
def photos(tmp_path) -> Path:
    """Images of several sizes; the first ones with one or two bright marks."""
    root, rng = tmp_path / "photos", np.random.default_rng(0)
    for number, size in enumerate(SIZES):
        image = plate(rng, *size)
        if number < 2:
            image[10:20, 10:50] = 255
        if number == 0:
            image[50:60, 20:60] = 255
        write_png(root / ("deep" if number % 2 else "") / f"{number}.png", image)
    return root


def config(run: Path, photos: Path, output: Path, *overrides: str):
    return compose_config("predict", [f"model={run}", f"input={photos}", f"output={output}", "device=cpu", *overrides])


def written(output: Path) -> dict[str, bytes]:
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.is_file() and path.suffix in (".png", ".json")
    }


@pytest.mark.parametrize("minimum", [0, 200])
def test_maps_masks_overlays_table_and_coco_file_tell_the_model_s_findings(minimum, run, photos, tmp_path):
    output = tmp_path / "out"
    predict_run(config(run, photos, output, f"minimum_prediction_size={minimum}"))
    model = load_anomaly_model(run, config(run, photos, output))
    table = pd.read_csv(output / "predictions.csv", keep_default_na=False)
    assert [Path(name).relative_to(photos).as_posix() for name in table["image"]] == [
        "0.png", "2.png", "deep/1.png", "deep/3.png"
    ]  # fmt: skip
    coco = COCO(output / "findings.json")
    assert len(coco.anns) == table["findings"].sum() >= (1 if minimum else 2)
    dropped = 0
    for row, (image_id, described) in zip(table.itertuples(), coco.imgs.items(), strict=True):
        image = read_image(Path(row.image))
        expected = model.anomaly_map(image)
        stored = cv2.imread(str(output / row.map), cv2.IMREAD_UNCHANGED)
        assert stored.dtype == np.uint16
        assert np.abs(stored * row.scale - expected).max() <= row.scale * 0.51
        assert row.score == pytest.approx(expected.max())
        labels, count = ndimage.label(expected >= model.threshold, np.ones((3, 3)))
        areas = [int((labels == k).sum()) for k in range(1, count + 1)]
        kept = [k for k, area in enumerate(areas, start=1) if area >= minimum]
        dropped += count - len(kept)
        assert (row.findings, row.finding_pixels) == (len(kept), sum(areas[k - 1] for k in kept))
        assert row.largest_finding == max((areas[k - 1] for k in kept), default=0)
        assert row.decision == ("anomalous" if kept else "nominal")
        assert (row.width, row.height) == (image.shape[1], image.shape[0])
        assert 0 < row.seconds < 60
        mask = cv2.imread(str(output / row.mask), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(mask, np.where(np.isin(labels, kept), 255, 0))
        overlay = read_image(output / row.overlay)
        changed = (overlay != image).any(axis=2)
        assert changed.any() == bool(kept)
        assert not changed[mask == 0].any()
        assert described["file_name"] == Path(row.image).relative_to(photos).as_posix()
        found = coco.loadAnns(coco.getAnnIds([image_id]))
        regions = {(labels == k).tobytes(): float(expected[labels == k].max()) for k in kept}
        for entry in found:
            pixels = coco.annToMask(entry) > 0
            assert regions.pop(pixels.tobytes()) == pytest.approx(entry["score"])
            assert entry["area"] == pixels.sum()
        assert regions == {}
    assert (dropped > 0) == (minimum > 0)


def test_an_image_that_does_not_decode_is_told_and_the_others_are_predicted(run, photos, tmp_path):
    (photos / "1_broken.png").write_bytes(b"nothing")
    (photos / "notes.txt").write_text("no image")
    output = tmp_path / "out"
    done = subprocess.run(
        [sys.executable, "-m", "training.predict", f"model={run}", f"input={photos}", f"output={output}", "device=cpu"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: 1 of 5 images failed")
    assert "1_broken.png does not decode" in last
    assert "Traceback" not in done.stderr
    table = pd.read_csv(output / "predictions.csv", keep_default_na=False)
    assert [bool(error) for error in table["error"]] == [False, True, False, False, False]
    assert table["map"].tolist()[1] == ""
    write_png(photos / "1_broken.png", plate(np.random.default_rng(3)))
    predict_run(config(run, photos, output))
    assert not pd.read_csv(output / "predictions.csv", keep_default_na=False)["error"].any()


def test_a_killed_prediction_continues_and_ends_as_one_that_was_not(run, photos, tmp_path):
    rng = np.random.default_rng(5)
    for number in range(30):
        write_png(photos / f"more_{number:02d}.png", plate(rng, 200, 240))
    output = tmp_path / "out"
    command = [sys.executable, "-m", "training.predict", f"model={run}", f"input={photos}", f"output={output}"]
    process = subprocess.Popen([*command, "device=cpu"], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    journal = output / FILE
    end = time.monotonic() + 120
    while not (journal.exists() and journal.read_bytes().count(b"\n") >= 4):
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert not (output / "predictions.csv").exists()
    journal.write_bytes(journal.read_bytes() + b'{"name": "more_2')  # half a line, as left by a killed process
    kept = {path: path.stat().st_mtime_ns for path in (output / "maps").rglob("*.png")}
    noted = [json.loads(line)["predicted"]["row"]["map"] for line in journal.read_bytes().splitlines()[1:-1]]
    assert 3 <= len(noted) < 34
    predict_run(config(run, photos, output))
    assert all((output / name).stat().st_mtime_ns == kept[output / name] for name in noted)
    predict_run(config(run, photos, tmp_path / "whole"))
    whole, continued = written(tmp_path / "whole"), written(output)
    assert whole.keys() == continued.keys()
    assert all(whole[name] == continued[name] for name in whole)
    first, second = (
        pd.read_csv(folder / "predictions.csv").drop(columns="seconds") for folder in (output, tmp_path / "whole")
    )
    pd.testing.assert_frame_equal(first, second)


def test_only_what_changed_is_predicted_again(run, photos, tmp_path, monkeypatch):
    output = tmp_path / "out"
    predict_run(config(run, photos, output))
    asked = []
    original = AnomalyModel.anomaly_map
    monkeypatch.setattr(
        AnomalyModel, "anomaly_map", lambda self, image, *inside: asked.append(image) or original(self, image, *inside)
    )
    predict_run(config(run, photos, output))
    assert asked == []
    write_png(photos / "2.png", plate(np.random.default_rng(9), 40, 40))
    (output / "masks" / "deep" / "1.png.png").unlink()
    predict_run(config(run, photos, output))
    assert [image.shape for image in asked] == [(40, 40, 3), (50, 61, 3)]
    with pytest.raises(UserError, match="another minimum_prediction_size; choose another output, or resume=false"):
        predict_run(config(run, photos, output, "minimum_prediction_size=5"))
    asked.clear()
    predict_run(config(run, photos, output, "minimum_prediction_size=5", "resume=false"))
    assert len(asked) == 4


@pytest.mark.parametrize("seed", range(4))
def test_run_lengths_are_pycocotools_own(seed):
    import pycocotools.mask

    rng = np.random.default_rng(seed)
    pixels = ndimage.binary_dilation(rng.random((37, 23)) < 0.02)
    pixels[0, 0] |= seed == 0
    pixels[-1, -1] |= seed == 1
    pixels[:, 5:9] |= seed == 2  # runs that continue in the next column
    found = annotation(1, 2, 3, pixels)
    expected = pycocotools.mask.encode(np.asfortranarray(pixels, np.uint8))
    assert found["segmentation"] == {"size": [37, 23], "counts": expected["counts"].decode()}
    assert found["bbox"] == pycocotools.mask.toBbox(expected).tolist()
    assert found["area"] == pycocotools.mask.area(expected)
