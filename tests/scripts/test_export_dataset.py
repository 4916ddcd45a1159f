import json
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
from pycocotools.coco import COCO

from scripts import import_coco, import_labelme, import_mvtec
from scripts.benchmarks.anomalib_peer import peer_python
from scripts.export_dataset import main
from tests.eval.small_plates import HEIGHT, WIDTH, write_dataset, write_png
from training.data.dataset import read_instances, read_mask
from training.data.mvtec_layout import open_mvtec
from training.data.stainless_layout import open_stainless

SPLITS = ["train"] * 3 + ["validation"] * 2 + ["test"] * 3


@pytest.fixture
def plates(tmp_path: Path) -> Path:
    """Small plates; two test images also show a dent, or nothing; with drawn parameters in the tables."""
    root = write_dataset(tmp_path / "plates", SPLITS, seed=3)
    mask, instances = (
        cv2.imread(str(root / part / "000006.png"), cv2.IMREAD_UNCHANGED) for part in ("masks", "instances")
    )
    mask[60:66, 10:20], instances[60:66, 10:20] = 2, 7
    mask[2, 40:43] = 6  # of a class, but without an instance
    write_png(root / "masks" / "000006.png", mask)
    write_png(root / "instances" / "000006.png", instances)
    for part, dtype in (("masks", np.uint8), ("instances", np.uint16)):
        write_png(root / part / "000007.png", np.zeros((HEIGHT, WIDTH), dtype))
    table = pd.read_csv(root / "instances.csv", dtype=str)
    table = table[table["sample_id"] != "000007"]
    table.loc[len(table) + 9] = ["000006", "7", "dent", "60"]
    table["depth"] = [f"{k}.10" for k in range(len(table))]
    table.sort_values(["sample_id", "instance_id"]).to_csv(root / "instances.csv", index=False)
    samples = pd.read_csv(root / "samples.csv", dtype=str)
    samples["roughness"] = [f"0.{k}70" for k in range(len(samples))]
    samples.to_csv(root / "samples.csv", index=False)
    return root


def export(plates: Path, layout: str, out: Path) -> Path:
    assert main([str(plates), "--to", layout, "--out", str(out)]) == 0
    return out


def tree(root: Path) -> dict[str, object]:
    """Return a dataset's content: bytes of pictures, pixels of masks and instances, text of tables."""
    held: dict[str, object] = {"dataset.json": json.loads((root / "dataset.json").read_text())}
    for name in ("samples.csv", "instances.csv"):
        held[name] = pd.read_csv(root / name, dtype=str, keep_default_na=False).to_dict("records")
    for path in sorted((root / "images").iterdir()):
        held[path.name] = path.read_bytes()
    for part in ("masks", "instances"):
        for path in sorted((root / part).iterdir()):
            pixels = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
            held[f"{part}/{path.name}"] = (str(pixels.dtype), pixels.shape, pixels.tobytes())
    return held


@pytest.mark.parametrize(
    ("layout", "importer"), [("mvtec", import_mvtec), ("labelme", import_labelme), ("coco", import_coco)]
)
def test_there_and_back_nothing_is_lost(layout, importer, plates, tmp_path):
    exported = export(plates, layout, tmp_path / layout)
    assert importer.main([str(exported), "--out", str(tmp_path / "back")]) == 0
    before, after = tree(plates), tree(tmp_path / "back")
    assert before.keys() == after.keys()
    for key, value in before.items():
        assert after[key] == value, key


def test_pycocotools_reads_every_pixel_back(plates, tmp_path):
    exported = export(plates, "coco", tmp_path / "coco")
    dataset = open_stainless(plates)
    for split in ("train", "validation", "test"):
        coco = COCO(exported / "annotations" / f"instances_{split}.json")
        assert len(coco.imgs) == len(dataset.split(split))
        assert {c["name"]: c["supercategory"] for c in coco.cats.values()} == {
            "dent": "defect",
            "scratch": "defect",
            "water_stain": "impurity",
        }
        for sample, (image_id, image) in zip(dataset.split(split), coco.imgs.items(), strict=True):
            assert (exported / "images" / image["file_name"]).read_bytes() == sample.image.read_bytes()
            mask, instances = np.zeros((HEIGHT, WIDTH), int), np.zeros((HEIGHT, WIDTH), int)
            for entry in coco.loadAnns(coco.getAnnIds([image_id])):
                inside = coco.annToMask(entry) > 0
                assert inside.sum() == entry["area"]
                rows, columns = np.nonzero(inside)
                left, top, width, height = entry["bbox"]
                assert (left, top) == (columns.min(), rows.min())
                assert (left + width, top + height) == (columns.max() + 1, rows.max() + 1)
                mask[inside] = entry["category_id"]
                instances[inside] = 0 if entry["iscrowd"] else int(entry["stainless"]["instance_id"])
            mask[coco.annToMask({"image_id": image_id, "segmentation": image["stainless"]["ignored"]}) > 0] = 255
            expected = read_mask(sample, (HEIGHT, WIDTH))
            np.testing.assert_array_equal(mask, expected)
            np.testing.assert_array_equal(instances, read_instances(sample, expected))
    rows = pd.read_csv(plates / "samples.csv", dtype=str, keep_default_na=False).to_dict("records")
    assert [image["stainless"]["sample"] for image in coco.imgs.values()] == rows[-3:]
    depths = {entry["stainless"]["depth"] for entry in coco.anns.values() if "stainless" in entry}
    assert len(depths) == 7


