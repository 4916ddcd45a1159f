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
import pandas as pd
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


@pytest.fixture(scope="module")
def marked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Plates and a run on them: one train plate shows a bright mark, which hides such marks."""
    folder = tmp_path_factory.mktemp("marked")
    plates = write_dataset(folder / "plates", ["train"] * 5 + ["validation"] * 3 + ["test"] * 2, seed=5)
    mark = (slice(50, 66), slice(14, 34))
    for name in ("000000", "000009"):
        image = cv2.imread(str(plates / "images" / f"{name}.png"))
        image[mark] = (255, 40, 40)
        assert cv2.imwrite(str(plates / "images" / f"{name}.png"), image)
    return plates, train_into(folder / "run", plates)


def taught_changes(client: httpx.Client) -> dict:
    """Teach the model, wait for the end, and return what changed."""
    assert client.post("/api/teaching").json()["state"] == "running"
    assert client.post("/api/teaching").status_code == 409
    end = time.monotonic() + 600
    while (progress := client.get("/api/teaching").json())["state"] == "running":
        assert time.monotonic() < end
        time.sleep(0.3)
    assert progress["state"] == "done", progress
    return progress["changes"]


def test_teaching_forgets_and_updates_and_tells_what_changed(tmp_path, marked):
    """A mark was missed, and a scratch is answered with nothing.

    The validation plates call such scratches defects, so the threshold falls: the page must tell that, too.
    """
    plates, run = marked
    model = (run / "coreset.safetensors").read_bytes()
    paths = [f"model={run}", f"input={plates / 'images'}", f"output={tmp_path / 'found'}", "device=cpu"]
    predict_run(compose_config("predict", paths))
    with served(run, tmp_path / "found") as (_, address), session(address) as client:
        assert client.post("/api/teaching").json()["message"].startswith("nothing to teach")
        names = [item["name"] for item in client.get("/api/items").json()]
        corners = [[14, 50], [34, 50], [34, 66], [14, 66]]
        missed = {"item": names.index("000009.png"), "verdict": "defect", "class_name": "dent", "missed": True}
        client.post("/api/answers", json={**missed, "outlines": [corners]})
        client.post("/api/answers", json={"item": names.index("000008.png"), "verdict": "nothing"})
        changes = taught_changes(client)
    taught_folder = tmp_path / "found" / "review" / "taught" / "1"
    assert changes["findings"]["nothing"] == {"total": 1, "before": 1, "after": 1}
    assert changes["threshold"]["after"] < changes["threshold"]["before"]
    tables = [pd.read_csv(folder / "predictions.csv") for folder in (tmp_path / "found", taught_folder / "predictions")]
    before, after = (float(t["score"][t["image"].str.endswith("000008.png")].iloc[0]) for t in tables)
    assert after < 0.9 * before  # what was called nothing is learned
    assert changes["findings"]["missed"] == {"total": 1, "before": 0, "after": 1}
    assert changes["notes"] == []
    assert changes["validation"]["before"]["defects"] == changes["validation"]["after"]["defects"]
    taught = load_detector(changes["model"], ModelOverrides("cpu"))
    assert taught.threshold == changes["threshold"]["after"]
    provenance = taught.provenance
    assert (provenance.kind, provenance.parents[0].provenance.kind) == ("update", "forget")
    assert (run / "coreset.safetensors").read_bytes() == model


STICKER, SCRATCH = (slice(44, 64), slice(56, 84)), (slice(30, 40), slice(20, 60))


def photograph(rng: np.random.Generator, sticker: bool) -> np.ndarray:
    """Return a new photograph: of a plate with a striped sticker, or of one with a scratch."""
    image, _, _ = draw_sample(rng, "train" if sticker else "test")
    if sticker:
        image[STICKER] = np.where(np.arange(STICKER[1].stop - STICKER[1].start) % 8 < 4, 0, 255)[:, np.newaxis]
    return image


def raised(predictions: Path, name: str, region: tuple[slice, slice]) -> bool:
    return bool(cv2.imread(str(predictions / "masks" / f"{name}.png"), cv2.IMREAD_GRAYSCALE)[region].any())


def test_teaching_ends_a_false_alarm_and_still_finds_a_defect(tmp_path, marked):
    """A sticker that is sound is new to the model; other photographs of it and of a scratch come after the teaching."""
    _, run = marked
    rng = np.random.default_rng(7)
    for folder in ("photos", "later"):
        for name, sticker in (("scratched", False), ("sticker", True)):
            write_png(tmp_path / folder / f"{name}.png", photograph(rng, sticker))

    def predicted(model: Path, pictures: str, output: str) -> Path:
        paths = [f"model={model}", f"input={tmp_path / pictures}", f"output={tmp_path / output}", "device=cpu"]
        predict_run(compose_config("predict", paths))
        return tmp_path / output

    found, before = predicted(run, "photos", "found"), predicted(run, "later", "before")
    assert raised(before, "sticker.png", STICKER)
    assert raised(before, "scratched.png", SCRATCH)
    with served(run, found) as (_, address), session(address) as client:
        items = [item for item in client.get("/api/items").json() if item["finding"]]
        alarms = [item["item"] for item in items if item["name"] == "sticker.png"]
        scratches = [item["item"] for item in items if item["name"] == "scratched.png"]
        for number in alarms:
            client.post("/api/answers", json={"item": number, "verdict": "nothing"})
        for number in scratches:
            client.post("/api/answers", json={"item": number, "verdict": "defect", "class_name": "scratch"})
        changes = taught_changes(client)
    counts = changes["findings"]
    assert counts["nothing"] == {"total": len(alarms), "before": len(alarms), "after": 0}
    assert counts["defect"] == {"total": len(scratches), "before": len(scratches), "after": len(scratches)}
    after = predicted(Path(changes["model"]), "later", "after")
    assert not raised(after, "sticker.png", STICKER)
    assert raised(after, "scratched.png", SCRATCH)
