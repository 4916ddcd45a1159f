"""Training, finetuning, melding and predicting on small real folders, through the composed configs."""

import json
import logging

import numpy as np
import pytest
from safetensors import safe_open
from sklearn.metrics import f1_score

from tests.training.small_plates import TINY, compose_config, write_png
from training.anomaly_model import load_anomaly_model
from training.coreset import SequentialCoreset
from training.dataset import open_dataset, read_image, read_mask
from training.meld_run import meld_run
from training.model_file import load_model, save_model
from training.patch_stream import stream_patches
from training.prediction import find_images
from training.training_run import finetune_run, train_run, update_run
from training.user_error import UserError

LATER = ["coreset.epochs=3", "device=cpu"]


def trained(root, run, *overrides):
    cfg = compose_config("train", [f"dataset.root={root}", *TINY, "device=cpu", *overrides])
    return cfg, train_run(cfg, run)


def test_train_writes_a_model_that_is_the_algorithm_s_and_a_threshold_of_maximum_f1(stainless_folder, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    cfg, record = trained(stainless_folder, tmp_path / "run")
    assert sorted(p.name for p in (tmp_path / "run").iterdir()) == ["coreset.safetensors", "training.json"]
    assert json.loads((tmp_path / "run" / "training.json").read_text()) == record
    features, metadata = load_model(tmp_path / "run")
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
    told = [r.getMessage() for r in caplog.records]
    assert f"Warning: {warning}" in told
    assert any("Next: python -m eval.evaluate model=" in line for line in told)


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
    source, parent = load_model(tmp_path / "source")
    tuned, metadata = load_model(tmp_path / "tuned")

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
    members = [load_model(tmp_path / name)[0] for name in "ab"]
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
        melded, metadata = load_model(out)
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
        ("an image that does not decode", [], r"000002\.png does not decode", 2),
        ("a missing mask", [], "sample 000007: mask .* is missing", None),
        ("a mask of another size", [], r"000007\.png is of 88 x 70 pixels, but its image 000007\.png of 88 x 72", 0),
        ("an unknown class", [], r"000007\.png: unknown class id 9", 0),
        ("no validation images", [], r"plates has no validation images .*dataset\.evaluation_root=", None),
        ("no train images", [], r"dataset\.root=.*plates has no train samples", None),
        (
            "too few patches",
            ["coreset.size=10000"],
            r"too few patches to fill the coreset: 540 for coreset\.size=10000",
            6,
        ),
        ("an unknown method", ["threshold.method=median"], "none of maximum_f1, maximum_nominal", None),
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
    stored = load_model(tmp_path / "run")[1]["threshold"]
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


def test_update_adds_images_as_if_they_had_come_after(stainless_folder, mvtec_folder, tmp_path):
    trained(stainless_folder, tmp_path / "source")
    cfg = compose_config(
        "update",
        [
            *("dataset=mvtec", f"dataset.root={mvtec_folder}", f"source={tmp_path / 'source'}", "device=cpu"),
            *(f"dataset.evaluation_root={stainless_folder}", "dataset.evaluation_layout=stainless"),
        ],
    )
    record = update_run(cfg, tmp_path / "updated")
    updated, metadata = load_model(tmp_path / "updated")
    again = SequentialCoreset(40, 384)
    again.update(load_model(tmp_path / "source")[0])
    model = load_anomaly_model(tmp_path / "updated", cfg)
    patches = list(stream_patches(open_dataset(cfg.dataset).split("train"), model.extractor, ()))
    for image in patches:
        again.update(image.features)
    np.testing.assert_array_equal(updated, again.features)
    (epoch,) = record["coreset"]["epochs"]
    assert epoch["replacements"] == again.replacements > 0
    rows = np.concatenate([image.features for image in patches]).astype(np.float64)
    nearest = np.sqrt(((rows[:, None] - updated[None]) ** 2).sum(-1)).min(axis=1)
    assert record["coreset"]["covering_radius"] == pytest.approx(nearest.max(), rel=1e-12)
    provenance = metadata["provenance"]
    assert provenance["kind"] == "update"
    assert [dataset["train_images"] for dataset in provenance["datasets"]] == [6, 5]
    assert record["threshold"]["images"] == 3


def test_a_source_may_grow_and_a_reservoir_fills_what_is_missing(stainless_folder, tmp_path):
    trained(stainless_folder, tmp_path / "source")
    source, _ = load_model(tmp_path / "source")
    for filling in ("first", "reservoir"):
        overrides = [f"dataset.root={stainless_folder}", f"source={tmp_path / 'source'}", f"coreset.filling={filling}"]
        cfg = compose_config("finetune", [*overrides, "coreset.size=55", "coreset.epochs=1", "device=cpu"])
        record = finetune_run(cfg, tmp_path / filling)
        features, _ = load_model(tmp_path / filling)
        assert features.shape == (55, 384)
        if filling == "reservoir":
            np.testing.assert_array_equal(features[:40], source)
            assert not record["coreset"]["converged"]


def test_an_earlier_run_s_results_do_not_stay_beside_new_settings(stainless_folder, tmp_path, caplog):
    run = tmp_path / "run"
    trained(stainless_folder, run)
    first = (run / "coreset.safetensors").read_bytes()
    (run / "evaluation").mkdir()
    for _ in range(2):  # a second mistake leaves the earlier results where they are
        with pytest.raises(UserError, match="no dataset at"):
            trained(tmp_path / "nowhere", run)
        assert [path.name for path in run.iterdir()] == ["previous"]
    moved = run / "previous"
    assert sorted(path.name for path in moved.iterdir()) == ["coreset.safetensors", "evaluation", "training.json"]
    assert (moved / "coreset.safetensors").read_bytes() == first
    assert [r.getMessage() for r in caplog.records if "previous" in r.getMessage()] == [
        f"The results of the earlier run of this name are in {moved} now"
    ]
    trained(stainless_folder, run, "coreset.size=30")
    trained(stainless_folder, run, "coreset.size=20")
    assert (load_model(run)[0].shape[0], load_model(moved)[0].shape[0]) == (20, 30)
    overrides = [f"dataset.root={stainless_folder}", f"source={run}", *LATER]
    with pytest.raises(UserError, match="run is a source of this run; choose another name"):
        finetune_run(compose_config("finetune", overrides), run)
    assert load_model(run)[0].shape[0] == 20


def test_later_runs_keep_the_source_s_anomaly_map(stainless_folder, tmp_path):
    trained(stainless_folder, tmp_path / "a", "anomaly_map.blur_sigma=3.0", "anomaly_map.blur_kernel=9")
    trained(stainless_folder, tmp_path / "b")
    source = [f"dataset.root={stainless_folder}", f"source={tmp_path / 'a'}", *LATER]
    kept = finetune_run(compose_config("finetune", source), tmp_path / "kept")
    assert kept["anomaly_map"] == {"chunk_size": 2048, "blur_sigma": 3.0, "blur_kernel": 9}
    changed = update_run(compose_config("update", [*source, "+anomaly_map.blur_kernel=5"]), tmp_path / "changed")
    assert changed["anomaly_map"] == {"chunk_size": 2048, "blur_sigma": 3.0, "blur_kernel": 5}
    assert kept["threshold"]["value"] != changed["threshold"]["value"]

    def melded(*names, more=()):
        sources = ",".join(str(tmp_path / name) for name in names)
        cfg = compose_config("meld", [f"sources=[{sources}]", "device=cpu", *more])
        return meld_run(cfg, tmp_path / "_".join(["m", *names, str(len(more))]))

    assert melded("a", "kept")["anomaly_map"] == kept["anomaly_map"]
    with pytest.raises(UserError, match=r"the sources differ in anomaly_map\.blur_sigma"):
        melded("a", "b")
    both = ["+anomaly_map.blur_sigma=2.0", "+anomaly_map.blur_kernel=17"]
    with pytest.raises(UserError, match="needs another threshold"):
        melded("a", "b", more=both)
    judged = melded("a", "b", more=[*both, f"dataset.root={stainless_folder}"])
    assert judged["anomaly_map"] == {"chunk_size": 2048, "blur_sigma": 2.0, "blur_kernel": 17}


def test_the_warning_of_random_weights_comes_once(stainless_folder, tmp_path, caplog):
    _, record = trained(stainless_folder, tmp_path / "source")
    path = tmp_path / "source" / "coreset.safetensors"
    features, metadata = load_model(path)
    longer = "no ImageNet weights for resnet18 (not cached): the backbone's weights are RANDOM (seed 0)"
    added = ("format", "version", "features_sha256")
    save_model(path, features, {k: v for k, v in metadata.items() if k not in added} | {"warnings": [longer]})
    caplog.clear()
    overrides = [f"dataset.root={stainless_folder}", f"source={tmp_path / 'source'}", *LATER]
    record = finetune_run(compose_config("finetune", overrides), tmp_path / "tuned")
    assert record["warnings"] == [longer]
    assert {m for r in caplog.records if "RANDOM" in (m := r.getMessage())} == {f"Warning: {longer}"}
    sources = f"sources=[{tmp_path / 'source'},{tmp_path / 'tuned'}]"
    melded = meld_run(compose_config("meld", [sources, f"dataset.root={stainless_folder}"]), tmp_path / "melded")
    assert melded["warnings"] == [longer]


def test_a_source_of_other_channels_than_its_extractor_s_is_refused(stainless_folder, tmp_path):
    trained(stainless_folder, tmp_path / "a")
    trained(stainless_folder, tmp_path / "b")
    path = tmp_path / "b" / "coreset.safetensors"
    features, metadata = load_model(path)
    added = ("format", "version", "features_sha256")
    save_model(path, features[:, :100], {k: v for k, v in metadata.items() if k not in added})
    overrides = [f"dataset.root={stainless_folder}", *LATER]
    with pytest.raises(UserError, match="b: features have 100 channels, its extractor 384"):
        finetune_run(compose_config("finetune", [*overrides, f"source={tmp_path / 'b'}"]), tmp_path / "c")
    with pytest.raises(UserError, match=r"a has 384 channels, .*b 100"):
        meld_run(compose_config("meld", [f"sources=[{tmp_path / 'a'},{tmp_path / 'b'}]"]), tmp_path / "c")


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
    with pytest.raises(UserError, match="holds the input; choose a folder of its own"):
        find_images(str(tmp_path), tmp_path)
