import base64
import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from scripts import import_labelme
from scripts.layouts.label_map import DEFAULT
from training.data.dataset import read_instances, read_mask
from training.data.stainless_layout import open_stainless

HEIGHT, WIDTH = 40, 60
SCRATCH, DENT, STAIN = 4, 2, 6


def shape(label, kind, points, group=None):
    return {"label": label, "shape_type": kind, "points": points, "group_id": group, "flags": {}}


def write_plate(root: Path, plate: str, view: str, shapes: list | None, embed: bool = False) -> Path:
    rng = np.random.default_rng([*plate.encode(), *view.encode()])
    png = cv2.imencode(".png", rng.integers(90, 130, (HEIGHT, WIDTH, 3), dtype=np.uint8))[1].tobytes()
    path = root / plate / f"{view}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    if not embed:
        path.with_suffix(".png").write_bytes(png)
    if shapes is not None:
        document = {
            "version": "5.4.1",
            "flags": {},
            "shapes": shapes,
            "imagePath": f"..\\photos\\{view}.png" if embed else f"{view}.png",
            "imageData": base64.b64encode(png).decode() if embed else None,
            "imageHeight": HEIGHT,
            "imageWidth": WIDTH,
        }
        path.write_text(json.dumps(document))
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """The paper's 18 plates, two views each: 11 clean, 7 defective."""
    root = tmp_path / "photos"
    for number in range(11):
        write_plate(root, f"clean_{number:02d}", "front", None)
        write_plate(root, f"clean_{number:02d}", "back", [shape("plate", "rectangle", [[2, 3], [58, 37]])])
    for number in range(7):
        shapes = [
            shape("Kratzer", "linestrip", [[10, 5], [20, 5.5], [30, 12]]),
            shape("Water-Stain", "polygon", [[12, 2], [25, 2], [25, 12], [12, 12]]),
            shape("dent", "circle", [[45, 20], [45, 24]], group=9),
            shape("DENTS", "circle", [[55, 30], [55, 33]], group=9),
            shape("dent", "point", [[5.5, 30.5]]),
            shape("border", "rectangle", [[0, 36], [60, 40]]),
        ]
        write_plate(root, f"bad_{number}", "front", shapes, embed=number % 2 == 0)
        write_plate(root, f"bad_{number}", "back", None)
    return root


def main(arguments: list[str]) -> int:
    """Import with the statement that every unlabelled picture is clean."""
    return import_labelme.main([*arguments, "--unlabelled", "clean"])


def refusal(capsys, *arguments) -> str:
    assert main([str(argument) for argument in arguments]) == 2
    told = capsys.readouterr().err.strip()
    assert told.startswith("error: ")
    assert "\n" not in told
    return told


def test_plates_are_split_as_in_the_paper_and_none_is_in_two_splits(photos, tmp_path, capsys):
    out = tmp_path / "real"
    assert main([str(photos), "--out", str(out)]) == 0
    assert "20 train images, 2 validation images, 14 test images" in capsys.readouterr().out
    dataset = open_stainless(out)
    plates = {name: {s.plate_id for s in dataset.split(name)} for name in ("train", "validation", "test")}
    assert {name: len(of) for name, of in plates.items()} == {"train": 10, "validation": 1, "test": 7}
    assert not plates["train"] & plates["test"]
    assert not plates["validation"] & (plates["train"] | plates["test"])
    assert all(plate.startswith("clean") for plate in plates["train"])
    assert all(plate.startswith("bad") for plate in plates["validation"])
    assert sum(plate.startswith("clean") for plate in plates["test"]) == 1
    again = tmp_path / "again"
    assert main([str(photos), "--out", str(again)]) == 0
    assert (again / "samples.csv").read_bytes() == (out / "samples.csv").read_bytes()
    other = tmp_path / "other"
    assert main([str(photos), "--out", str(other), "--seed", "1"]) == 0
    assert (other / "samples.csv").read_bytes() != (out / "samples.csv").read_bytes()


def test_shapes_become_classes_instances_and_the_border(photos, tmp_path):
    out = tmp_path / "real"
    assert main([str(photos), "--out", str(out)]) == 0
    dataset = open_stainless(out)
    table = pd.read_csv(out / "samples.csv", dtype=str).set_index("sample_id")
    front = next(s for s in dataset.split("validation") if table.loc[s.sample_id, "view"] == "front")
    mask = read_mask(front, (HEIGHT, WIDTH))
    instances = read_instances(front, mask)
    assert set(np.unique(mask)) == {0, DENT, SCRATCH, STAIN, 255}
    assert (mask[36:] == 255).all()
    assert mask[8, 14] == STAIN
    assert mask[5, 15] == SCRATCH  # a defect covers an impurity, whichever was drawn later
    assert mask[2, 15] == STAIN
    assert mask[20, 45] == mask[30, 55] == DENT
    assert instances[20, 45] == instances[30, 55]  # one group_id, one instance
    assert instances[30, 5] not in (0, instances[20, 45])
    assert mask[28:33, 3:8].sum() == DENT * 21  # a disc of width 5
    scratch = pd.read_csv(out / "instances.csv", dtype={"sample_id": str}).query(
        "sample_id == @front.sample_id and `class` == 'scratch'"
    )
    assert scratch["pixel_area"].tolist() == [(mask == SCRATCH).sum()]
    assert scratch["label"].tolist() == ["Kratzer"]
    framed = next(s for s in dataset.split("train") if table.loc[s.sample_id, "view"] == "back")
    inside = read_mask(framed, (HEIGHT, WIDTH))
    expected = np.full((HEIGHT, WIDTH), 255)
    expected[3:37, 2:58] = 0
    np.testing.assert_array_equal(inside, expected)


