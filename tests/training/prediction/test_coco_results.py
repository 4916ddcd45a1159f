"""The findings as COCO results, judged by pycocotools."""

import contextlib
import io
import json
from pathlib import Path

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from training.prediction.coco import annotation
from training.prediction.coco_results import read_coco_ids, results_of
from training.prediction.image import PredictedImage
from training.support.user_error import UserError

SIDE = 40


def square(top: int, left: int) -> np.ndarray:
    pixels = np.zeros((SIDE, SIDE), bool)
    pixels[top : top + 10, left : left + 12] = True
    return pixels


def predicted(name: str, *regions: np.ndarray, side: int = SIDE) -> PredictedImage:
    own = [{**annotation(0, 0, 1, pixels), "score": 0.9 - 0.1 * k} for k, pixels in enumerate(regions)]
    return PredictedImage({}, {"id": 0, "file_name": name, "width": side, "height": side}, own)


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    """Three images with ids of their own, a defect in two of them."""
    objects = [annotation(1, 501, 17, square(4, 4)), annotation(2, 77, 17, square(20, 20))]
    document = {
        "images": [
            {"id": 501, "file_name": "day 1/a.png", "width": SIDE, "height": SIDE},
            {"id": 77, "file_name": "day 1/b.png", "width": SIDE, "height": SIDE},
            {"id": 8, "file_name": "day 2/a.png", "width": SIDE, "height": SIDE},
        ],
        "categories": [{"id": 17, "name": "defect"}],
        "annotations": objects,
    }
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps(document))
    return path


@pytest.mark.parametrize("prefix", ["", "day 1/"])
def test_coco_eval_takes_the_list_and_finds_what_fits(truth, tmp_path, prefix):
    entries = [predicted("day 1/a.png", square(4, 4)), predicted(f"{prefix}b.png", square(20, 20), square(0, 25))]
    results, notes = results_of(read_coco_ids(truth, None), entries)
    (tmp_path / "results.json").write_text(json.dumps(results))
    assert notes == [f"1 image of {truth} without a prediction: day 2/a.png"]
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(truth))
        found = coco.loadRes(str(tmp_path / "results.json"))
        for kind in ("segm", "bbox"):
            judge = COCOeval(coco, found, kind)
            judge.evaluate()
            judge.accumulate()
            judge.summarize()
            assert judge.stats[0] == pytest.approx(1.0)  # a false alarm below all true findings costs no precision
    assert {entry["image_id"] for entry in results} == {501, 77}
    assert {entry["category_id"] for entry in results} == {17}


def test_a_finding_in_the_wrong_place_counts_against(truth):
    results, _ = results_of(read_coco_ids(truth, None), [predicted("day 1/a.png", square(25, 25))])
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(truth))
        judge = COCOeval(coco, coco.loadRes(results), "segm")
        judge.evaluate()
        judge.accumulate()
        judge.summarize()
    assert judge.stats[0] == 0


def test_a_name_that_could_be_two_images_is_none(truth):
    results, notes = results_of(read_coco_ids(truth, None), [predicted("a.png", square(4, 4))])
    assert results == []
    assert notes[0] == f"1 image not in {truth}, and not in coco_results.json: a.png"


def test_mistakes_are_told(truth, tmp_path):
    with pytest.raises(UserError, match=r"day 1/b\.png has 41 x 41 pixels, but"):
        results_of(read_coco_ids(truth, None), [predicted("day 1/b.png", side=41)])
    with pytest.raises(UserError, match="has no category dent; it has defect"):
        read_coco_ids(truth, "dent")
    document = json.loads(truth.read_text())
    document["categories"].append({"id": 3, "name": "stain"})
    truth.write_text(json.dumps(document))
    with pytest.raises(UserError, match=r"has the categories defect, stain; name .*coco_category="):
        read_coco_ids(truth, None)
    assert read_coco_ids(truth, "stain").category == 3
    with pytest.raises(UserError, match="is not a COCO file"):
        read_coco_ids(_written(tmp_path, "[]"), None)
    with pytest.raises(UserError, match="cannot read coco="):
        read_coco_ids(tmp_path / "none.json", None)


def _written(folder: Path, text: str) -> Path:
    (folder / "other.json").write_text(text)
    return folder / "other.json"
