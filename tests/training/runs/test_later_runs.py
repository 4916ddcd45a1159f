"""Runs that build on earlier ones: kept settings, moved results, refusals."""

import numpy as np
import pytest

from tests.training.configured import finetune_run, load_anomaly_model, meld_run, open_dataset, update_run
from tests.training.model.recorded import load_document, save_document
from tests.training.runs.test_training_run import LATER, trained
from tests.training.small_plates import compose_config
from training.coreset.sequential import SequentialCoreset
from training.features.patch_stream import stream_patches
from training.support.user_error import UserError

DEFAULT_MAP = {"chunk_size": 2048, "upsampling": "bilinear", "score_share": 0.0}


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
    updated, metadata = load_document(tmp_path / "updated")
    again = SequentialCoreset(40, 384)
    again.update(load_document(tmp_path / "source")[0])
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
    source, _ = load_document(tmp_path / "source")
    for filling in ("first", "reservoir"):
        overrides = [f"dataset.root={stainless_folder}", f"source={tmp_path / 'source'}", f"coreset.filling={filling}"]
        cfg = compose_config("finetune", [*overrides, "coreset.size=55", "coreset.epochs=1", "device=cpu"])
        record = finetune_run(cfg, tmp_path / filling)
        features, _ = load_document(tmp_path / filling)
        assert features.shape == (55, 384)
        if filling == "reservoir":
            np.testing.assert_array_equal(features[:40], source)
            assert not record["coreset"]["converged"]


def test_an_earlier_run_s_results_do_not_stay_beside_new_settings(stainless_folder, tmp_path, caplog):
    run = tmp_path / "run"
    trained(stainless_folder, run)
    first = (run / "coreset.safetensors").read_bytes()
    (run / "evaluation").mkdir()
    for _ in range(2):  # a refused run changes nothing
        with pytest.raises(UserError, match="no dataset at"):
            trained(tmp_path / "nowhere", run)
        names = ["coreset.safetensors", "evaluation", "suspects.csv", "training.json"]
        assert sorted(path.name for path in run.iterdir()) == names
    trained(stainless_folder, run, "coreset.size=35")
    moved = run / "previous"
    names = ["coreset.safetensors", "suspects.csv", "training.json"]
    assert sorted(path.name for path in run.iterdir()) == sorted([*names, "previous"])
    assert sorted(path.name for path in moved.iterdir()) == sorted([*names, "evaluation"])
    assert (moved / "coreset.safetensors").read_bytes() == first
    assert [r.getMessage() for r in caplog.records if "previous" in r.getMessage()] == [
        f"The results of the earlier run of this name are now in {moved}"
    ]
    trained(stainless_folder, run, "coreset.size=30")
    trained(stainless_folder, run, "coreset.size=20")
    assert (load_document(run)[0].shape[0], load_document(moved)[0].shape[0]) == (20, 30)
    overrides = [f"dataset.root={stainless_folder}", f"source={run}", *LATER]
    with pytest.raises(UserError, match="run is a source of this run; choose another name"):
        finetune_run(compose_config("finetune", overrides), run)
    assert load_document(run)[0].shape[0] == 20


def test_later_runs_keep_the_source_s_anomaly_map(stainless_folder, tmp_path):
    trained(stainless_folder, tmp_path / "a", "anomaly_map.blur_sigma=3.0", "anomaly_map.blur_kernel=9")
    trained(stainless_folder, tmp_path / "b")
    source = [f"dataset.root={stainless_folder}", f"source={tmp_path / 'a'}", *LATER]
    kept = finetune_run(compose_config("finetune", source), tmp_path / "kept")
    assert kept["anomaly_map"] == {**DEFAULT_MAP, "blur_sigma": 3.0, "blur_kernel": 9}
    changed = update_run(compose_config("update", [*source, "+anomaly_map.blur_kernel=5"]), tmp_path / "changed")
    assert changed["anomaly_map"] == {**DEFAULT_MAP, "blur_sigma": 3.0, "blur_kernel": 5}
    assert kept["threshold"]["value"] != changed["threshold"]["value"]

    def melded(*names, more=()):
        sources = ",".join(str(tmp_path / name) for name in names)
        cfg = compose_config("meld", [f"sources=[{sources}]", "device=cpu", *more])
        return meld_run(cfg, tmp_path / "_".join(["m", *names, str(len(more))]))

    assert melded("a", "kept")["anomaly_map"] == kept["anomaly_map"]
    with pytest.raises(UserError, match=r"the sources differ in anomaly_map\.blur_sigma"):
        melded("a", "b")
    both = ["+anomaly_map.blur_sigma=2.0", "+anomaly_map.blur_kernel=17"]
    with pytest.raises(UserError, match="needs a new threshold"):
        melded("a", "b", more=both)
    judged = melded("a", "b", more=[*both, f"dataset.root={stainless_folder}"])
    assert judged["anomaly_map"] == {**DEFAULT_MAP, "blur_sigma": 2.0, "blur_kernel": 17}


def test_the_warning_of_random_weights_comes_once(stainless_folder, tmp_path, caplog):
    _, record = trained(stainless_folder, tmp_path / "source")
    path = tmp_path / "source" / "coreset.safetensors"
    features, metadata = load_document(path)
    longer = "no ImageNet weights for resnet18 (not cached): the backbone's weights are RANDOM (seed 0)"
    added = ("format", "version", "features_sha256")
    save_document(path, features, {k: v for k, v in metadata.items() if k not in added} | {"warnings": [longer]})
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
    features, metadata = load_document(path)
    added = ("format", "version", "features_sha256")
    save_document(path, features[:, :100], {k: v for k, v in metadata.items() if k not in added})
    overrides = [f"dataset.root={stainless_folder}", *LATER]
    with pytest.raises(UserError, match="b: features have 100 channels, its extractor 384"):
        finetune_run(compose_config("finetune", [*overrides, f"source={tmp_path / 'b'}"]), tmp_path / "c")
    with pytest.raises(UserError, match=r"a has 384 channels, .*b 100"):
        meld_run(compose_config("meld", [f"sources=[{tmp_path / 'a'},{tmp_path / 'b'}]"]), tmp_path / "c")