def test_images_stay_as_they_are_byte_by_byte_beside_or_embedded(photos, tmp_path):
    out = tmp_path / "real"
    assert main([str(photos), "--out", str(out)]) == 0
    table = pd.read_csv(out / "samples.csv", dtype=str)
    for row in table.itertuples():
        source = photos / f"{row.source}.png"
        if source.exists():
            expected = source.read_bytes()
        else:
            expected = base64.b64decode(json.loads(source.with_suffix(".json").read_text())["imageData"])
        assert (out / row.image).read_bytes() == expected
    assert sum(not (photos / f"{name}.png").exists() for name in table["source"]) == 4


def test_a_mapping_of_ones_own_and_other_counts(photos, tmp_path, capsys):
    text = DEFAULT.read_text().replace("line_width: 5", "line_width: 1").replace("edge_pixels: 0", "edge_pixels: 4")
    (tmp_path / "mine.yaml").write_text(text)
    counts = ["--train", "2", "--validation", "3", "--test-clean", "0", "--test-defective", "1"]
    assert main([str(photos), "--out", str(tmp_path / "d"), "--labels", str(tmp_path / "mine.yaml"), *counts]) == 0
    assert "12 plates were not asked for" in capsys.readouterr().out
    sample = next(s for s in open_stainless(tmp_path / "d").split("test") if "bad" in s.plate_id)
    masks = [read_mask(s, (HEIGHT, WIDTH)) for s in open_stainless(tmp_path / "d").split("test")]
    assert all((mask[:4] == 255).all() and (mask[:, -4:] == 255).all() for mask in masks)
    assert sample.plate_id
    assert max((mask == SCRATCH).sum() for mask in masks) < 30


@pytest.mark.parametrize(
    ("broken", "expected"),
    [
        (shape("dent", "polygon", [[70, 5], [80, 5], [80, 12]]), ["shape 1 (polygon 'dent') lies outside the image"]),
        (shape("dent", "polygon", [[7, 5], [8, 5]]), ["has 2 points", "at least 3"]),
        (shape("rust", "polygon", [[7, 5], [8, 5], [8, 9]]), ["unknown label 'rust'", "plate_labels.yaml"]),
        (shape("dent", "spline", [[7, 5], [8, 5], [8, 9]]), ["not a LabelMe annotation", "spline"]),
        (shape("dent", "mask", [[7, 5], [8, 5]]) | {"mask": "AAAA"}, ["its mask is not a PNG"]),
        (shape("dent", "circle", [[7, 5]]), ["has 1 points; it needs 2"]),
    ],
)
def test_a_broken_annotation_is_told_in_one_line_and_nothing_is_written(broken, expected, photos, tmp_path, capsys):
    path = write_plate(photos, "bad_1", "front", [broken])
    told = refusal(capsys, photos, "--out", tmp_path / "real")
    assert str(path) in told
    for part in expected:
        assert part in told
    assert sorted(p.name for p in tmp_path.iterdir()) == ["photos"]


def test_other_mistakes_are_told_in_one_line(photos, tmp_path, capsys):
    out = tmp_path / "real"
    assert "there are 11 clean plates, but 12 for train" in refusal(capsys, photos, "--out", out, "--train", "12")
    assert "no folder" in refusal(capsys, tmp_path / "none", "--out", out)
    (photos / "loose.png").write_bytes((photos / "bad_1" / "front.png").read_bytes())
    assert "loose does not contain its plate" in refusal(capsys, photos, "--out", out)
    (photos / "loose.png").unlink()
    broken = photos / "bad_1" / "front.json"
    good = json.loads(broken.read_text())
    broken.write_text(json.dumps({**good, "imageHeight": HEIGHT + 1}))
    assert "was drawn on an image of 60 x 41 pixels" in refusal(capsys, photos, "--out", out)
    broken.write_text(json.dumps({**good, "imagePath": "../../../etc/passwd", "imageData": None}))
    (photos / "bad_1" / "front.png").unlink()
    assert "neither beside it nor embedded" in refusal(capsys, photos, "--out", out)
    broken.write_text("{")
    assert "cannot be read as LabelMe's JSON" in refusal(capsys, photos, "--out", out)
    twice = tmp_path / "twice.yaml"
    twice.write_text(DEFAULT.read_text().replace("[dents, Delle", "[scratches, Delle"))
    assert "spelling of two classes" in refusal(capsys, photos, "--out", out, "--labels", twice)
    assert not out.exists()
    out.mkdir()
    assert "exists already" in refusal(capsys, photos, "--out", out)