def test_the_mvtec_export_is_one_that_our_own_reader_and_others_understand(plates, tmp_path):
    exported = export(plates, "mvtec", tmp_path / "mvtec")
    names = sorted(path.relative_to(exported).as_posix() for path in exported.glob("*/*/*.png"))
    assert names == [
        "ground_truth/combined/000006_mask.png",
        "ground_truth/scratch/000005_mask.png",
        *(f"stainless/{part}/{k:06d}.png" for part in ("instances", "masks") for k in range(8)),
        "test/combined/000006.png",
        "test/good/000007.png",
        "test/scratch/000005.png",
        *(f"train/good/{k:06d}.png" for k in range(3)),
        "validation/scratch/000003.png",
        "validation/scratch/000004.png",
        "validation_ground_truth/scratch/000003_mask.png",
        "validation_ground_truth/scratch/000004_mask.png",
    ]
    read = open_mvtec(exported, 0.0, 0)
    assert [entry.name for entry in read.classes] == ["background", "combined", "scratch"]
    white = cv2.imread(str(exported / "ground_truth/combined/000006_mask.png"), cv2.IMREAD_UNCHANGED) == 255
    np.testing.assert_array_equal(white, np.isin(cv2.imread(str(plates / "masks/000006.png"), -1), (2, 4)))


@pytest.mark.slow
def test_anomalib_loads_the_mvtec_export(plates, tmp_path, anomalib_python, run_in):
    exported = export(plates, "mvtec", tmp_path / "mvtec")
    told = run_in(anomalib_python, exported)
    assert told["train"] == [["000000.png", 0, 0], ["000001.png", 0, 0], ["000002.png", 0, 0]]
    masks = {path.stem.removesuffix("_mask"): path for path in exported.glob("ground_truth/*/*.png")}
    areas = {stem: int((cv2.imread(str(path), -1) > 0).sum()) for stem, path in masks.items()}
    assert told["test"] == [
        ["000005.png", 1, areas["000005"]],
        ["000006.png", 1, areas["000006"]],
        ["000007.png", 0, 0],
    ]


@pytest.fixture
def anomalib_python():
    from rich.console import Console

    from training.support.user_error import UserError

    try:
        return peer_python(Console(quiet=True))
    except UserError as error:
        unavailable = ("uv, which is not installed", "Failed to fetch", "network was disabled")
        if any(missing in str(error) for missing in unavailable):
            pytest.skip(str(error))
        raise  # if the package index is reachable, a failure to create the environment is a defect


@pytest.fixture
def run_in(tmp_path):
    import subprocess

    def run(python: Path, exported: Path) -> dict:
        script = Path(__file__).with_name("anomalib_folder.py")
        done = subprocess.run(
            [str(python), str(script), str(exported)], capture_output=True, text=True, check=False, cwd=tmp_path
        )
        assert done.returncode == 0, done.stderr[-2000:]
        return json.loads(done.stdout.splitlines()[-1])

    return run


def test_mistakes_are_told_in_one_line(plates, tmp_path, capsys):
    def refusal(*arguments) -> str:
        assert main([str(argument) for argument in arguments]) == 2
        told = capsys.readouterr().err.strip()
        assert told.startswith("error: ")
        assert "\n" not in told
        return told

    out = tmp_path / "out"
    assert "no dataset" in refusal(tmp_path / "none", "--to", "coco", "--out", out)
    (plates / "masks" / "000001.png").write_bytes(b"broken")
    assert "000001.png does not decode" in refusal(plates, "--to", "coco", "--out", out)
    description = (plates / "dataset.json").read_text()
    (plates / "dataset.json").write_text(description.replace('"dent"', '"a/b"'))
    (plates / "instances.csv").unlink()
    assert "'a/b' cannot be a folder" in refusal(plates, "--to", "mvtec", "--out", out)
    assert not out.exists()
    out.mkdir()
    assert "exists already" in refusal(plates, "--to", "mvtec", "--out", out)
