import json
import shutil

import pytest

from training.dataset import open_dataset
from training.user_error import UserError


def test_both_layouts_open_through_the_config(dataset_config, stainless_folder, mvtec_folder):
    assert open_dataset(dataset_config("stainless", stainless_folder)).name == "tiny plates"
    assert open_dataset(dataset_config("mvtec", mvtec_folder)).name == "nut"
    with pytest.raises(UserError, match="none of stainless, mvtec"):
        open_dataset(dataset_config("stainless", stainless_folder, "dataset.layout=coco"))


def test_a_missing_folder_is_named(dataset_config, tmp_path):
    with pytest.raises(UserError, match=r"no dataset at .*nowhere"):
        open_dataset(dataset_config("stainless", tmp_path / "nowhere"))


def test_max_images_thins_the_train_split_evenly(dataset_config, stainless_folder):
    dataset = open_dataset(dataset_config("stainless", stainless_folder, "dataset.max_images=3"))
    assert [s.sample_id for s in dataset.split("train")] == ["000000", "000002", "000005"]
    assert len(dataset.split("validation")) == 3
    whole = open_dataset(dataset_config("stainless", stainless_folder, "dataset.max_images=100"))
    assert len(whole.split("train")) == 6
    with pytest.raises(UserError, match="max_images 0"):
        open_dataset(dataset_config("stainless", stainless_folder, "dataset.max_images=0"))


def test_validation_and_test_may_come_from_another_folder(dataset_config, stainless_folder, tmp_path):
    other = shutil.copytree(stainless_folder, tmp_path / "other")
    dataset = open_dataset(dataset_config("stainless", stainless_folder, f"dataset.evaluation_root={other}"))
    assert {s.image.is_relative_to(other) for s in dataset.samples if s.split != "train"} == {True}
    assert {s.image.is_relative_to(stainless_folder) for s in dataset.split("train")} == {True}
    assert len(dataset.samples) == 11

    description = json.loads((other / "dataset.json").read_text())
    description["classes"][1]["name"] = "dent"
    (other / "dataset.json").write_text(json.dumps(description))
    (other / "instances.csv").unlink()
    with pytest.raises(UserError, match="class id 4 is scratch"):
        open_dataset(dataset_config("stainless", stainless_folder, f"dataset.evaluation_root={other}"))


def test_layouts_mix(dataset_config, stainless_folder, mvtec_folder):
    overrides = [f"dataset.evaluation_root={mvtec_folder}", "dataset.evaluation_layout=mvtec"]
    dataset = open_dataset(dataset_config("stainless", stainless_folder, *overrides))
    assert [len(dataset.split(s)) for s in ("train", "validation", "test")] == [6, 6, 14]
    assert [c.id for c in dataset.classes] == [0, 1, 2, 4, 6]
