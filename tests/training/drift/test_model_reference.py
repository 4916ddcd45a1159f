"""The drift reference in the model files of all three kinds, and files of earlier versions."""

import json

import cv2
import numpy as np
import pytest
import safetensors.numpy
from safetensors import safe_open

from tests.training.configured import open_dataset, train_run
from tests.training.runs.small_defect_maps import train_defect_map
from tests.training.small_plates import TINY, compose_config, plate, write_png
from training.data.dataset import read_image
from training.drift.image_statistics import IMAGE_STATISTICS, SCORE
from training.model.file_header import model_file
from training.model.load_detector import load_detector
from training.model.settings import ModelOverrides
from training.runs.fuse_run import fuse_run, read_fuse_settings

CPU = ModelOverrides("cpu")
HALF = "dataset.validation_fraction=0.5"
KINDS = ("coreset", "map", "fusion")
EARLIER = {"coreset": 3, "map": 1, "fusion": 1}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return the folder of the images and of a run of each kind, trained on them."""
    folder, rng = tmp_path_factory.mktemp("runs"), np.random.default_rng(8)
    data = folder / "nut"
    for number in range(4):
        write_png(data / "train" / "good" / f"{number}.png", plate(rng))
    for kind, count in (("good", 24), ("hole", 6)):
        for number in range(count):
            image, mask = plate(rng), np.zeros((72, 88), dtype=np.uint8)
            if kind == "hole":
                image[20:40, 30:50], mask[20:40, 30:50] = 0, 255
                write_png(data / "ground_truth" / kind / f"{number:03d}_mask.png", mask)
            write_png(data / "test" / kind / f"{number:03d}.png", image)
    dataset = ["dataset=mvtec", f"dataset.root={data}", HALF]
    train_run(compose_config("train", [*dataset, *TINY, "device=cpu"]), folder / "coreset")
    train_defect_map(data, folder / "map", "dataset=mvtec", HALF)
    sources = f"sources=[{folder / 'coreset'},{folder / 'map'}]"
    fuse_run(read_fuse_settings(compose_config("fuse", [sources, *dataset, "device=cpu"])), folder / "fusion")
    return folder


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_file_holds_scores_and_statistics_of_its_nominal_validation_images(kind, runs):
    detector = load_detector(runs / kind, CPU)
    cfg = compose_config("train", ["dataset=mvtec", f"dataset.root={runs / 'nut'}", HALF]).dataset
    nominal = [sample for sample in open_dataset(cfg).split("validation") if sample.mask is None]
    assert len(nominal) >= 10
    assert (detector.reference.images, detector.reference.nominal_images) == (len(nominal), len(nominal))
    images = [read_image(sample.image) for sample in nominal]
    scores = sorted(detector.image_score(detector.anomaly_map(image)) for image in images)
    np.testing.assert_allclose(detector.reference.values[SCORE], scores, rtol=1e-6)
    contrast = sorted(float(np.std(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))) for image in images)
    np.testing.assert_allclose(detector.reference.values["contrast"], contrast, rtol=1e-9)
    assert set(detector.reference.values) == {*IMAGE_STATISTICS, SCORE}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_of_an_earlier_version_is_read_without_a_reference(kind, runs, tmp_path):
    with safe_open(model_file(runs / kind), framework="numpy") as file:
        document = json.loads(file.metadata()["stainless"])
        arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    assert document["version"] == EARLIER[kind] + 1
    for older in [document, *(document["sources"] if kind == "fusion" else [])]:
        older.pop("reference")
        older["version"] -= 1
    if kind == "fusion":
        from training.model.fusion_file import _sha256

        document["sha256"] = _sha256(arrays, {k: v for k, v in document.items() if k != "sha256"})
    old = tmp_path / "old.safetensors"
    old.write_bytes(safetensors.numpy.save(arrays, metadata={"stainless": json.dumps(document)}))
    detector, image = load_detector(old, CPU), plate(np.random.default_rng(1))
    assert detector.reference is None
    np.testing.assert_array_equal(detector.anomaly_map(image), load_detector(runs / kind, CPU).anomaly_map(image))
