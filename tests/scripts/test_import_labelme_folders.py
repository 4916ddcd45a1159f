"""What comes in from LabelMe is what was meant: odd folders, spellings and statements."""

import base64
import json
import re
import shutil
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from scripts.import_labelme import main
from training.data.image_file import read_image
from training.data.mask_file import read_mask
from training.data.stainless_layout import open_stainless

SIDE = 48
CORNERS = [[10, 12], [30, 12], [30, 20], [10, 20]]
COUNTS = ["--train", "2", "--validation", "1", "--test-clean", "1", "--test-defective", "2"]
CLEAN, BAD = ("p00", "p01", "p02"), ("p03", "p04", "p05")


def png(plate: str, view: str = "v0") -> bytes:
    rng = np.random.default_rng([*plate.encode(), *view.encode()])
    blobs = cv2.GaussianBlur(rng.integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8), (0, 0), 2)
    return bytes(cv2.imencode(".png", blobs)[1].tobytes())


def document(image_path: str, **changes: object) -> dict:
    shape = {"label": "scratch", "points": CORNERS, "group_id": None, "shape_type": "polygon", "flags": {}}
    shape |= changes.pop("shape", {})
    own = {"version": "5.5.0", "flags": {}, "shapes": [shape], "imagePath": image_path, "imageData": None}
    return own | {"imageHeight": SIDE, "imageWidth": SIDE} | changes


