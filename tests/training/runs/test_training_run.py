"""Training, finetuning, melding and predicting on small real folders, through the composed configs."""

import json
import logging

import numpy as np
import pytest
from safetensors import safe_open
from sklearn.metrics import f1_score

from tests.training.configured import finetune_run, load_anomaly_model, meld_run, open_dataset, train_run
from tests.training.model.recorded import load_document
from tests.training.small_plates import TINY, compose_config, write_png
from training.coreset.sequential import SequentialCoreset
from training.data.dataset import read_image, read_mask
from training.features.patch_stream import stream_patches
from training.prediction.run import find_images
from training.support.user_error import UserError

LATER = ["coreset.epochs=3", "device=cpu"]


def trained(root, run, *overrides):
    cfg = compose_config("train", [f"dataset.root={root}", *TINY, "device=cpu", *overrides])
    return cfg, train_run(cfg, run)


def test_train_writes_a_model_that_is_the_algorithm_s_and_a_threshold_of_maximum_f1(stainless_folder, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    cfg, record = trained(stainless_folder, tmp_path / "run")
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == [
        "coreset.safetensors",
        "suspects.csv",
        "training.json",
    ]
    assert json.loads((tmp_path / "run" / "training.json").read_text()) == record
    features, metadata = load_document(tmp_path / "run")
    assert features.shape == (40, 384)

    model = load_anomaly_model(tmp_path / "run", cfg)
    dataset = open_dataset(cfg.dataset)
    again = SequentialCoreset(40, 384)
    for _ in record["coreset"]["epochs"]:
        for patches in stream_patches(dataset.split("train"), model.extractor, dataset.defect_ids):
            again.update(patches.features)
    np.testing.assert_array_equal(features, again.features)
    assert record["coreset"]["smallest_distance"] == again.smallest_distance
    assert sum(epoch["replacements"] for epoch in record["coreset"]["epochs"]) == again.replacements > 0

    scores, labels = [], []
    for sample in dataset.split("validation"):
        mask = read_mask(sample, (72, 88))
        scores.append(model.anomaly_map(read_image(sample.image))[mask != 255])
        labels.append(mask[mask != 255] == 4)  # the stain, class 6, is a negative
    scores, labels = np.concatenate(scores), np.concatenate(labels)
    threshold = record["threshold"]
    assert threshold["f1"] == pytest.approx(f1_score(labels, scores >= threshold["value"]), rel=1e-12)
    best = max(f1_score(labels, scores >= t) for t in np.quantile(scores, np.linspace(0.5, 1, 400)))
    assert threshold["f1"] >= best * (1 - 1e-3)
    assert threshold["positive_pixels"] == labels.sum() == 3 * 400
    assert threshold["negative_pixels"] == (~labels).sum()
    assert model.threshold == threshold["value"]
    assert metadata["provenance"]["datasets"][0]["train_images"] == 6

    (warning,) = record["warnings"]
    assert "RANDOM" in warning
    assert metadata["warnings"] == [warning]
    messages = [r.getMessage() for r in caplog.records]
    assert f"Warning: {warning}" in messages
    assert any("Next: python -m eval.evaluate model=" in line for line in messages)


def test_layers_may_be_named_by_stride(stainless_folder, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    network = ["extractor=efficientnet_lite0", "extractor.weights=random"]
    budget = ["coreset.size=40", "coreset.epochs=1", "device=cpu"]
    train_run(compose_config("train", [f"dataset.root={stainless_folder}", *network, *budget]), tmp_path / "run")
    assert "Extractor tf_efficientnet_lite0 8+16" in [record.getMessage() for record in caplog.records]


def test_training_repeats_to_the_bit(stainless_folder, tmp_path):
    models = []
    for name in ("a", "b"):
        trained(stainless_folder, tmp_path / name, "coreset.shuffle=true")
        models.append((tmp_path / name / "coreset.safetensors").read_bytes())
    assert models[0] == models[1]
    trained(stainless_folder, tmp_path / "c", "coreset.shuffle=true", "coreset.seed=1")
    assert (tmp_path / "c" / "coreset.safetensors").read_bytes() != models[0]


def test_train_on_mvtec_layout(mvtec_folder, tmp_path):
    _, record = trained(mvtec_folder, tmp_path / "run", "dataset=mvtec")
    assert record["threshold"]["images"] == 6
    assert record["threshold"]["positive_pixels"] == 3 * 400
    assert record["coreset"]["epochs"][0]["ignored"] == 0


def test_finetune_is_the_same_algorithm_from_another_start(stainless_folder, mvtec_folder, tmp_path):
    trained(stainless_folder, tmp_path / "source")
    overrides = ["dataset=mvtec", f"dataset.root={mvtec_folder}", f"source={tmp_path / 'source'}", *LATER]
    cfg = compose_config("finetune", overrides)
    record = finetune_run(cfg, tmp_path / "tuned")
    source, parent = load_document(tmp_path / "source")
    tuned, metadata = load_document(tmp_path / "tuned")

    model = load_anomaly_model(tmp_path / "tuned", cfg)
    dataset = open_dataset(cfg.dataset)
    again = SequentialCoreset(40, 384)
    again.update(source)
    for _ in record["coreset"]["epochs"]:
        for patches in stream_patches(dataset.split("train"), model.extractor, ()):
            again.update(patches.features)
    np.testing.assert_array_equal(tuned, again.features)
    assert not np.array_equal(tuned, source)
    provenance = metadata["provenance"]
    assert provenance["kind"] == "finetune"
    assert provenance["parents"][0]["features_sha256"] == parent["features_sha256"]
    assert provenance["parents"][0]["provenance"]["datasets"][0]["name"] == "tiny plates"
    assert metadata["threshold"] != parent["threshold"]
    assert metadata["warnings"] == parent["warnings"]


def test_meld_is_the_same_algorithm_over_members(stainless_folder, mvtec_folder, tmp_path):
    trained(stainless_folder, tmp_path / "a")
    trained(mvtec_folder, tmp_path / "b", "dataset=mvtec", "coreset.size=30")
    members = [load_document(tmp_path / name)[0] for name in "ab"]
    for order, size in (("ab", None), ("ba", None), ("ab", 60)):
        sources = ",".join(str(tmp_path / name) for name in order)
        more = [] if size is None else [f"size={size}"]
        cfg = compose_config("meld", [f"dataset.root={stainless_folder}", f"sources=[{sources}]", *LATER, *more])
        out = tmp_path / f"melded_{order}_{size}"
        record = meld_run(cfg, out)
        rows = np.concatenate([members["ab".index(name)] for name in order])
        again = SequentialCoreset(size or len(members["ab".index(order[0])]), 384)
        for _ in record["coreset"]["epochs"]:
            again.update(rows)
        melded, metadata = load_document(out)
        np.testing.assert_array_equal(melded, again.features)
        assert [len(p["features_sha256"]) for p in metadata["provenance"]["parents"]] == [64, 64]
        assert {row.tobytes() for row in melded} <= {row.tobytes() for row in rows}


def test_coresets_of_other_extractors_are_refused(stainless_folder, tmp_path):
    trained(stainless_folder, tmp_path / "a")
    trained(stainless_folder, tmp_path / "b", "extractor.layers=[layer1,layer3]")
    overrides = [f"dataset.root={stainless_folder}", *LATER]
    melding = compose_config("meld", [*overrides, f"sources=[{tmp_path / 'a'},{tmp_path / 'b'}]"])
    with pytest.raises(UserError, match=r"b have different extractors: layers is \['layer2', 'layer3'\] and"):
        meld_run(melding, tmp_path / "c")
    for single in (f"sources=[{tmp_path / 'a'}]", f"sources={tmp_path / 'a'}"):
        with pytest.raises(UserError, match="at least two sources"):
            meld_run(compose_config("meld", [*overrides, single]), tmp_path / "c")
    overrides.append(f"source={tmp_path / 'a'}")
    other_weights = compose_config("finetune", [*overrides, "+extractor.seed=9"])
    with pytest.raises(UserError, match="another extractor: weights_sha256 is"):
        finetune_run(other_weights, tmp_path / "c")
    other_backbone = compose_config("finetune", [*overrides, "extractor=mobilenet_v2", "extractor.weights=random"])
    with pytest.raises(UserError, match="architecture is resnet18 in the model file, but mobilenet_v2 here"):
        finetune_run(other_backbone, tmp_path / "c")
    assert not (tmp_path / "c").exists()


def damage(root, what):
    if what == "an image that does not decode":
        (root / "images" / "000002.png").write_bytes(b"nothing")
    elif what == "a missing mask":
        (root / "masks" / "000007.png").unlink()
    elif what == "a mask of another size":
        write_png(root / "masks" / "000007.png", np.zeros((70, 88), dtype=np.uint8))
    elif what == "an unknown class":
        write_png(root / "masks" / "000007.png", np.full((72, 88), 9, dtype=np.uint8))
    elif what == "no validation images":
        text = (root / "samples.csv").read_text()
        (root / "samples.csv").write_text(text.replace(",validation,", ",test,"))
    elif what == "no train images":
        text = (root / "samples.csv").read_text()
        (root / "samples.csv").write_text(text.replace(",train,", ",test,"))


@pytest.mark.parametrize(
    ("what", "overrides", "message", "kept"),
    [
        ("an image that does not decode", [], r"000002\.png does not decode", None),
        ("a missing mask", [], "sample 000007: mask .* is missing", None),
        ("a mask of another size", [], r"000007\.png has 88 x 70 pixels, but its image 000007\.png has 88 x 72", None),
        ("an unknown class", [], r"000007\.png: unknown class id 9", None),
        ("no validation images", [], r"plates has no validation images .*dataset\.evaluation_root=", None),
        ("no train images", [], r"dataset\.root=.*plates has no train samples", None),
        (
            "too few patches",
            ["coreset.size=10000"],
            r"too few patches to fill the coreset: 600 for coreset\.size=10000",
            6,
        ),
        ("an unknown method", ["threshold.method=median"], "method: 'median' is not one of .*maximum_f1", None),
        ("an unknown filling", ["coreset.filling=last"], "none of first, reservoir", None),
        ("an unknown back end", ["coreset.backend=cupy"], "none of numba, torch", None),
    ],
)
def test_bad_input_ends_with_one_line_and_keeps_what_was_collected(
    stainless_folder, tmp_path, what, overrides, message, kept
):
    damage(stainless_folder, what)
    with pytest.raises(UserError, match=message) as caught:
        trained(stainless_folder, tmp_path / "run", *overrides)
    assert "\n" not in str(caught.value)
    if kept is None:
        assert not (tmp_path / "run").exists()
        return
    (file,) = (tmp_path / "run").iterdir()
    assert f"kept in {file}" in str(caught.value)
    with safe_open(file, framework="numpy") as checkpoint:
        state = json.loads(checkpoint.metadata()["stainless"])["state"]
    assert state["running"]["images"] == kept


def test_a_validation_split_without_defects_gives_the_largest_nominal_score(stainless_folder, tmp_path):
    for number in (6, 7, 8):
        write_png(stainless_folder / "masks" / f"{number:06d}.png", np.zeros((72, 88), dtype=np.uint8))
    cfg, record = trained(stainless_folder, tmp_path / "run")
    threshold = record["threshold"]
    assert (threshold["method"], threshold["f1"]) == ("maximum_nominal", None)
    assert any("shows no defect" in warning for warning in record["warnings"])
    model = load_anomaly_model(tmp_path / "run", cfg)
    samples = open_dataset(cfg.dataset).split("validation")
    highest = max(float(model.anomaly_map(read_image(s.image)).max()) for s in samples)
    assert highest < threshold["value"] < highest * (1 + 2**-11)


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        ("full_recall", {"method": "full_recall", "minimum_coverage": 0.5}),
        ("false_positive_budget", {"method": "false_positive_budget", "pixels_per_image": 40}),
    ],
)
def test_other_thresholds_are_chosen_by_config_and_stored_with_the_model(choice, kept, stainless_folder, tmp_path):
    changed = [f"threshold.{key}={value}" for key, value in kept.items() if key != "method"]
    cfg, record = trained(stainless_folder, tmp_path / "run", f"threshold={choice}", *changed)
    stored = load_document(tmp_path / "run")[1]["threshold"]
    assert stored == record["threshold"]
    assert kept.items() <= stored.items()
    model = load_anomaly_model(tmp_path / "run", cfg)
    shares, alarms = [], []
    for sample in open_dataset(cfg.dataset).split("validation"):
        mask = read_mask(sample, (72, 88))
        scores = model.anomaly_map(read_image(sample.image))
        shares.append((scores >= model.threshold)[mask == 4].mean())  # one scratch in every image
        alarms.append((scores >= model.threshold)[(mask != 4) & (mask != 255)].sum())
    if choice == "full_recall":
        assert 0.5 <= min(shares) < 0.52
    else:
        assert 30 < np.mean(alarms) <= 40


def test_inputs_are_folders_patterns_or_files(tmp_path):
    for name in ("a.png", "b.JPG", "sub/c.png", "d.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")

    def names(pattern):
        images, base = find_images(str(pattern), tmp_path / "out")
        return [path.relative_to(base).as_posix() for path in images]

    assert names(tmp_path) == ["a.png", "b.JPG", "sub/c.png"]
    assert names(tmp_path / "*.png") == ["a.png"]
    assert names(tmp_path / "**" / "*.png") == ["a.png", "sub/c.png"]
    assert names(tmp_path / "sub" / "c.png") == ["c.png"]
    with pytest.raises(UserError, match="no image there"):
        find_images(str(tmp_path / "*.bmp"), tmp_path / "out")


def test_results_below_the_input_are_no_input(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    for name in ("a.png", "out/maps/a.png.png", "out/overlays/a.png.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    for pattern in (tmp_path, tmp_path / "**" / "*.png"):
        caplog.clear()
        images, _ = find_images(str(pattern), tmp_path / "out")
        assert [path.name for path in images] == ["a.png"]
        assert "2 images in" in caplog.text
    with pytest.raises(UserError, match="contains the input; choose a separate folder"):
        find_images(str(tmp_path), tmp_path)
