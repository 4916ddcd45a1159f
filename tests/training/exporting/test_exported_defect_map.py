"""An exported defect map and an exported fusion in ONNX Runtime against our own detectors."""

from dataclasses import replace

import numpy as np
import onnx_ir as ir
import pytest
import torch

from tests.training.exporting.small_runs import CPU, exported, fused_run, outputs_of
from tests.training.small_plates import plate
from training.defect_map.defect_map_model import DefectMapModel
from training.exporting.detector_graph import detector_model
from training.features.extractor_settings import ResizeExactly
from training.model.fused_detector import FusedModel
from training.model.load_detector import load_detector

RNG = np.random.default_rng(12)


def images_of(height, width):
    images = np.stack([plate(RNG, height, width) for _ in range(2)])
    images[1, 20:40, 20:50] = 250
    return images


def assert_same(found, model, threshold, images):
    maps = np.stack([model.anomaly_map(image) for image in images])
    scale = max(threshold, float(maps.max()))
    assert np.abs(found[0] - maps).max() <= 1e-4 * scale
    assert found[1] == pytest.approx(np.array([model.image_score(own) for own in maps]), abs=1e-4 * scale)
    assert found[2].tolist() == [bool((own >= threshold).any()) for own in maps]


def test_a_defect_map_of_any_size(map_run):
    detector = load_detector(map_run, CPU)
    file = exported(map_run)
    for height, width in ((64, 64), (97, 133), (150, 70)):
        images = images_of(height, width)
        assert_same(outputs_of(file, images), detector, detector.threshold, images)


@pytest.mark.parametrize(
    "changes",
    [
        {"resize": None, "score": "averaged_maximum", "score_window": 8, "border": 0},
        {"resize": ResizeExactly(70, 50), "score": "averaged_maximum", "score_window": 21, "border": 40},
    ],
)
def test_every_choice_of_the_map_is_in_the_graph(map_run, tmp_path, changes):
    trained = load_detector(map_run, CPU)
    model = DefectMapModel(trained.network, replace(trained.settings, **changes), torch.device("cpu"))
    ir.save(detector_model(model, 0.5, "uint8"), tmp_path / "map.onnx")
    for height, width in ((72, 88), (101, 67)):
        images = images_of(height, width)
        assert_same(outputs_of(tmp_path / "map.onnx", images), model, 0.5, images)


def test_a_fusion_by_every_rule(plates, coreset_run, map_run, tmp_path):
    run = fused_run(plates, [coreset_run, map_run], tmp_path / "fused")
    detector, images = load_detector(run, CPU), images_of(83, 107)
    assert_same(outputs_of(exported(run), images), detector, detector.threshold, images)
    for rule in ("maximum", "minimum", "geometric", "source 2"):
        model = FusedModel(detector.sources, detector.calibrations, rule)
        ir.save(detector_model(model, detector.threshold, "uint8"), tmp_path / "rule.onnx")
        assert_same(outputs_of(tmp_path / "rule.onnx", images), model, detector.threshold, images)
