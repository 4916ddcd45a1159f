"""Exports of CVAT and of Label Studio that come in."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from scripts import import_cvat, import_label_studio
from scripts.layouts.label_studio_file import brush_pixels
from tests.training.data.mvtec_small import picture, write
from training.data.mask_file import read_instances, read_mask
from training.data.stainless_layout import open_stainless
from training.support.user_error import UserError

HEIGHT, WIDTH = 20, 30
SCRATCH, DENT = 4, 2
COUNTS = ["--train", "1", "--validation", "1", "--test-clean", "0", "--test-defective", "1", "--clean", "p0"]


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """One clean and two defective plates."""
    for number in range(3):
        write(tmp_path / "images" / f"p{number}" / "v0.png", picture(number, WIDTH)[:HEIGHT])
    return tmp_path / "images"


@pytest.fixture
def run(tmp_path, capsys):
    def called(program, source: Path, *arguments: object) -> tuple[int, str]:
        status = program.main([str(source), "--out", str(tmp_path / "out"), *COUNTS, *map(str, arguments)])
        told = capsys.readouterr()
        if status:
            assert re.fullmatch(r"error: [^\n]+\n", told.err)
        assert (tmp_path / "out").exists() == (status == 0)
        return status, told.out + told.err

    return called


def masks(root: Path) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    found = {}
    for sample in open_stainless(root).samples:
        mask = read_mask(sample, (HEIGHT, WIDTH))
        found[sample.plate_id] = (mask, read_instances(sample, mask))
    return found


def cvat(folder: Path, shapes: str, more: str = "") -> Path:
    size = f'width="{WIDTH}" height="{HEIGHT}"'
    second = '<mask label="scratch" left="4" top="5" width="3" height="2" rle="1, 2, 2, 1" z_order="0"/>'
    text = (
        '<?xml version="1.0" encoding="utf-8"?><annotations><version>1.1</version><meta/>'
        f'<image id="0" name="p0/v0.png" {size}></image>'
        f'<image id="1" name="p1/v0.png" {size}>{shapes}</image>'
        f'<image id="2" name="p2/v0.png" {size}>{second}</image>{more}</annotations>'
    )
    path = folder / "annotations.xml"
    path.write_text(text)
    return path


BOX = '<box label="dent" xtl="2" ytl="3" xbr="8" ybr="7" group_id="3"/>'
POLYGON = '<polygon label="scratch" points="10,10;20,10;20,14;10,14"/>'


def test_cvat_s_shapes_become_pixels(images, tmp_path, run):
    status, told = run(import_cvat, cvat(tmp_path, BOX + POLYGON + '<tag label="bad"/>'))
    assert (status, "1 train images, 1 validation images, 1 test images" in told) == (0, True)
    found = masks(tmp_path / "out")
    expected = np.zeros((HEIGHT, WIDTH))
    expected[3:7, 2:8], expected[10:14, 10:20] = DENT, SCRATCH
    np.testing.assert_array_equal(found["p1"][0], expected)
    assert np.unique(found["p1"][1]).tolist() == [0, 1, 3]
    run_lengths = np.zeros((HEIGHT, WIDTH))
    run_lengths[5:7, 4:7] = [[0, SCRATCH, SCRATCH], [0, 0, SCRATCH]]  # along the rows, the first of background
    np.testing.assert_array_equal(found["p2"][0], run_lengths)
    assert not found["p0"][0].any()


def test_cvat_s_boxes_turn_and_ellipses_are_round(images, tmp_path, run):
    turned = '<box label="dent" xtl="10" ytl="8" xbr="20" ybr="12" rotation="90"/>'
    ellipse = '<ellipse label="scratch" cx="24" cy="10" rx="4" ry="6"/>'
    assert run(import_cvat, cvat(tmp_path, turned + ellipse))[0] == 0
    mask = masks(tmp_path / "out")["p1"][0]
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[5:15, 13:17] = True
    np.testing.assert_array_equal(mask == DENT, expected)
    y, x = np.mgrid[:HEIGHT, :WIDTH] + 0.5
    inside = ((x - 24) / 4) ** 2 + ((y - 10) / 6) ** 2
    assert (mask == SCRATCH)[inside < 0.98].all()
    assert not (mask == SCRATCH)[inside > 1].any()


CVAT_MISTAKES = {
    "an unknown label": ('<polygon label="rust" points="1,1;2,2;3,1"/>', "unknown label 'rust'"),
    "two points": ('<polygon label="dent" points="1,1;2,2"/>', "has 2 points"),
    "no number": ('<polygon label="dent" points="1,1;nan,2;3,3"/>', "not a number"),
    "no coordinates": ('<box label="dent"/>', "missing or wrong"),
    "a cuboid": ('<cuboid label="dent"/>', "are not read"),
    "run lengths that do not fill": (
        '<mask label="dent" left="1" top="1" width="3" height="2" rle="1"/>',
        "do not fill",
    ),
    "a mask outside": ('<mask label="dent" left="29" top="1" width="3" height="1" rle="1,2"/>', "inside the image"),
}


@pytest.mark.parametrize("name", CVAT_MISTAKES)
def test_cvat_s_mistakes_are_told_in_one_line(images, tmp_path, run, name):
    shapes, words = CVAT_MISTAKES[name]
    status, told = run(import_cvat, cvat(tmp_path, shapes))
    assert (status, words in told) == (2, True), told


def test_other_files_are_no_export_of_cvat(images, tmp_path, run):
    assert "export it as 'CVAT for images" in run(import_cvat, cvat(tmp_path, BOX, "<track/>"))[1]
    (tmp_path / "annotations.xml").write_text("<annotation/>")
    assert "is not an export of CVAT" in run(import_cvat, tmp_path / "annotations.xml")[1]
    (tmp_path / "annotations.xml").write_text("{}")
    assert "cannot be read as CVAT's XML" in run(import_cvat, tmp_path / "annotations.xml")[1]


def bits(value: int, count: int) -> str:
    return format(value, f"0{count}b")


def packed(values: np.ndarray) -> list[int]:
    """Pack values as rle-pack does, with repeated blocks and, for every third run, a block of single values."""
    edges = np.flatnonzero(np.diff(values)) + 1
    text = bits(len(values), 32) + bits(7, 5) + "".join(bits(size - 1, 4) for size in (3, 4, 8, 16))
    for k, part in enumerate(np.split(values, edges)):
        for start in range(0, len(part), 65536):
            own = part[start : start + 65536]
            choice = next(c for c, size in enumerate((3, 4, 8, 16)) if len(own) <= 2**size)
            count = bits(len(own) - 1, (3, 4, 8, 16)[choice])
            if k % 3 == 2:
                text += "0" + bits(choice, 2) + count + "".join(bits(int(value), 8) for value in own)
            else:
                text += "1" + bits(choice, 2) + count + bits(int(own[0]), 8)
    text += "0" * (-len(text) % 8)
    return [int(text[k : k + 8], 2) for k in range(0, len(text), 8)]


def brush(pixels: np.ndarray) -> list[int]:
    return packed(np.repeat((pixels * 255).astype(np.uint8).ravel(), 4))


def result(kind: str, value: dict, label: str = "scratch") -> dict:
    own = {"original_width": WIDTH, "original_height": HEIGHT, "image_rotation": 0, "type": kind}
    return own | {"value": value | {kind: [label]}}


PIXELS = np.zeros((HEIGHT, WIDTH), bool)
PIXELS[4:9, 3:21], PIXELS[12, 12] = True, True


def label_studio(folder: Path, results: list[dict], **changes: object) -> Path:
    tasks = [
        {"id": 1, "data": {"image": "/data/upload/1/0a1b2c3d-p1/v0.png"}, "annotations": [{"result": results}]},
        {
            "id": 2,
            "data": {"image": "/data/local-files/?d=photos/p2/v0.png"},
            "annotations": [
                {"result": [], "was_cancelled": True},
                {"result": [result("brushlabels", {"rle": brush(PIXELS)})]},
            ],
        },
        {"id": 3, "data": {"image": "s3://bucket/p0/v0.png"}, "annotations": []},
    ]
    tasks[0]["data"]["image"] = "/data/local-files/?d=p1%2Fv0.png"
    tasks[0].update(changes)
    path = folder / "export.json"
    path.write_text(json.dumps(tasks))
    return path


def test_a_brush_comes_back_pixel_for_pixel(images, tmp_path, run):
    polygon = result("polygonlabels", {"points": [[10, 10], [50, 10], [50, 40], [10, 40]]}, "Dents")
    source = label_studio(tmp_path, [polygon])
    assert run(import_label_studio, source, "--images", images)[0] == 0
    found = masks(tmp_path / "out")
    np.testing.assert_array_equal(found["p2"][0] == SCRATCH, PIXELS)
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[2:8, 3:15] = True
    np.testing.assert_array_equal(found["p1"][0] == DENT, expected)


@pytest.mark.parametrize("seed", range(4))
def test_any_brush_is_unpacked(seed):
    pixels = np.random.default_rng(seed).random((HEIGHT, WIDTH)) < (0.02, 0.5, 0.0, 1.1)[seed]
    np.testing.assert_array_equal(brush_pixels(brush(pixels), (HEIGHT, WIDTH), "task 1"), pixels)
    with pytest.raises(UserError, match="has 600 pixels, but the image 651"):
        brush_pixels(brush(pixels), (21, 31), "task 1")
    for damaged in (brush(pixels)[:-6], [], [300]):
        with pytest.raises(UserError, match="damaged"):
            brush_pixels(damaged, (HEIGHT, WIDTH), "task 1")


def test_a_rectangle_turns_about_its_corner_and_an_ellipse_about_its_centre(images, tmp_path, run):
    turned = result("rectanglelabels", {"x": 50, "y": 20, "width": 20, "height": 10, "rotation": 90}, "dent")
    ellipse = result("ellipselabels", {"x": 80, "y": 50, "radiusX": 10, "radiusY": 20, "rotation": 0})
    assert run(import_label_studio, label_studio(tmp_path, [turned, ellipse]), "--images", images)[0] == 0
    mask = masks(tmp_path / "out")["p1"][0]
    expected = np.zeros((HEIGHT, WIDTH), bool)
    expected[4:10, 13:15] = True
    np.testing.assert_array_equal(mask == DENT, expected)
    assert mask[10, 24] == SCRATCH
    assert (mask == SCRATCH).sum() == pytest.approx(np.pi * 3 * 4, abs=3)


LABEL_STUDIO_MISTAKES = {
    "two annotations": ({"annotations": [{"result": []}, {"result": []}]}, "has 2 annotations"),
    "a picture that is missing": ({"data": {"image": "gone.png"}}, "is not in"),
    "a picture of two": ({"data": {"image": "v0.png"}}, "could be any of"),
    "a video": ({"annotations": [{"result": [{"type": "videorectangle"}]}]}, "are not read"),
    "a result without a value": ({"annotations": [{"result": [{"type": "polygonlabels"}]}]}, "missing or wrong"),
    "two labels": (
        {"annotations": [{"result": [result("polygonlabels", {}) | {"value": {"polygonlabels": ["a", "b"]}}]}]},
        "has 2 labels",
    ),
}


@pytest.mark.parametrize("name", LABEL_STUDIO_MISTAKES)
def test_label_studio_s_mistakes_are_told_in_one_line(images, tmp_path, run, name):
    changes, words = LABEL_STUDIO_MISTAKES[name]
    status, told = run(import_label_studio, label_studio(tmp_path, [], **changes), "--images", images)
    assert (status, words in told) == (2, True), told


def test_a_task_finished_without_a_result_is_a_statement(images, tmp_path, run):
    source = label_studio(tmp_path, [])
    counts = ["--train", "2", "--validation", "0", "--clean", "p0"]
    assert run(import_label_studio, source, "--images", images, *counts)[0] == 0
    splits = {s.plate_id: s.split for s in open_stainless(tmp_path / "out").samples}
    assert splits == {"p0": "train", "p1": "train", "p2": "test"}


def test_other_files_are_no_export_of_label_studio(images, tmp_path, run):
    for text in ("{}", "[1]", "{"):
        (tmp_path / "export.json").write_text(text)
        assert "Label Studio's JSON" in run(import_label_studio, tmp_path / "export.json", "--images", images)[1]
