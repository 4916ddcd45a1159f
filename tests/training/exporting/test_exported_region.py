"""Exported detectors within a region of interest, against our own detectors; regions that cannot be exported."""

import json
from dataclasses import replace

import numpy as np
import onnx_ir as ir
import pytest
import torch

from tests.training.exporting.small_runs import CPU, command, exported, fused_run, outputs_of
from tests.training.small_plates import compose_config, plate, write_png
from training.data.region_of_interest import open_region
from training.defect_map.defect_map_model import DefectMapModel
from training.exporting.detector_graph import detector_model
from training.exporting.exported_model import ExportedModel
from training.exporting.region import export_region
from training.exporting.run import check_run
from training.exporting.settings import read_check_settings
from training.features.extractor_settings import ResizeExactly
from training.model.anomaly_model import AnomalyModel
from training.model.load_detector import load_detector
from training.support.user_error import UserError

HEIGHT, WIDTH = 80, 104
RNG = np.random.default_rng(13)


@pytest.fixture(scope="module")
def inside():
    """A disc with a hole in it."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    distance = np.hypot(rows - 40, columns - 60)
    return (distance < 36) & (distance > 6)


@pytest.fixture(scope="module")
def region_file(inside, tmp_path_factory):
    path = tmp_path_factory.mktemp("region") / "disc.png"
    write_png(path, inside.astype(np.uint8) * 255)
    return path


@pytest.fixture(scope="module")
def images():
    """Three plates: with a bright spot outside the region, with one inside, with none."""
    found = np.stack([plate(RNG, HEIGHT, WIDTH) for _ in range(3)])
    found[0, 5:30, 2:22] = 255
    found[1, 20:40, 70:85] = 255
    return found


def assert_same(found, model, threshold, images, inside):
    maps = np.stack([model.anomaly_map(image, inside) for image in images])
    scale = max(threshold, float(maps.max()))
    assert np.abs(found[0] - maps).max() <= 1e-4 * scale
    assert not found[0][:, ~inside].any()
    assert found[1] == pytest.approx(np.array([model.image_score(own, inside) for own in maps]), abs=1e-4 * scale)
    assert found[2].tolist() == [bool((own >= threshold)[inside].any()) for own in maps]


def checked(file, run, images, *overrides):
    return check_run(
        read_check_settings(compose_config("export", [f"check={file}", f"model={run}", f"images={images}", *overrides]))
    )


def test_a_coreset_counts_inside_only(coreset_run, region_file, inside, images, tmp_path):
    detector = load_detector(coreset_run, CPU)
    file = exported(coreset_run, f"region.file={region_file}", f"output={tmp_path / 'disc.onnx'}")
    found = outputs_of(file, images)
    assert_same(found, detector, detector.threshold, images, inside)
    assert found[2].tolist()[:2] == [False, True]
    assert (detector.anomaly_map(images[0]) >= detector.threshold).any()  # what lies outside would be anomalous

    data = replace(detector.provenance.datasets[-1], region=open_region(region_file).document())
    own = replace(detector.provenance, datasets=(data,))  # of a model that was trained within the region
    np.testing.assert_array_equal(export_region(own, None).mask, inside)
    assert export_region(own, None).warnings == []
    assert export_region(detector.provenance, None).mask is None

    model = ExportedModel(file)
    assert (model.record["input"]["height"], model.record["input"]["width"]) == (HEIGHT, WIDTH)
    assert model.record["region_of_interest"] == {"name": "disc.png", "sha256": open_region(region_file).sha256}
    assert any("disc.png" in warning for warning in model.record["warnings"])
    with pytest.raises(UserError, match="refuses an image of 90 x 80"):
        model.find(plate(RNG, 80, 90))

    for number, image in enumerate(images):
        write_png(tmp_path / "photos" / f"{number}.png", image)
    assert checked(file, coreset_run, tmp_path / "photos", f"region.file={region_file}").agrees
    assert checked(file, coreset_run, tmp_path / "photos").differing_record == ("region_of_interest",)
    write_png(tmp_path / "photos" / "other.png", plate(RNG, 90, 80))
    with pytest.raises(UserError, match=r"other\.png has 80 x 90 pixels, the region of interest 104 x 80"):
        checked(file, coreset_run, tmp_path / "photos", f"region.file={region_file}")


def test_openvino_counts_inside_only(coreset_run, region_file, inside, images, tmp_path):
    detector = load_detector(coreset_run, CPU)
    target = f"output={tmp_path / 'disc.xml'}"
    model = ExportedModel(exported(coreset_run, "format=openvino", f"region.file={region_file}", target), threads=1)
    for image in images:
        found, own = model.find(image), detector.anomaly_map(image, inside)
        assert np.abs(found.anomaly_map - own).max() <= 1e-3 * detector.threshold
        assert found.anomalous == bool((own >= detector.threshold).any())


def test_shares_and_means_count_pixels_inside(coreset_run, map_run, inside, images, tmp_path):
    coreset, networks = (load_detector(run, CPU) for run in (coreset_run, map_run))
    members = (coreset.centred_members + coreset.centre).numpy()
    shared = AnomalyModel(coreset.extractor, members, replace(coreset.settings, score_share=0.05))
    window = {"score": "averaged_maximum", "score_window": 21, "resize": ResizeExactly(70, 50)}
    averaged = DefectMapModel(networks.network, replace(networks.settings, **window), torch.device("cpu"))
    for model in (shared, averaged, networks):
        ir.save(detector_model(model, 0.5, "uint8", inside), tmp_path / "model.onnx")
        assert_same(outputs_of(tmp_path / "model.onnx", images), model, 0.5, images, inside)


def test_a_fusion_counts_inside_only(plates, coreset_run, map_run, region_file, inside, images, tmp_path):
    run = fused_run(plates, [coreset_run, map_run], tmp_path / "fused")
    detector = load_detector(run, CPU)
    found = outputs_of(exported(run, f"region.file={region_file}"), images)
    assert_same(found, detector, detector.threshold, images, inside)


def test_one_region_for_all_images_is_exported_and_others_are_refused(coreset_run, inside, images, tmp_path):
    left = {"pattern": "*.png", "size": [WIDTH, HEIGHT], "polygons": [[[0, 0], [60, 0], [60, 80], [0, 80]]]}
    whole = {"pattern": "*", "whole": True}
    paths = {}
    for name, rules in (("one", [left]), ("whole", [whole]), ("several", [left, whole])):
        paths[name] = tmp_path / f"{name}.json"
        paths[name].write_text(json.dumps({"format": "stainless-region", "version": 1, "regions": rules}))
    detector, half = load_detector(coreset_run, CPU), np.broadcast_to(np.arange(WIDTH) < 60, (HEIGHT, WIDTH))
    file = exported(coreset_run, f"region.file={paths['one']}", f"output={tmp_path / 'one.onnx'}")
    assert_same(outputs_of(file, images), detector, detector.threshold, images, half)
    file = exported(coreset_run, f"region.file={paths['whole']}", f"output={tmp_path / 'whole.onnx'}")
    assert_same(outputs_of(file, images), detector, detector.threshold, images, np.ones_like(inside))

    done = command(f"model={coreset_run}", f"region.file={paths['several']}", f"output={tmp_path / 'several.onnx'}")
    assert done.returncode == 2
    assert done.stderr.strip() == (
        f"error: the region of interest {paths['several']} depends on the names of the images (*.png, *), which an "
        "exported file does not see; give one region for all images with region.file=FILE"
    )
    assert not (tmp_path / "several.onnx").exists()
