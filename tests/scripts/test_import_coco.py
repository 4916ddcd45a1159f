"""COCO files that come in: polygons, run lengths, boxes, splits and mistakes."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pycocotools.mask
import pytest

from scripts.import_coco import main
from tests.training.data.mvtec_small import SIZE, picture, write
from training.data.mask_file import read_instances, read_mask
from training.data.stainless_layout import open_stainless

POLYGON = [4.0, 4.0, 16.0, 4.0, 16.0, 10.5, 4.0, 10.5]
STAIN = np.zeros((SIZE, SIZE), np.uint8)
STAIN[8:20, 10:22] = 1


def uncompressed(pixels: np.ndarray) -> dict:
    flat = pixels.T.ravel()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat, [1 - flat[-1]]])))
    return {"size": list(pixels.shape), "counts": np.diff(np.concatenate([[0], edges])).tolist()}


def document(split: str, objects: list[dict] | None = None, **changes: object) -> dict:
    names = [f"{split}_{number}.png" for number in range(2)]
    own = {
        "info": {},
        "images": [{"id": 10 + n, "file_name": name, "width": SIZE, "height": SIZE} for n, name in enumerate(names)],
        "categories": [{"id": 0, "name": "scratch"}, {"id": 90, "name": "stain"}],
        "annotations": objects or [],
    }
    return own | changes


def thing(number: int, image: int, category: int, segmentation: object, **changes: object) -> dict:
    return {"id": number, "image_id": image, "category_id": category, "segmentation": segmentation, **changes}


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    """Three splits; test and validation images with a scratch as polygons and a stain as run lengths."""
    root = tmp_path / "coco"
    (root / "annotations").mkdir(parents=True)
    for split in ("train", "val", "test"):
        for number in range(2):
            write(root / "images" / f"{split}_{number}.png", picture(len(split) * 10 + number))
        objects = [thing(1, 10, 0, [POLYGON, [20, 20, 23, 20, 23, 23]]), thing(2, 10, 90, uncompressed(STAIN))]
        content = document(split, None if split == "train" else objects)
        (root / "annotations" / f"instances_{split}.json").write_text(json.dumps(content))
    return root


def change(root: Path, edit, split: str = "test") -> None:
    path = root / "annotations" / f"instances_{split}.json"
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))


@pytest.fixture
def run(tmp_path, capsys):
    def called(source: Path, *arguments: object) -> tuple[int, str]:
        status = main([str(source), "--out", str(tmp_path / "out"), *map(str, arguments)])
        told = capsys.readouterr()
        if status:
            assert re.fullmatch(r"error: [^\n]+\n", told.err)
            assert not (tmp_path / "out").exists()
        return status, told.out + told.err

    return called


def test_polygons_and_run_lengths_become_the_pixels_that_pycocotools_draws(coco, tmp_path, run):
    status, told = run(coco, "--impurities", "stain")
    assert (status, "2 train images, 2 validation images, 2 test images" in told) == (0, True)
    dataset = open_stainless(tmp_path / "out")
    assert [(c.id, c.name, c.kind) for c in dataset.classes[1:]] == [(1, "scratch", "defect"), (2, "stain", "impurity")]
    sample = dataset.split("test")[0]
    mask = read_mask(sample, (SIZE, SIZE))
    parts = pycocotools.mask.frPyObjects([POLYGON, [20, 20, 23, 20, 23, 23]], SIZE, SIZE)
    scratch = pycocotools.mask.decode(pycocotools.mask.merge(parts)) > 0
    np.testing.assert_array_equal(mask == 1, scratch)  # defects cover impurities
    np.testing.assert_array_equal(mask == 2, (STAIN > 0) & ~scratch)
    assert np.unique(read_instances(sample, mask)).tolist() == [0, 1, 2]
    assert not read_mask(dataset.split("train")[0], (SIZE, SIZE)).any()


def test_one_file_is_split_by_a_table(coco, tmp_path, run):
    file = coco / "annotations" / "everything.json"
    (coco / "annotations" / "instances_test.json").rename(file)
    assert "the split of 2 images is not clear" in run(file)[1]
    (tmp_path / "s.csv").write_text("picture,split\ntest_0.png,validation\ntest_1.png,train\n")
    assert run(file, "--splits", tmp_path / "s.csv", "--plate", "(test)")[0] == 0
    table = pd.read_csv(tmp_path / "out" / "samples.csv", dtype=str)
    assert table[["split", "plate_id", "source"]].to_numpy().tolist() == [
        ["train", "test", "test_1.png"],
        ["validation", "test", "test_0.png"],
    ]


def test_boxes_are_filled_only_when_asked_for(coco, tmp_path, run):
    change(coco, lambda d: d.update(annotations=[thing(1, 10, 0, [], bbox=[3, 4, 5, 6])]))
    assert "has a box only" in run(coco)[1]
    assert run(coco, "--boxes", "fill")[0] == 0
    mask = read_mask(open_stainless(tmp_path / "out").split("test")[0], (SIZE, SIZE))
    assert mask[4:10, 3:8].all()
    assert mask.sum() == 30


def test_a_crowd_is_of_its_class_but_no_instance(coco, tmp_path, run):
    change(coco, lambda d: d["annotations"][1].update(iscrowd=1))
    assert run(coco)[0] == 0
    sample = open_stainless(tmp_path / "out").split("test")[0]
    mask = read_mask(sample, (SIZE, SIZE))
    assert (read_instances(sample, mask)[mask == 2] == 0).all()


MISTAKES = {
    "an image that is missing": (lambda d: d["images"][0].update(file_name="gone.png"), "is not in"),
    "a path that leads out": (lambda d: d["images"][0].update(file_name="../../x.png"), "points outside"),
    "an absolute path": (lambda d: d["images"][0].update(file_name="/etc/hostname"), "points outside"),
    "an image twice": (lambda d: d["images"][1].update(file_name="test_0.png"), "is listed twice"),
    "an id twice": (lambda d: d["images"][1].update(id=10), "two images have one id"),
    "an unknown image": (lambda d: d["annotations"][0].update(image_id=99), "belongs to image 99"),
    "an unknown category": (lambda d: d["annotations"][0].update(category_id=5), "has the category 5"),
    "a category twice": (lambda d: d["categories"][1].update(name="scratch"), "one id or one name"),
    "another size": (lambda d: d["images"][0].update(width=SIZE + 1), "pixels, but its COCO file says"),
    "run lengths of another size": (
        lambda d: d["annotations"][1]["segmentation"].update(size=[3, 3]),
        "run lengths of [3, 3]",
    ),
    "run lengths too short": (lambda d: d["annotations"][1]["segmentation"].update(counts=[3]), "do not add up"),
    "a polygon of two points": (
        lambda d: d["annotations"][0].update(segmentation=[[1, 2, 3, 4]]),
        "at least three points",
    ),
    "a segmentation that is none": (
        lambda d: d["annotations"][0].update(segmentation="x"),
        "neither polygons nor run lengths",
    ),
    "no images": (lambda d: d.pop("images"), "is not a COCO file"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told_in_one_line_and_nothing_is_written(coco, run, name):
    edit, words = MISTAKES[name]
    change(coco, edit)
    status, told = run(coco)
    assert status == 2
    assert words in told


def test_other_mistakes(coco, run, tmp_path):
    assert "there is no file or folder" in run(tmp_path / "none")[1]
    assert "there is no category rust; there are scratch, stain" in run(coco, "--impurities", "rust")[1]
    (coco / "annotations" / "instances_test.json").write_text("{")
    assert "cannot be read as a COCO file" in run(coco)[1]
    (coco / "annotations" / "instances_test.json").write_text(json.dumps(document("test")))
    change(coco, lambda d: d.update(annotations=[thing(1, 10, 0, [POLYGON])]), "train")
    assert "shows a defect, but is in the train split" in run(coco)[1]