def write(path: Path, content: bytes | dict) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Three clean plates without a LabelMe file, three with a scratch, one view each."""
    root = tmp_path / "photos"
    for plate in (*CLEAN, *BAD):
        write(root / plate / "v0.png", png(plate))
    for plate in BAD:
        write(root / plate / "v0.json", document("v0.png"))
    return root


class Told:
    """The result of a command: its status, its words, and the dataset folder."""

    def __init__(self, status: int, words: str, out: Path) -> None:
        self.status, self.words, self.out = status, words, out

    def table(self) -> pd.DataFrame:
        return pd.read_csv(self.out / "samples.csv", dtype=str, keep_default_na=False)


@pytest.fixture
def run(tmp_path, capsys):
    def called(source: Path, *arguments: str) -> Told:
        out = tmp_path / "out"
        shutil.rmtree(out, ignore_errors=True)
        status = main([str(source), "--out", str(out), *(arguments if "--train" in arguments else COUNTS), *arguments])
        told = capsys.readouterr()
        assert (status == 0) == out.is_dir()
        if status:
            assert re.fullmatch(r"error: [^\n]+\n", told.err)
        return Told(status, told.out + told.err, out)

    return called


ALL = ("--unlabelled", "clean")


def is_right(told: Told) -> None:
    """Every plate came in once, on its side: the clean ones clean, the others with their scratch."""
    assert told.status == 0, told.words
    table = told.table()
    assert sorted(table["plate_id"]) == [*CLEAN, *BAD]
    for sample in open_stainless(told.out).samples:
        shown = read_mask(sample, (SIDE, SIDE)).any()
        assert shown == (sample.plate_id in BAD), sample
        assert np.array_equal(
            read_image(sample.image), cv2.imdecode(np.frombuffer(png(sample.plate_id), np.uint8), 1)[..., ::-1]
        )
        assert sample.split != "train" or sample.plate_id in CLEAN


def trees(root: Path, slash: str, *, flat: bool = False, embed: bool = False, up: bool = True) -> None:
    """Move pictures to images/ and LabelMe files to labels/."""
    for plate in (*CLEAN, *BAD):
        name = f"{plate}.png" if flat else f"{plate}/v0.png"
        write(root / "images" / name, png(plate))
        if plate in BAD:
            place = f"images/{name}" if up else Path(name).name
            steps = ("../" if flat else "../../") if up else ""
            path = (steps + place).replace("/", slash)
            data = base64.b64encode(png(plate)).decode() if embed else None
            write(root / "labels" / Path(name).with_suffix(".json"), document(path, imageData=data))
        shutil.rmtree(root / plate)


def test_pictures_beside_their_labels(photos, run):
    is_right(run(photos, *ALL))


@pytest.mark.parametrize("slash", ["/", "\\"])
def test_one_file_is_one_sample_whatever_its_spelling(photos, run, slash):
    trees(photos, slash)
    is_right(run(photos, *ALL))


def test_labels_in_a_tree_of_their_own_find_the_pictures_by_name(photos, run):
    trees(photos, "/", up=False)
    told = run(photos, *ALL)
    is_right(told)
    assert "3 LabelMe files were matched with pictures of another folder" in told.words


@pytest.mark.parametrize("embed", [True, False])
def test_a_flat_folder_gets_a_pattern(photos, run, embed):
    trees(photos, "/", flat=True, embed=embed, up=not embed)
    told = run(photos, *ALL)
    assert told.status == 2
    assert "--plate '([^/]+)$' would make 6 plates: p00 (1), p01 (1)" in told.words
    is_right(run(photos, *ALL, "--plate", "([^/]+)$"))


def test_views_in_a_flat_folder_give_groups(tmp_path, run):
    root = tmp_path / "flat"
    for plate in CLEAN:
        for view in "ab":
            write(root / f"{plate}_{view}.png", png(plate, view))
    told = run(root, *ALL)
    assert "--plate '([^/]+)[_-][^/_-]+$' would make 3 plates: p00 (2), p01 (2), p02 (2)" in told.words


def test_an_embedded_copy_gives_way_to_the_picture_on_the_disk(photos, run):
    for plate in BAD:
        pixels = cv2.imdecode(np.frombuffer(png(plate), np.uint8), 1)
        jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 40])[1].tobytes()
        path = photos / "labels" / plate / "v0.json"
        write(path, document("v0.png", imageData=base64.b64encode(jpeg).decode()))
        (photos / plate / "v0.json").unlink()
        write(photos / "images" / plate / "v0.png", png(plate))
        shutil.rmtree(photos / plate)
    is_right(run(photos, *ALL))


def test_another_plate_s_picture_is_not_taken_for_a_missing_one(photos, run):
    data = base64.b64encode(png("p03")).decode()
    write(photos / "p03" / "v0.json", document("v0.png", imageData=data))
    (photos / "p03" / "v0.png").unlink()
    told = run(photos, *ALL)
    is_right(told)
    assert (
        "1 pictures are there only as the copy in their LabelMe file, which may be compressed again: p03/v0"
        in told.words
    )


def test_labelme_s_own_folders_are_left_out(photos, run):
    for name in ("img.png", "label.png", "label_viz.png"):
        write(photos / "p03" / "v0_json" / name, png("p03", name))
    told = run(photos, *ALL)
    is_right(told)
    assert "left out: 3 files in LabelMe's own _json folders (p03/v0_json/img.png" in told.words


def test_two_labels_of_one_picture_are_both_named(photos, run):
    write(photos / "p04" / "v0 (copy).json", document("v0.png"))
    told = run(photos, *ALL)
    assert f"{photos / 'p04' / 'v0 (copy).json'} and {photos / 'p04' / 'v0.json'} both annotate" in told.words


def test_two_pictures_of_one_name_are_both_named(photos, run):
    write(photos / "p01" / "v0.jpg", png("p01"))
    assert "v0.jpg and " in run(photos, *ALL).words


@pytest.mark.parametrize("name", ["V0.PNG", "v0.PNG", "./v0.png", "../p03/v0.png", "C:\\work\\v0.png"])
def test_the_case_and_the_drive_of_a_name_do_not_matter(photos, run, name):
    write(photos / "p03" / "v0.json", document(name))
    is_right(run(photos, *ALL))


def test_a_renamed_picture_is_found_by_the_label_s_stem(photos, run):
    write(photos / "p03" / "v0.json", document("IMG_0815.png"))
    is_right(run(photos, *ALL))


def test_links_within_are_followed_and_links_out_refused(photos, run):
    (photos / "p03" / "v0.png").rename(photos / "p03" / "v1.png")
    (photos / "p03" / "v0.png").symlink_to(photos / "p03" / "v1.png")
    table = run(photos, *ALL).table()
    assert sorted(table["source"]) == ["p00/v0", "p01/v0", "p02/v0", "p03/v1", "p04/v0", "p05/v0"]
    (photos / "p03" / "v2.png").symlink_to("/etc/hostname")
    assert "leads out of" in run(photos, *ALL).words


ODD_SHAPES = {
    "four corners": {"shape": {"shape_type": "rectangle"}},
    "a rotated box": {"shape": {"shape_type": "rotation", "direction": 0.3}},
    "no type": {"shape": {"shape_type": None}},
    "no size": {"imageHeight": None, "imageWidth": None},
    "two corners": {"shape": {"shape_type": "rectangle", "points": [[10, 12], [30, 20]]}},
    "turned round": {"shape": {"points": CORNERS[::-1]}},
}


@pytest.mark.parametrize("name", ODD_SHAPES)
def test_shapes_of_other_versions_are_read(photos, run, name):
    changes = json.loads(json.dumps(ODD_SHAPES[name]))
    for plate in BAD:
        write(photos / plate / "v0.json", document("v0.png", **json.loads(json.dumps(changes))))
    told = run(photos, *ALL)
    is_right(told)
    expected = np.zeros((SIDE, SIDE), bool)
    expected[12:20, 10:30] = True
    for sample in open_stainless(told.out).samples:
        if sample.plate_id in BAD:
            np.testing.assert_array_equal(read_mask(sample, (SIDE, SIDE)) > 0, expected)


def test_a_point_a_little_outside_is_clipped_and_far_outside_refused(photos, run):
    write(photos / "p03" / "v0.json", document("v0.png", shape={"points": [[-3, 12], [30, 12], [30, 20], [-3, 20]]}))
    told = run(photos, *ALL)
    assert told.status == 0
    assert "reaches 3 pixels beyond the image, to (-3, 12), and is clipped" in told.words
    (sample,) = (s for s in open_stainless(told.out).samples if s.plate_id == "p03")
    assert (read_mask(sample, (SIDE, SIDE)) > 0).sum() == 30 * 8
    write(photos / "p03" / "v0.json", document("v0.png", shape={"points": [[-30, 12], [30, 12], [30, 20]]}))
    assert "lies outside the image" in run(photos, *ALL).words


def test_a_byte_order_mark_is_read_and_other_encodings_get_a_remedy(photos, run):
    text = json.dumps(document("v0.png"))
    write(photos / "p03" / "v0.json", b"\xef\xbb\xbf" + text.encode())
    is_right(run(photos, *ALL))
    for encoding in ("utf-16", "latin-1"):
        write(photos / "p03" / "v0.json", text.replace("scratch", "Größe").encode(encoding))
        assert "save it as UTF-8, for instance with: iconv" in run(photos, *ALL).words


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "cannot be read as LabelMe's JSON"),
        (b"[]", "is not a LabelMe annotation"),
        (b"[" * 100_000, "cannot be read as LabelMe's JSON"),
        (b'{"info": {}, "images": [], "annotations": []}', "is not a LabelMe annotation"),
        (
            json.dumps(document("v0.png", shape={"points": [[1, 2], [3, float("nan")], [4, 5]]})).encode(),
            "not a number",
        ),
        (json.dumps(document("v0.png", imageHeight=SIDE + 1)).encode(), "was drawn on an image of"),
        (json.dumps(document("gone/x.png", imageData="%%%")).replace("x.png", "y.gif").encode(), ""),
    ],
)
def test_a_label_file_that_is_none_is_told_in_one_line(photos, run, content, words):
    write(photos / "p03" / "v0.json", content)
    told = run(photos, *ALL)
    if words:
        assert told.status == 2
        assert words in told.words
    else:
        is_right(told)  # the picture beside it has the label's stem


def test_a_missing_label_says_nothing(photos, run):
    told = run(photos)
    assert "3 pictures have no label, which does not say that they are clean: p00/v0, p01/v0, p02/v0" in told.words
    told = run(
        photos,
        "--unlabelled",
        "leave-out",
        "--train",
        "0",
        "--validation",
        "1",
        "--test-clean",
        "0",
        "--test-defective",
        "2",
    )
    assert sorted(told.table()["plate_id"]) == list(BAD)


def test_at_most_ten_silent_pictures_are_named(photos, run):
    for number in range(20):
        write(photos / f"q{number:02d}" / "v0.png", png(f"q{number}"))
    assert "q06/v0 and 13 more; name the clean ones" in run(photos).words


@pytest.mark.parametrize(
    "names",
    [
        ["p00", "p01", "p02"],
        ["{root}/p00", "p01/v0.png", "p02/v0"],
        ["{list}"],
    ],
)
def test_clean_pictures_are_named_by_folder_plate_picture_or_list(photos, run, tmp_path, names):
    (tmp_path / "clean.txt").write_text("# clean plates\np00\np01/v0.png\n\np02\n")
    named = [name.format(root=photos, list=tmp_path / "clean.txt") for name in names]
    told = run(photos, "--clean", *named)
    is_right(told)
    assert "3 pictures without a label are clean by --clean" in told.words


def test_a_statement_that_names_nothing_or_a_defect_is_refused(photos, run):
    assert "has no such folder, plate or picture" in run(photos, "--clean", "p99").words
    assert "shows a defect: p03/v0" in run(photos, "--clean", "p03").words


def test_splits_come_from_a_table_of_plates_or_pictures(photos, run, tmp_path):
    table = tmp_path / "splits.csv"
    table.write_text("Plate, split\np00,train\np01,train\np02,test\np03,validation\np04,test\n")
    told = run(photos, *ALL, "--splits", str(table))
    assert dict(told.table()[["plate_id", "split"]].values) == {
        "p00": "train",
        "p01": "train",
        "p02": "test",
        "p03": "validation",
        "p04": "test",
    }
    assert "1 pictures are not in" in told.words
    table.write_text("picture,split\np00/v0.png,train\np03\\v0.png,test\n")
    assert sorted(run(photos, *ALL, "--splits", str(table)).table()["source"]) == ["p00/v0", "p03/v0"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plate,split\np00,training\n", "split 'training' is none of train, validation, test"),
        ("plate,split\np99,train\n", "names plates that are not there: p99"),
        ("plate,split\np00,train\np00,test\n", "is in two splits, train and test"),
        ("plate,split\np03,train\n", "puts pictures that show a defect into train: p03/v0"),
        ("name,split\np00,train\n", "needs the columns plate,split or picture,split"),
        ("", "cannot read"),
        ("plate,split\n", "lists nothing"),
    ],
)
def test_a_wrong_table_of_splits_is_told_in_one_line(photos, run, tmp_path, text, words):
    (tmp_path / "splits.csv").write_text(text)
    assert words in run(photos, *ALL, "--splits", str(tmp_path / "splits.csv")).words


def test_nominal_pictures_may_come_from_plates_that_show_a_defect_elsewhere(photos, run):
    for plate in BAD:
        write(photos / plate / "v1.png", png(plate, "v1"))
    counts = ["--train", "3", "--validation", "1", "--test-clean", "1", "--test-defective", "1"]
    assert "there are 3 clean plates, but 3 for train and 1 for test" in run(photos, *ALL, *counts).words
    told = run(photos, *ALL, *counts, "--nominal-from", "defective")
    table = told.table()
    lent = table[(table["split"] == "train") & table["plate_id"].isin(BAD)]
    assert lent["source"].str.endswith("/v1").all()
    assert len(lent) == 1
    assert table.groupby("plate_id")["split"].nunique().max() == 1
    assert "those with a defect are left out" in told.words


def test_notes_list_at_most_ten_names(photos, run):
    for number in range(14):
        write(photos / f"q{number:02d}" / "v0.png", png(f"q{number}"))
    told = run(photos, *ALL)
    (line,) = [line for line in told.words.splitlines() if "not asked for" in line]
    assert re.search(r"14 plates were not asked for and are left out: .* and 4 more$", line)
    assert line.count(",") == 9


def test_a_pattern_that_is_none_is_refused(photos, run):
    assert "is not a regular expression" in run(photos, *ALL, "--plate", "(").words
    assert "has no group" in run(photos, *ALL, "--plate", "p0").words
