"""The review's server, really started: what it refuses, what it writes, and how it ends."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import httpx
import numpy as np
import pytest

from eval.review_page.answers import FILE
from scripts.layouts.labelme_file import annotation_of, read_document, recorded_size
from tests.eval.review_page.review_browser import ROOT, served
from tests.eval.small_plates import (
    HEIGHT,
    WIDTH,
    compose_config,
    draw_sample,
    train_into,
    write_dataset,
    write_png,
)
from tests.training.configured import predict_run
from training.data.dataset import DatasetSettings, open_dataset, read_instances, read_mask
from training.model.load_detector import load_detector
from training.model.settings import ModelOverrides

CORNERS = [[20, 28], [60, 28], [60, 42], [20, 42]]


def session(address: str) -> httpx.Client:
    page = httpx.get(address).text
    found = re.search(r'name="review-token" content="([^"]+)"', page)
    assert found
    return httpx.Client(base_url=address, headers={"x-review-token": found.group(1)}, timeout=120)


def test_only_its_own_page_is_answered_and_no_path_escapes(run_original, found):
    with served(run_original, found) as (process, address), session(address) as client:
        before = (found / "review" / FILE).read_bytes()
        answer = {"item": 0, "verdict": "nothing"}
        refused = [
            client.get("/", headers={"host": "evil.example"}),
            client.get("/api/state", headers={"host": "127.0.0.1:1"}),
            client.post("/api/answers", json=answer, headers={"origin": "http://evil.example"}),
            client.post("/api/answers", json=answer, headers={"origin": "null"}),
            client.post("/api/answers", json=answer, headers={"sec-fetch-site": "cross-site"}),
            client.post("/api/answers", json=answer, headers={"x-review-token": "guess"}),
            client.post("/api/teaching", headers={"x-review-token": ""}),
            client.get("/pictures/1", headers={"sec-fetch-site": "same-site"}),
        ]
        assert [response.status_code for response in refused] == [403] * 8
        missing = ["/files/..%2f..%2freview.py", "/files/review.html.j2", "/pictures/99", "/thumbnails/9", "/docs"]
        assert [client.get(path).status_code for path in missing] == [404] * 5
        assert client.get("/pictures/..%2f1").status_code in (404, 422)
        assert client.post("/api/answers", content=b"x" * (2**20 + 1)).status_code == 413
        wrong = [
            {**answer, "item": 9},
            {"item": 0, "verdict": "defect", "class_name": "water_stain"},
            {"item": 0, "verdict": "defect", "class_name": "dent", "outlines": [[[0, 0], [5, 0], [5, HEIGHT + 1]]]},
            {"item": 0, "verdict": "defect", "class_name": "dent", "outlines": [[[0, 0], [5, 0], "xy"]]},
            [1],
        ]
        assert [client.post("/api/answers", json=entry).status_code for entry in wrong] == [422] * 5
        assert client.post("/api/exports/dataset").status_code == 409  # nothing is answered
        assert (found / "review" / FILE).read_bytes() == before
        assert not (found / "review" / "dataset").exists()
        page = client.get("/")
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert "http" not in re.sub(r'xmlns="[^"]+"', "", page.text)  # no outside resource
        second = [sys.executable, "-m", "eval.review", str(run_original), str(found), "--no-browser"]
        done = subprocess.run(second, cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.count("\n"), done.stderr[:7]) == (2, 1, "error: ")
        process.terminate()
        assert process.wait(30) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_answers_survive_a_kill_and_are_exported_as_a_dataset_and_as_labelme(run_original, found):
    with served(run_original, found) as (process, address), session(address) as client:
        items = client.get("/api/items").json()
        assert [item["finding"] for item in items] == [True] * 5 + [False] * 4
        assert [item["score"] for item in items[:5]] == sorted((item["score"] for item in items[:5]), reverse=True)
        names = [item["name"] for item in items]
        client.post("/api/answers", json={"item": 0, "verdict": "defect", "class_name": "scratch"})
        client.post("/api/answers", json={"item": 1, "verdict": "defect", "class_name": "dent", "outlines": [CORNERS]})
        client.post("/api/answers", json={"item": 2, "verdict": "nothing"})
        process.send_signal(signal.SIGKILL)
        process.wait(30)
    with served(run_original, found) as (_, address), session(address) as client:
        missed = {"item": 3, "verdict": "defect", "class_name": "dent", "outlines": [[[5, 5], [15, 5], [15, 15]]]}
        client.post("/api/answers", json={**missed, "missed": True})
        client.post("/api/answers", json={"item": 4, "verdict": "nothing"})
        assert client.post("/api/undo").json()["undone"] == 4
        assert client.post("/api/answers", json={"item": 5, "verdict": "nothing"}).json()["verdicts"] == "ddn..n..."
        for kind in ("dataset", "labelme"):
            made = client.post(f"/api/exports/{kind}").json()
            assert (made["pictures"], made["left_out"]) == (5, 4)
    root = found / "review" / "dataset"
    dataset = open_dataset(DatasetSettings("stainless", (root,), root, "stainless", 0.3, 0))
    assert [c.name for c in dataset.classes] == ["background", "dent", "scratch", "water_stain"]
    samples = {f"{sample.sample_id}.png": sample for sample in dataset.samples}
    assert sorted(samples) == sorted(names[n] for n in (0, 1, 2, 3, 5))
    masks = {name: read_mask(sample, (HEIGHT, WIDTH)) for name, sample in samples.items()}
    predicted = [cv2.imread(str(found / "masks" / f"{name}.png"), cv2.IMREAD_GRAYSCALE) > 0 for name in names]
    np.testing.assert_array_equal(masks[names[0]], np.where(predicted[0], 4, 0))
    square = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    square[28:42, 20:60] = 2
    np.testing.assert_array_equal(masks[names[1]], square)
    assert not masks[names[2]].any()
    assert not masks[names[5]].any()
    assert set(np.unique(masks[names[3]][predicted[3]])) == {255}  # a finding without an answer is ignored
    assert (masks[names[3]] == 2).sum() == pytest.approx(50, abs=10)
    assert read_instances(samples[names[1]], masks[names[1]]).max() == 1
    splits = {name: sample.split for name, sample in samples.items()}
    assert [splits[names[n]] for n in (0, 1, 2, 3, 5)] == ["test", "test", "train", "test", "train"]
    document = read_document(found / "review" / "labelme" / Path(names[1]).with_suffix(".json"))
    drawn = annotation_of(Path("x.json"), document, (HEIGHT, WIDTH))
    assert recorded_size(document) == (HEIGHT, WIDTH)
    (shape,) = drawn.shapes
    assert shape.label == "dent"
    np.testing.assert_array_equal(shape.pixels((HEIGHT, WIDTH), 1, 1), square > 0)
    first = read_document(found / "review" / "labelme" / Path(names[0]).with_suffix(".json"))
    (shape,) = annotation_of(Path("x.json"), first, (HEIGHT, WIDTH)).shapes
    covered = shape.pixels((HEIGHT, WIDTH), 1, 1)
    assert (covered & predicted[0]).sum() > 0.9 * (covered | predicted[0]).sum()


MARK, STICKER = (slice(50, 66), slice(14, 34)), (slice(44, 64), slice(56, 84))


def photograph(rng: np.random.Generator, split: str, sticker: bool = False) -> np.ndarray:
    """Return a new photograph of a plate, with a scratch if ``split`` is test, and with a sticker of dark stripes."""
    image, _, _ = draw_sample(rng, split)
    if sticker:
        image[STICKER] = 20
        image[STICKER[0], STICKER[1].start : STICKER[1].stop : 4] = 120
    return image


def raised(predictions: Path, name: str) -> np.ndarray:
    return cv2.imread(str(predictions / "masks" / f"{name}.png"), cv2.IMREAD_GRAYSCALE) > 0


def test_teaching_removes_a_false_alarm_and_finds_what_was_missed(tmp_path):
    """One train plate shows a bright mark that hides such marks; a sticker that is sound is new and raised."""
    plates = write_dataset(tmp_path / "plates", ["train"] * 5 + ["validation"] * 3, seed=5)
    hiding = cv2.imread(str(plates / "images" / "000000.png"))
    hiding[MARK] = (255, 40, 40)
    write_png(plates / "images" / "000000.png", hiding)
    run = train_into(tmp_path / "run", plates)
    model = (run / "coreset.safetensors").read_bytes()
    rng = np.random.default_rng(7)
    marked = photograph(rng, "train")
    marked[MARK] = (255, 40, 40)
    sticker = photograph(rng, "train", sticker=True)
    photos = {"marked": marked, "scratched": photograph(rng, "test"), "sticker": sticker}
    later = {"scratched": photograph(rng, "test"), "sticker": photograph(rng, "train", sticker=True)}
    for folder, pictures in (("photos", photos), ("later", later)):
        for name, picture in pictures.items():
            write_png(tmp_path / folder / f"{name}.png", picture)

    def predicted(model: Path, pictures: str, output: str) -> Path:
        paths = [f"model={model}", f"input={tmp_path / pictures}", f"output={tmp_path / output}", "device=cpu"]
        predict_run(compose_config("predict", paths))
        return tmp_path / output

    found, later_before = predicted(run, "photos", "found"), predicted(run, "later", "later_before")
    assert raised(later_before, "sticker.png")[STICKER].any()
    with served(run, found) as (_, address), session(address) as client:
        assert client.post("/api/teaching").json()["message"].startswith("nothing to teach")
        items = client.get("/api/items").json()
        alarms = [n for n, item in enumerate(items) if item["name"] == "sticker.png" and item["finding"]]
        scratches = [n for n, item in enumerate(items) if item["name"] == "scratched.png" and item["finding"]]
        assert alarms
        assert scratches
        for number in alarms:
            client.post("/api/answers", json={"item": number, "verdict": "nothing"})
        for number in scratches:
            client.post("/api/answers", json={"item": number, "verdict": "defect", "class_name": "scratch"})
        number = next(n for n, item in enumerate(items) if item["name"] == "marked.png")
        missed = {"item": number, "verdict": "defect", "class_name": "dent", "missed": True}
        corners = [[14, 50], [34, 50], [34, 66], [14, 66]]
        client.post("/api/answers", json={**missed, "outlines": [corners]})
        assert client.post("/api/teaching").json()["state"] == "running"
        assert client.post("/api/teaching").status_code == 409
        end = time.monotonic() + 600
        while (progress := client.get("/api/teaching").json())["state"] == "running":
            assert time.monotonic() < end
            time.sleep(0.3)
    assert progress["state"] == "done", progress
    changes = progress["changes"]
    assert changes["notes"] == []
    of_verdict = changes["findings"]
    assert of_verdict["nothing"] == {"total": len(alarms), "before": len(alarms), "after": 0}
    assert of_verdict["missed"] == {"total": 1, "before": 0, "after": 1}
    assert of_verdict["defect"] == {"total": len(scratches), "before": len(scratches), "after": len(scratches)}
    later_after = predicted(Path(changes["model"]), "later", "later_after")
    assert not raised(later_after, "sticker.png")[STICKER].any()  # another photograph of what was called nothing
    scratch = (slice(30, 40), slice(20, 60))
    assert raised(later_before, "scratched.png")[scratch].mean() > 0.5
    assert raised(later_after, "scratched.png")[scratch].mean() > 0.5
    assert changes["validation"]["before"]["defects"] == changes["validation"]["after"]["defects"]
    taught, before = (load_detector(folder, ModelOverrides("cpu")) for folder in (changes["model"], run))
    assert changes["threshold"] == {"before": before.threshold, "after": taught.threshold}
    provenance = taught.provenance
    assert (provenance.kind, provenance.parents[0].provenance.kind) == ("update", "forget")
    assert (run / "coreset.safetensors").read_bytes() == model
