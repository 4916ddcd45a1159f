"""The card of a dataset folder, read by the programs that it is made for: mlcroissant and datasets."""

import csv
import hashlib
import json

import cv2
import datasets
import mlcroissant
import numpy as np
import pytest

from scripts import card
from tests.training.conftest import stainless_folder  # noqa: F401 (a fixture)

CARD = {"README.md", "contact_strip.png", "croissant.json", "metadata.jsonl"}


@pytest.fixture
def carded(stainless_folder):  # noqa: F811 (the fixture)
    before = {path.name: path.read_bytes() for path in stainless_folder.iterdir() if path.is_file()}
    assert card.main([str(stainless_folder), "--licence", "CC-BY-4.0"]) == 0
    names = {path.name for path in stainless_folder.iterdir() if path.is_file()}
    assert names - before.keys() == CARD
    assert all((stainless_folder / name).read_bytes() == content for name, content in before.items())
    return stainless_folder


def test_mlcroissant_reads_the_tables_the_pictures_and_the_classes(carded, capsys):
    assert card.main([str(carded), "--check"]) == 0
    assert "11 samples" in capsys.readouterr().out
    dataset = mlcroissant.Dataset(jsonld=str(carded / "croissant.json"))
    assert dataset.metadata.license == ["CC-BY-4.0"]
    with (carded / "samples.csv").open() as file:
        rows = list(csv.DictReader(file))
    read = list(dataset.records("samples"))
    assert [record["samples/image"].decode() for record in read] == [row["image"] for row in rows]
    assert [record["samples/split"].decode() for record in read] == [row["split"] for row in rows]
    assert {record["instances/class"] for record in dataset.records("instances")} == {b"scratch"}
    kinds = {record["classes/name"]: record["classes/kind"] for record in dataset.records("classes")}
    assert kinds == {"background": "background", "scratch": "defect", "water_stain": "impurity"}
    pictures = {
        record["image_content/file"]: record["image_content/content"] for record in dataset.records("image_content")
    }
    assert len(pictures) == 11
    expected = cv2.imread(str(carded / "images" / "000007.png"))[..., ::-1]
    assert np.array_equal(np.asarray(pictures[b"000007.png"]), expected)
    masks = {record["mask_content/file"]: record["mask_content/content"] for record in dataset.records("mask_content")}
    assert np.array_equal(
        np.asarray(masks[b"000007.png"])[..., 0], cv2.imread(str(carded / "masks" / "000007.png"), -1)
    )


def test_the_loader_imagefolder_reads_pictures_masks_and_labels(carded, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    cache = str(tmp_path / "cache")
    read = datasets.load_dataset("imagefolder", data_dir=str(carded), cache_dir=cache, split="train")
    assert read["sample_id"] == [f"{number:06d}" for number in range(11)]
    assert read["defective"] == [False] * 6 + [True] * 5
    assert read[7]["classes"] == ["scratch", "water_stain"]  # the stain has pixels in the mask, but no instance
    assert np.array_equal(np.asarray(read[7]["image"])[..., ::-1], cv2.imread(str(carded / "images" / "000007.png")))
    assert np.array_equal(np.asarray(read[7]["mask"]), cv2.imread(str(carded / "masks" / "000007.png"), -1))
    assert np.array_equal(np.asarray(read[7]["instances"]), cv2.imread(str(carded / "instances" / "000007.png"), -1))
    test = datasets.load_dataset(
        "imagefolder",
        data_dir=str(carded),
        data_files="metadata.jsonl",
        cache_dir=cache,
        split="train",
        filters=[("split", "==", "test")],
    )
    assert test["sample_id"] == ["000009", "000010"]


def test_the_readme_counts_and_the_strip_shows_every_class(carded):
    page = (carded / "README.md").read_text()
    assert 'license: "cc-by-4.0"' in page
    for row in (
        "| train | 6 | 0 |",
        "| validation | 3 | 3 |",
        "| test | 2 | 2 |",
        "| 4 | scratch | defect | 5 | 5 |",
        "| 6 | water_stain | impurity | 0 | 5 |",
    ):
        assert row in page.splitlines()
    strip = cv2.imread(str(carded / "contact_strip.png"))[..., ::-1]
    assert strip.shape == (2 * 72 + 6, 6 * 88 + 5 * 6, 3)
    assert {(255, 0, 0), (0, 0, 255), (96, 96, 96)} <= set(map(tuple, strip[78:].reshape(-1, 3).tolist()))
    nominal = cv2.imread(str(carded / "images" / "000000.png"))[..., ::-1]
    assert np.array_equal(strip[:72, :88], nominal)


def test_a_card_written_again_keeps_the_licence_and_every_byte(carded):
    before = {name: (carded / name).read_bytes() for name in CARD}
    assert card.main([str(carded)]) == 0
    assert before == {name: (carded / name).read_bytes() for name in CARD}
    table = json.loads(before["croissant.json"])["distribution"][0]
    assert table["sha256"] == hashlib.sha256((carded / "samples.csv").read_bytes()).hexdigest()


def test_a_changed_table_and_other_mistakes_are_one_line(carded, tmp_path, capsys):
    (carded / "samples.csv").write_text((carded / "samples.csv").read_text().replace("ring", "rung"))
    for arguments, words in (
        ([str(carded), "--check"], "croissant.json: "),
        ([str(tmp_path / "absent")], "no dataset at"),
        ([str(carded), "--licence", " "], "--licence is empty"),
        ([str(carded), "--check", "--licence", "MIT"], "--check writes nothing"),
    ):
        before = {path.name: path.stat().st_mtime_ns for path in carded.iterdir()}
        assert card.main(arguments) == 2
        said = capsys.readouterr().err
        assert said.startswith("error: ")
        assert words in said
        assert said.count("\n") == 1
        assert before == {path.name: path.stat().st_mtime_ns for path in carded.iterdir()}
