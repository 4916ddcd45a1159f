"""Runs within a region of interest: what lies outside is neither learned nor found; inside, nothing changes."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from eval.runs.run_evaluation import evaluate_run
from eval.runs.settings import read_settings
from tests.training.configured import predict_run, train_run, update_run
from tests.training.runs.small_defect_maps import train_defect_map
from tests.training.small_plates import CLASSES, TINY, compose_config, plate, write_png
from training.data.augment import Augmentation
from training.data.augmentation_settings import read_augmentation_settings
from training.data.dataset import Sample, open_dataset
from training.data.image_file import read_image
from training.data.region_of_interest import open_region
from training.features.patch_stream import nominal_strips
from training.model.file import load_model
from training.model.load_detector import load_detector
from training.model.model_region import common_region
from training.model.settings import ModelOverrides
from training.runs.recorded_dataset import recorded_dataset
from training.support.user_error import UserError

ROOT = Path(__file__).resolve().parents[3]
HEIGHT, WIDTH, EDGE = 96, 128, 64
BRIGHT = (slice(30, 50), slice(12, 40))  # what must not be seen: left of the region's edge
SCRATCH = (slice(60, 68), slice(80, 110))


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """Plates with a bright square outside the region, in train images too; some test plates with a scratch inside."""
    folder = tmp_path_factory.mktemp("region")
    root, rng, rows = folder / "plates", np.random.default_rng(3), []
    for number in range(10):
        split = "train" if number < 5 else "validation" if number < 7 else "test"
        image, mask = plate(rng, HEIGHT, WIDTH), np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
        image[BRIGHT], mask[BRIGHT] = 255, 4  # also in train images: a defect outside the region does not matter
        if number in (5, 7, 8):
            image[SCRATCH], mask[SCRATCH] = 0, 4
        name = f"{number:06d}.png"
        write_png(root / "images" / name, image)
        write_png(root / "masks" / name, mask)
        rows.append(f"{number:06d},{split},images/{name},masks/{name},,ring,plate_{number},0")
    head = "sample_id,split,image,mask,instances,light,plate_id,view\n"
    (root / "samples.csv").write_text(head + "\n".join(rows) + "\n")
    described = {"format": "stainless-dataset", "version": 1, "name": "plates", "generator": "test", "blender": None}
    described |= {"image_size": {"width": WIDTH, "height": HEIGHT}, "metres_per_pixel": None, "classes": CLASSES}
    described |= {"ignore_id": 255, "seeds": {}, "job": None, "samples": len(rows)}
    (root / "dataset.json").write_text(json.dumps(described))
    (folder / "region.json").write_text(document([[EDGE, 0], [WIDTH, 0], [WIDTH, HEIGHT], [EDGE, HEIGHT]]))
    (folder / "narrow.json").write_text(document([[90, 0], [WIDTH, 0], [WIDTH, HEIGHT], [90, HEIGHT]]))
    (folder / "small.json").write_text(document([[8, 8], [40, 8], [40, 40]], [50, 50]))
    train_run(config("train", folder, *TINY), folder / "run")
    return folder


def document(polygon: list[list[int]], size: tuple[int, int] | list[int] = (WIDTH, HEIGHT)) -> str:
    rule = {"pattern": "*.png", "size": list(size), "polygons": [polygon]}
    return json.dumps({"format": "stainless-region", "version": 1, "regions": [rule]})


def config(name: str, folder: Path, *overrides: str, region: str = "region.json"):
    data = [f"dataset.root={folder / 'plates'}", f"region.file={folder / region}"]
    return compose_config(name, [*data, "device=cpu", *overrides])


def predicted(folder: Path, output: str, *overrides: str) -> tuple[pd.DataFrame, dict]:
    base = [f"model={folder / 'run'}", f"input={folder / 'plates/images'}", f"output={folder / output}", "device=cpu"]
    predict_run(compose_config("predict", [*base, *overrides]))
    return pd.read_csv(folder / output / "predictions.csv"), json.loads((folder / output / "findings.json").read_text())


def test_nothing_outside_is_learned_and_the_model_records_the_region(place):
    _, record = load_model(place / "run")
    assert record.members is not None
    assert len(record.members.place) == 40
    assert record.members.place[:, 0].min() >= EDGE
    region = open_region(place / "region.json")
    assert record.provenance.region == region.document()
    left_out = [text for text in record.warnings if "outside the region of interest" in text]
    assert len(left_out) == 1
    assert left_out[0].startswith(
        "10 labelled regions lie outside the region of interest and are left out (10 scratch)"
    )
    # the bright squares would be learned without the region, if their masks did not refuse them
    with pytest.raises(UserError, match="train image 000000 shows a defect"):
        train_run(compose_config("train", [f"dataset.root={place / 'plates'}", *TINY, "device=cpu"]), place / "other")
    assert not (place / "other").exists()


def test_nothing_outside_is_found_and_inside_nothing_changes(place):
    whole = place / "whole.json"
    whole.write_text('{"format": "stainless-region", "version": 1, "regions": [{"pattern": "*", "whole": true}]}')
    everywhere, findings = predicted(place, "everywhere", f"region.file={whole}")
    rows, own = predicted(place, "own")  # the model's own region, without being asked for
    assert everywhere["decision"].eq("anomalous").all()
    assert any(box["bbox"][0] < EDGE for box in findings["annotations"])
    assert rows["decision"].tolist() == ["anomalous" if n in (5, 7, 8) else "nominal" for n in range(10)]
    assert own["annotations"]
    assert all(box["bbox"][0] >= EDGE for box in own["annotations"])
    detector = load_detector(place / "run", ModelOverrides("cpu"))
    inside = open_region(place / "region.json").inside("x.png", HEIGHT, WIDTH)
    for name in ("000007.png", "000009.png"):
        image = read_image(place / "plates/images" / name)
        bare, limited = detector.anomaly_map(image), detector.anomaly_map(image, inside)
        assert not limited[~inside].any()
        reach = 16 + detector.settings.blur_kernel // 2  # half a kernel, and the patches on both sides of a pixel
        np.testing.assert_allclose(limited[:, EDGE + reach :], bare[:, EDGE + reach :], rtol=1e-6)
        assert detector.image_score(limited, inside) == limited[inside].max()
        assert bare.max() > limited.max()


def test_a_share_of_the_highest_pixels_is_one_of_those_inside(place):
    detector = load_detector(place / "run", ModelOverrides("cpu", anomaly_map={"score_share": 0.5}))
    inside = np.zeros((HEIGHT, WIDTH), dtype=np.bool_)
    inside[:10] = True
    scores = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
    scores[:5] = 2
    assert detector.image_score(scores, inside) == 2
    assert detector.image_score(scores) == pytest.approx(2 * 5 / 48)


def test_metrics_count_inside_only_and_another_region_is_told(place, caplog):
    settings = compose_config("evaluate", [f"model={place / 'run'}", "device=cpu", "bootstrap.resamples=0"])
    results = evaluate_run(place / "run", read_settings(settings))
    pixels = results["metrics"]["pixels"]
    assert pixels["ignored"] == 3 * HEIGHT * EDGE
    assert pixels["true_positives"] + pixels["false_negatives"] == 2 * 8 * 30
    assert (results["metrics"]["images"], results["metrics"]["anomalous_images"]) == (3, 2)
    scratch = results["metrics"]["classes"][0]
    assert (scratch["name"], scratch["instances"]) == ("scratch", 2)
    assert any("3 labelled regions lie outside" in text for text in results["model"]["warnings"])
    other = compose_config("evaluate", [f"model={place / 'run'}", f"region.file={place / 'narrow.json'}", "device=cpu"])
    warnings = evaluate_run(place / "run", read_settings(other))["model"]["warnings"]
    assert any("narrow.json" in text and "within another, region.json" in text for text in warnings)
    assert any("partly outside" in text for text in warnings)


def test_an_update_keeps_the_source_s_region_and_a_lost_or_changed_one_is_refused(place, tmp_path):
    base = [f"source={place / 'run'}", f"dataset.root={place / 'plates'}", "device=cpu"]
    update_run(compose_config("update", base), tmp_path / "updated")
    _, record = load_model(tmp_path / "updated")
    assert record.provenance.region == open_region(place / "region.json").document()
    assert record.members is not None
    assert record.members.place[:, 0].min() >= EDGE
    assert recorded_dataset(place / "run", None).region is not None
    content = (place / "region.json").read_text()
    try:
        (place / "region.json").write_text(document([[0, 0], [9, 0], [9, 9]]))
        with pytest.raises(UserError, match=r"region.json, has changed since the training; give region.file="):
            predicted(place, "changed")
        (place / "region.json").rename(place / "moved.json")
        with pytest.raises(UserError, match=r"is not at .*region.json any more"):
            update_run(compose_config("update", base), tmp_path / "lost")
        (place / "moved.json").write_text(content)
        rows, _ = predicted(place, "moved", f"region.file={place / 'moved.json'}")
        assert len(rows) == 10
    finally:
        (place / "region.json").write_text(content)
    assert not (place / "changed").exists()
    assert not (tmp_path / "lost").exists()


def test_models_of_different_regions_do_not_become_one(place):
    narrow = open_region(place / "narrow.json")
    own = load_model(place / "run")[1].provenance
    other = replace(own, datasets=(replace(own.datasets[0], region=narrow.document()),))
    with pytest.raises(UserError, match=r"a and b were made within different regions of interest \(region.json"):
        common_region(["a", "b"], [own, other], None)
    with pytest.raises(UserError, match=r"narrow.json is not the sources' region of interest"):
        common_region(["a", "b"], [own, own], narrow)
    same = common_region(["a", "b"], [own, own], None)
    assert same is not None
    assert same.document() == own.region


def test_an_augmented_image_turns_its_region_with_it(place, tiny_extractor):
    region = open_region(place / "region.json")
    dataset = open_dataset(recorded_dataset(place / "run", None))
    cfg = compose_config("train", ["dataset.root=x", "augment=paper", "augment.flip_probability=1"])
    augmentation = Augmentation(read_augmentation_settings(cfg.augment))
    sample: Sample = dataset.split("train")[0]
    assert sample.region is not None
    assert sample.region.sha256 == region.sha256
    plain, flipped = (
        np.concatenate([strip.places for strip in nominal_strips(sample, tiny_extractor, (4,), chosen)])
        for chosen in (None, augmentation)
    )
    assert plain[:, 0].min() >= EDGE
    assert flipped[:, 0].max() < WIDTH - EDGE


def test_a_defect_map_learns_and_scores_inside_only(place):
    record = train_defect_map(place / "plates", place / "map", f"region.file={place / 'region.json'}")
    assert record["threshold"]["negative_pixels"] == 2 * HEIGHT * (WIDTH - EDGE) - 8 * 30
    detector = load_detector(place / "map", ModelOverrides("cpu"))
    assert detector.provenance.region == open_region(place / "region.json").document()
    inside = open_region(place / "region.json").inside("x.png", HEIGHT, WIDTH)
    image = read_image(place / "plates/images/000007.png")
    found = detector.anomaly_map(image, inside)
    assert not found[~inside].any()
    np.testing.assert_array_equal(found[inside], detector.anomaly_map(image)[inside])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["training.train", "dataset.root={place}/plates", "region.file={place}/small.json"], "has 128 x 96 pixels"),
        (["training.predict", "model={place}/run", "input={place}/odd", "output={out}"], "odd.png has 40 x 30 pixels"),
    ],
)
def test_a_size_that_does_not_match_is_one_line_and_leaves_nothing(place, tmp_path, arguments, message):
    assert (place / "odd").exists() or not (place / "odd").mkdir()
    assert cv2.imwrite(str(place / "odd" / "odd.png"), np.full((30, 40, 3), 99, np.uint8))
    filled = [argument.format(place=place, out=tmp_path / "out") for argument in arguments]
    extra = [f"paths.runs={tmp_path / 'runs'}", "device=cpu", *(TINY if arguments[0] == "training.train" else [])]
    done = subprocess.run(
        [sys.executable, "-m", *filled, *extra], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1
    assert lines[0].startswith("error: ")
    assert message in lines[0]
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.rglob("*.safetensors"))
