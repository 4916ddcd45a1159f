import json

import pytest

from training.data.stainless_layout import open_stainless
from training.support.user_error import UserError


def change_description(root, **changes):
    path = root / "dataset.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def change_table(root, old, new, name="samples.csv"):
    path = root / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def test_everything_of_the_folder_is_there(stainless_folder):
    dataset = open_stainless(stainless_folder)
    assert dataset.name == "tiny plates"
    assert [c.name for c in dataset.classes] == ["background", "scratch", "water_stain"]
    assert dataset.classes[1].colour == (255, 0, 0)
    assert dataset.defect_ids == (4,)
    assert [len(dataset.split(s)) for s in ("train", "validation", "test")] == [6, 3, 2]
    first = dataset.samples[0]
    assert (first.sample_id, first.plate_id, first.light) == ("000000", "plate_0", "ring")
    assert first.image == stainless_folder / "images" / "000000.png"
    assert first.known_ids == (0, 4, 6)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"version": 2}, r"\$\.version: 1 was expected"),
        ({"colour_space": "sRGB"}, "colour_space"),
        ({"samples": 12}, "lists 11 samples, dataset.json says 12"),
        ({"image_size": {"width": 0, "height": 5}}, r"\$\.image_size"),
        (
            {"classes": [{"id": 0, "name": "background", "kind": "nothing", "colour": [0, 0, 0]}]},
            r"\$\.classes\[0\]\.kind",
        ),
        ({"classes": [{"id": 0, "name": n, "kind": "defect", "colour": [0, 0, 0]} for n in "ab"]}, "same id"),
    ],
)
def test_a_wrong_description_is_refused(stainless_folder, changes, message):
    change_description(stainless_folder, **changes)
    with pytest.raises(UserError, match=message):
        open_stainless(stainless_folder)


def test_missing_and_broken_files_are_refused(stainless_folder):
    (stainless_folder / "samples.csv").rename(stainless_folder / "moved.csv")
    with pytest.raises(UserError, match=r"cannot read .*samples\.csv"):
        open_stainless(stainless_folder)
    (stainless_folder / "dataset.json").write_text("{")
    with pytest.raises(UserError, match="is not JSON"):
        open_stainless(stainless_folder)
    (stainless_folder / "dataset.json").unlink()
    with pytest.raises(UserError, match="no dataset at"):
        open_stainless(stainless_folder)


def test_an_empty_table_is_refused(stainless_folder):
    header = (stainless_folder / "samples.csv").read_text().splitlines()[0]
    (stainless_folder / "samples.csv").write_text(header + "\n")
    change_description(stainless_folder, samples=0)
    with pytest.raises(UserError, match="is empty"):
        open_stainless(stainless_folder)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("000003,train", "000002,train", "000002 appears twice"),
        ("000003,train", "000003,training", "split 'training' is none of"),
        ("000003,train", "a/b,train", "without slashes"),
        ("plate_id,view", "plate,view", "column plate_id is missing"),
        ("test,images/000009.png,masks/000009.png", "test,images/000009.png,", r"000009 \(test\) names no mask"),
        ("images/000003.png", "", "000003 names no image"),
        ("images/000003.png", "images/gone.png", "000003: image .* is missing"),
        ("masks/000007.png", "masks/gone.png", "000007: mask .* is missing"),
        ("images/000003.png", "../outside.png", "points outside"),
        ("images/000003.png", "/etc/passwd", "points outside"),
        ("images/000003.png", "C:/image.png", "points outside"),
        ("images/000003.png", "..\\outside.png", "points outside"),
        ("images/000003.png", "images/link.png", "points outside"),
    ],
)
def test_a_wrong_table_is_refused(stainless_folder, old, new, message):
    outside = stainless_folder.parent / "outside.png"
    outside.write_bytes((stainless_folder / "images" / "000003.png").read_bytes())
    (stainless_folder / "images" / "link.png").symlink_to(outside)
    change_table(stainless_folder, old, new)
    with pytest.raises(UserError, match=message):
        open_stainless(stainless_folder)


def test_a_train_sample_may_lack_a_mask(stainless_folder):
    change_table(stainless_folder, "masks/000003.png,instances/000003.png", ",")
    sample = open_stainless(stainless_folder).samples[3]
    assert sample.mask is None
    assert sample.instances is None


def test_an_unknown_class_in_the_instances_is_refused(stainless_folder):
    change_table(stainless_folder, "000008,1,scratch", "000008,1,scrach", "instances.csv")
    with pytest.raises(UserError, match="000008: unknown class 'scrach'"):
        open_stainless(stainless_folder)
