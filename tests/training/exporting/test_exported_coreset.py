"""An exported coreset in ONNX Runtime and OpenVINO against our own detector, at any size; int8; its record."""

import json

import numpy as np
import onnx
import onnx_ir as ir
import pytest

from tests.training.configured import build_extractor
from tests.training.exporting.small_runs import CPU, exported, outputs_of
from tests.training.small_plates import compose_config, plate
from training.exporting.detector_graph import detector_model
from training.exporting.exported_model import ExportedModel
from training.model.anomaly_model import AnomalyModel
from training.model.load_detector import load_detector
from training.model.settings import AnomalyMapSettings

SIZES = [(64, 64), (96, 128), (97, 133), (131, 70), (70, 201)]
RNG = np.random.default_rng(11)


@pytest.fixture(scope="module")
def detector(coreset_run):
    return load_detector(coreset_run, CPU)


def plate_with_hole(height, width):
    image = plate(RNG, height, width)
    image[height // 3 : height // 2, width // 4 : width // 2] = 250
    return image


def assert_same(found, model, threshold, images, tolerance):
    maps = np.stack([model.anomaly_map(image) for image in images])
    assert found[0].shape == maps.shape
    assert np.abs(found[0] - maps).max() <= tolerance * threshold
    scores = [model.image_score(own) for own in maps]
    assert found[1] == pytest.approx(np.array(scores), abs=tolerance * threshold)
    assert found[2].tolist() == [bool((own >= threshold).any()) for own in maps]


def test_one_file_fits_images_of_any_size_and_batch(coreset_file, detector):
    decisions = set()
    for height, width in SIZES:
        images = np.stack([plate(RNG, height, width), plate_with_hole(height, width)])
        found = outputs_of(coreset_file, images)
        assert_same(found, detector, detector.threshold, images, 1e-4)
        decisions |= set(found[2].tolist())
    assert decisions == {False, True}
    assert coreset_file.stat().st_size < 25e6


def test_every_choice_of_extractor_and_map_is_in_the_graph(tmp_path):
    chosen = [
        "extractor=resnet18",
        "extractor.weights=random",
        "extractor.pooling=[3,2]",
        "extractor.resize={side: shorter, pixels: 80}",
        "extractor.further_scales=[{scale: 0.5, weight: 0.7}]",
    ]
    extractor = build_extractor(compose_config("train", ["dataset.root=x", *chosen]).extractor, "cpu")
    patches = [extractor.patches(plate(RNG, 90, 120)) for _ in range(2)]
    features = np.concatenate([part.reshape(-1, part.shape[-1]) for part in patches])
    members = features[RNG.permutation(len(features))[:50]]
    for upsampling, share, pixels in (("nearest", 0.02, "float32"), ("bilinear", 0.0, "uint8")):
        model = AnomalyModel(extractor, members, AnomalyMapSettings(2048, upsampling, 2.0, 17, share))
        threshold = float(model.anomaly_map(plate_with_hole(97, 133)).max() * 0.9)
        file = tmp_path / f"{upsampling}.onnx"
        ir.save(detector_model(model, threshold, pixels), file)
        for height, width in ((97, 133), (60, 200), (150, 90)):
            images = np.stack([plate_with_hole(height, width), plate(RNG, height, width)])
            given = images if pixels == "uint8" else images.astype(np.float32) / 255
            assert_same(outputs_of(file, given), model, threshold, images, 1e-3)


def test_a_patch_that_is_not_a_number_is_anomalous(tmp_path, detector):
    broken = AnomalyModel(detector.extractor, np.full((4, 152), np.inf, np.float32), detector.settings)
    ir.save(detector_model(broken, 3.0, "uint8"), tmp_path / "broken.onnx")
    assert outputs_of(tmp_path / "broken.onnx", plate(RNG, 64, 64)[None])[2].tolist() == [True]


def test_the_file_says_what_it_is(coreset_file, detector):
    properties = {entry.key: entry.value for entry in onnx.load(coreset_file).metadata_props}
    record = json.loads(properties["stainless"])
    assert record["classes"] == ["nominal", "anomalous"]
    assert record["threshold"] == detector.threshold
    assert record["extractors"] == [json.loads(json.dumps(detector.extractor.fingerprint))]
    assert record["model"]["features_sha256"] == detector.record.features_sha256
    assert record["licences_of_weights"] == ["GPL-3.0-or-later (weights of this project)"]
    assert record["input"]["type"] == "uint8"
    assert record["input"]["resized"] == [None]
    assert len(record["provenance_sha256"]) == 64
    assert "/" not in record["licences_of_weights"][0]


def test_int8_is_calibrated_and_near(coreset_run, coreset_file, detector, plates):
    file = exported(coreset_run, "precision=int8", f"images={plates / 'train'}")
    assert file.name == "coreset_int8.onnx"
    assert file.stat().st_size < 0.6 * coreset_file.stat().st_size
    types = {tensor.data_type for tensor in onnx.load(file).graph.initializer}
    assert onnx.TensorProto.INT8 in types
    image = plate_with_hole(96, 128)
    found, own = ExportedModel(file).find(image), detector.anomaly_map(image)
    assert np.corrcoef(found.anomaly_map.ravel(), own.ravel())[0, 1] > 0.9
    assert not np.allclose(found.anomaly_map, own, rtol=1e-4)


def test_openvino_gives_the_same_maps(coreset_run, detector):
    file = exported(coreset_run, "format=openvino")
    assert file.with_suffix(".bin").is_file()
    model = ExportedModel(file, threads=1)
    assert model.record["threshold"] == detector.threshold
    for height, width in SIZES[1:3]:
        image = plate_with_hole(height, width)
        found, own = model.find(image), detector.anomaly_map(image)
        assert np.abs(found.anomaly_map - own).max() <= 1e-3 * detector.threshold
        assert found.anomalous == bool((own >= detector.threshold).any())
