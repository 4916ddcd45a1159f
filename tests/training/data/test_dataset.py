import json
import shutil

import numpy as np
import pytest

from tests.training.configured import open_dataset, train_run
from tests.training.small_plates import TINY, compose_config, plate, write_png
from training.data.dataset import read_image, read_mask
from training.support.user_error import UserError


def test_both_layouts_open_through_the_config(dataset_config, stainless_folder, mvtec_folder):
    assert open_dataset(dataset_config("stainless", stainless_folder)).name == "tiny plates"
    assert open_dataset(dataset_config("mvtec", mvtec_folder)).name == "nut"
    with pytest.raises(UserError, match=r"layout: 'coco' is not one of .*stainless.*mvtec"):
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
    with pytest.raises(UserError, match="max_images: 0"):
        open_dataset(dataset_config("stainless", stainless_folder, "dataset.max_images=0"))


def test_max_plates_keeps_the_train_images_of_the_first_plates(dataset_config, stainless_folder):
    whole = open_dataset(dataset_config("stainless", stainless_folder))
    plates = list(dict.fromkeys(sample.plate_id for sample in whole.split("train")))
    assert len(plates) > 1
    few = open_dataset(dataset_config("stainless", stainless_folder, "dataset.max_plates=1"))
    assert {sample.plate_id for sample in few.split("train")} == {plates[0]}
    assert few.split("validation") == whole.split("validation")
    assert few.split("test") == whole.split("test")
    all_of_them = open_dataset(dataset_config("stainless", stainless_folder, "dataset.max_plates=100"))
    assert all_of_them.samples == whole.samples
    with pytest.raises(UserError, match="max_plates: 0"):
        open_dataset(dataset_config("stainless", stainless_folder, "dataset.max_plates=0"))


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


def test_an_mvtec_folder_takes_ids_that_the_rendered_classes_leave_free(dataset_config, stainless_folder, mvtec_folder):
    description = json.loads((stainless_folder / "dataset.json").read_text())
    description["classes"][1] |= {"id": 1, "name": "bump"}  # the id that the folder's first class would get otherwise
    (stainless_folder / "dataset.json").write_text(json.dumps(description))
    (stainless_folder / "instances.csv").unlink()
    overrides = [f"dataset.evaluation_root={mvtec_folder}", "dataset.evaluation_layout=mvtec"]
    dataset = open_dataset(dataset_config("stainless", stainless_folder, *overrides))
    by_id = {c.id: c.name for c in dataset.classes}
    assert len(by_id) == len(dataset.classes)
    assert by_id[1] == "bump"
    judged = [sample for sample in dataset.samples if sample.binary_id is not None]
    assert judged
    for sample in judged:
        assert by_id[sample.binary_id] == sample.image.parent.name
        mask = read_mask(sample, read_image(sample.image).shape)
        assert set(np.unique(mask)) == {0, sample.binary_id}


@pytest.fixture
def rotated_folder(stainless_folder):
    """The same plates under another light: other pixels, the same ids, another name."""
    rotated = shutil.copytree(stainless_folder, stainless_folder.parent / "rotated")
    for path in (rotated / "images").iterdir():
        write_png(path, plate(np.random.default_rng(int(path.stem)), 72, 88))
    description = json.loads((rotated / "dataset.json").read_text())
    (rotated / "dataset.json").write_text(json.dumps({**description, "name": "rotated plates"}))
    return rotated


def test_several_roots_are_one_train_split(dataset_config, stainless_folder, rotated_folder):
    roots = f"dataset.root=[{stainless_folder},{rotated_folder}]"
    dataset = open_dataset(dataset_config("stainless", stainless_folder, roots))
    train = dataset.split("train")
    assert dataset.name == "tiny plates + rotated plates"
    assert [s.sample_id for s in train] == [f"{k}_{i:06d}" for k in (0, 1) for i in range(6)]
    assert [s.image.parent.parent for s in train] == [stainless_folder] * 6 + [rotated_folder] * 6
    assert [s.image for s in dataset.split("validation")] == [
        stainless_folder / "images" / f"{i:06d}.png" for i in (6, 7, 8)
    ]
    assert len({s.sample_id for s in dataset.samples}) == len(dataset.samples) == 12 + 3 + 2
    thinned = open_dataset(dataset_config("stainless", stainless_folder, roots, "dataset.max_images=4"))
    assert [s.sample_id for s in thinned.split("train")] == ["0_000000", "0_000004", "1_000001", "1_000005"]
    alone = f"dataset.root=[{rotated_folder}]"
    assert open_dataset(dataset_config("stainless", rotated_folder, alone)).split("train")[0].sample_id == "000000"


def test_several_roots_and_another_folder_to_judge_by(dataset_config, stainless_folder, rotated_folder, mvtec_folder):
    overrides = [
        f"dataset.root=[{rotated_folder},{stainless_folder}]",
        f"dataset.evaluation_root={mvtec_folder}",
        "dataset.evaluation_layout=mvtec",
    ]
    dataset = open_dataset(dataset_config("stainless", stainless_folder, *overrides))
    assert [len(dataset.split(s)) for s in ("train", "validation", "test")] == [12, 6, 14]
    assert dataset.name == "rotated plates + tiny plates on nut"


def test_roots_that_do_not_agree_are_refused(dataset_config, stainless_folder, rotated_folder, tmp_path):
    def refused(roots, message):
        with pytest.raises(UserError, match=message):
            open_dataset(dataset_config("stainless", stainless_folder, f"dataset.root={roots}"))

    refused("[]", "empty list")
    refused(f"[{stainless_folder},{stainless_folder}/../plates]", "plates twice")
    refused(f"[{stainless_folder},{tmp_path / 'nowhere'}]", r"no dataset at .*nowhere")
    description = json.loads((rotated_folder / "dataset.json").read_text())
    description["classes"][2]["kind"] = "defect"
    (rotated_folder / "dataset.json").write_text(json.dumps(description))
    refused(
        f"[{stainless_folder},{rotated_folder}]", r"class id 6 is water_stain \(impurity\) in .*plates, but .*defect"
    )
    description["classes"][2]["kind"] = "impurity"
    (rotated_folder / "dataset.json").write_text(json.dumps(description))
    table = rotated_folder / "samples.csv"
    table.write_text(table.read_text().replace(",train,", ",test,"))
    refused(f"[{stainless_folder},{rotated_folder}]", "rotated has no train samples to add")


def test_training_on_several_lights_is_training_on_all_their_patches(stainless_folder, rotated_folder, tmp_path):
    cfg = compose_config("train", [f"dataset.root=[{stainless_folder},{rotated_folder}]", *TINY, "device=cpu"])
    record = train_run(cfg, tmp_path / "run")
    assert record["coreset"]["epochs"][0]["patches"] == 12 * 10 * 10  # patches lie on the corners of cells
    described = record["provenance"]["datasets"][0]
    assert described["root"] == [str(stainless_folder), str(rotated_folder)]
    assert described["evaluation_root"] == str(stainless_folder)
    assert described["train_images"] == 12
