import shutil

import pytest

from training.data.image_file import read_image
from training.data.mask_file import read_mask
from training.data.mvtec_layout import open_mvtec
from training.support.user_error import UserError


def ids(dataset, split):
    return [sample.sample_id for sample in dataset.split(split)]


def test_the_validation_split_is_the_same_part_of_every_class(mvtec_folder):
    dataset = open_mvtec(mvtec_folder, 0.3, 0)
    assert [c.name for c in dataset.classes] == ["background", "crack", "hole"]
    assert dataset.defect_ids == (1, 2)
    assert len(dataset.split("train")) == 5
    drawn = ids(dataset, "validation")
    assert [sum(name.startswith(f"test_{c}_") for name in drawn) for c in ("good", "hole", "crack")] == [3, 2, 1]
    assert len(ids(dataset, "test")) == 20 - 6
    assert len(set(drawn) | set(ids(dataset, "test"))) == 20


def test_the_draw_follows_the_seed_and_each_class_alone(mvtec_folder):
    first, again, other = (ids(open_mvtec(mvtec_folder, 0.3, seed), "validation") for seed in (0, 0, 1))
    assert first == again
    assert first != other
    for path in (mvtec_folder / "test" / "crack").iterdir():
        path.unlink()
    without = ids(open_mvtec(mvtec_folder, 0.3, 0), "validation")
    assert without == [name for name in first if not name.startswith("test_crack_")]


def test_masks_and_images_are_read_whatever_their_size(mvtec_folder):
    dataset = open_mvtec(mvtec_folder, 0.3, 0)
    for sample in dataset.samples:
        image = read_image(sample.image)
        mask = read_mask(sample, image.shape)
        expected = {"good": 0, "crac": 1, "hole": 2}[sample.sample_id.split("_")[1][:4]]
        assert mask.max() == expected
        assert (mask > 0).sum() == (400 if expected else 0)


def test_a_split_of_nothing_leaves_validation_empty(mvtec_folder):
    assert ids(open_mvtec(mvtec_folder, 0.0, 0), "validation") == []
    with pytest.raises(UserError, match="validation_fraction"):
        open_mvtec(mvtec_folder, 1.0, 0)


def test_an_image_without_its_mask_is_named(mvtec_folder):
    (mvtec_folder / "ground_truth" / "hole" / "003_mask.png").unlink()
    with pytest.raises(UserError, match=r"003\.jpg has no mask: .*003_mask\.png is missing"):
        open_mvtec(mvtec_folder, 0.3, 0)


def test_two_images_of_one_name_are_refused(mvtec_folder):
    good = mvtec_folder / "test" / "good"
    (good / "001.jpg").write_bytes((good / "001.png").read_bytes())
    with pytest.raises(UserError, match="two images are named 001"):
        open_mvtec(mvtec_folder, 0.3, 0)


def test_empty_and_missing_folders_are_refused(mvtec_folder, tmp_path):
    for path in (mvtec_folder / "train" / "good").iterdir():
        path.unlink()
    with pytest.raises(UserError, match="no image in train/good"):
        open_mvtec(mvtec_folder, 0.3, 0)
    with pytest.raises(UserError, match="has train/good and test"):
        open_mvtec(tmp_path, 0.3, 0)


def test_a_folder_without_train_is_there_to_judge_with(mvtec_folder):
    shutil.rmtree(mvtec_folder / "train")
    dataset = open_mvtec(mvtec_folder, 0.3, 0)
    assert (len(dataset.split("train")), len(dataset.split("validation"))) == (0, 6)
    (mvtec_folder / "train").mkdir()
    with pytest.raises(UserError, match="has train/good and test"):
        open_mvtec(mvtec_folder, 0.3, 0)
