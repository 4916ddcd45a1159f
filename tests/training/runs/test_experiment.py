"""Experiments are made once, after those that they build on, and never over another run."""

import shutil

import cv2
import numpy as np
import pytest

from tests.eval.small_plates import write_dataset
from tests.training.configured import finetune_run, train_run
from tests.training.model.recorded import load_document
from tests.training.small_plates import TINY, compose_config
from training.features.extractor import FeatureExtractor
from training.runs.experiment import folder_of, make_experiment
from training.support.user_error import UserError


@pytest.fixture
def composed(tmp_path, monkeypatch):
    """Return a composer of configs with these overrides; datasets are in the test's folder."""
    monkeypatch.chdir(tmp_path)
    write_dataset(tmp_path / "real", ["train"] * 2 + ["validation", "test"], seed=1)
    for seed, name in enumerate(("synth", "synth_rot90", "synth_scale2"), start=2):
        write_dataset(tmp_path / name, ["train"] * 2, seed)
    fixed = ["paths.real=real", "paths.synth=.", "device=cpu", "coreset.epochs=2", *TINY[:3]]

    def call(*overrides):
        return lambda name: compose_config("train", [*fixed, *overrides, f"experiment={name}"])

    return call


def made(composer, name):
    return make_experiment(composer(name), composer)


def test_finetuning_makes_what_it_builds_on_and_gives_what_two_commands_give(composed, tmp_path):
    compose = composed()
    folder, was_made = made(compose, "synth_da_ft")
    assert (folder.as_posix(), was_made) == ("runs/synth_da_ft", True)

    data = ["dataset.evaluation_root=real", "device=cpu", "coreset.epochs=2", *TINY[:3]]
    train_run(
        compose_config("train", ["dataset.root=synth", "augment=paper", "anomaly_map=paper", *data]), tmp_path / "a"
    )
    finetune = ["dataset.root=real", f"source={tmp_path / 'a'}", "device=cpu", "coreset.epochs=2"]
    finetune_run(compose_config("finetune", finetune), tmp_path / "b")
    for ours, theirs in ((folder.with_name("synth_da"), "a"), (folder, "b")):
        features, metadata = load_document(ours)
        expected, other = load_document(tmp_path / theirs)
        np.testing.assert_array_equal(features, expected)
        assert metadata["threshold"] == other["threshold"]


def test_melding_builds_on_four_and_leaves_them_alone_the_next_time(composed, tmp_path):
    compose = composed()
    made(compose, "synth_dr")
    before = (tmp_path / "runs" / "synth_dr" / "coreset.safetensors").stat().st_mtime_ns
    folder, _ = made(compose, "melding")
    assert (tmp_path / "runs" / "synth_dr" / "coreset.safetensors").stat().st_mtime_ns == before
    provenance = load_document(folder)[1]["provenance"]
    assert [parent["path"] for parent in provenance["parents"]] == [
        f"runs/{name}" for name in ("real", "synth", "synth_dr", "synth_da")
    ]
    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/*.safetensors")}
    assert len(times) == 5
    assert made(compose, "melding") == (folder, False)
    assert times == {path: path.stat().st_mtime_ns for path in tmp_path.glob("runs/*/*.safetensors")}


def test_what_does_not_matter_may_change_and_what_matters_may_not(composed, tmp_path):
    made(composed(), "synth")
    shutil.copytree(tmp_path / "synth", tmp_path / "elsewhere" / "synth")
    same = composed("coreset.backend=torch", "checkpoint.seconds=0", "paths.synth=elsewhere")
    assert made(same, "synth")[1] is False
    with pytest.raises(UserError, match=r"runs/synth was made with coreset\.size 40; it is now 41"):
        made(composed("coreset.size=41"), "synth")
    with pytest.raises(UserError, match=r"extractor\.pooling"):
        made(composed("extractor.pooling=3"), "synth")
    image = tmp_path / "synth" / "images" / "000001.png"
    cv2.imwrite(str(image), np.full((72, 96, 3), 128, np.uint8))
    with pytest.raises(UserError, match=r"train images 2 \(.*it is now 2 \("):
        made(composed(), "synth")


def test_a_child_of_another_parent_is_refused(composed, tmp_path):
    made(composed(), "synth_ft")
    shutil.rmtree(tmp_path / "runs" / "synth")
    with pytest.raises(UserError, match=r"runs/synth_ft was made with coreset\.size 40"):
        made(composed("coreset.size=30"), "synth_ft")
    shutil.rmtree(tmp_path / "runs" / "synth")
    image = tmp_path / "synth" / "images" / "000000.png"
    cv2.imwrite(str(image), np.random.default_rng(9).integers(90, 130, (72, 96, 3), np.uint8))
    with pytest.raises(UserError, match=r"runs/synth_ft was made with coreset of synth [0-9a-f]{64}"):
        made(composed(), "synth_ft")


def test_an_unfinished_run_is_finished_and_a_foreign_one_refused(composed, tmp_path):
    folder, _ = made(composed(), "synth")
    expected, _ = load_document(folder)
    (folder / "coreset.safetensors").unlink()
    assert made(composed(), "synth") == (folder, True)
    np.testing.assert_array_equal(load_document(folder)[0], expected)
    (folder / "experiment.json").unlink()
    with pytest.raises(UserError, match="runs/synth holds a run that no experiment made"):
        made(composed(), "synth")
    (folder / "experiment.json").write_text("{")
    with pytest.raises(UserError, match=r"experiment\.json cannot be read"):
        made(composed(), "synth")


@pytest.mark.parametrize(
    ("overrides", "words"),
    [
        (["builds_on=[synth,real]"], "kind finetune builds on one experiment, not on 2"),
        (["builds_on=[]"], "kind finetune builds on one experiment, not on 0"),
        (["kind=meld"], "kind meld builds on two experiments or more, not on 1"),
        (["kind=train"], "kind train builds on no experiment, not on 1"),
        (["kind=distil"], "kind: 'distil' is not one of"),
    ],
)
def test_a_row_builds_on_what_its_kind_needs(composed, overrides, words):
    plain = composed()
    with pytest.raises(UserError, match=words):
        make_experiment(composed(*overrides)("synth_ft"), plain)


def test_a_circle_is_named(composed):
    compose = composed("builds_on=[synth_ft]")
    with pytest.raises(UserError, match="synth_ft builds on itself: synth_ft on synth_ft"):
        make_experiment(compose("synth_ft"), compose)


def test_a_parent_s_mistake_names_the_parent(composed, tmp_path):
    shutil.rmtree(tmp_path / "synth")
    with pytest.raises(UserError, match=r"^synth, which it builds on: no dataset at synth"):
        made(composed(), "synth_ft")
    assert not (folder_of(composed()("synth_ft")) / "experiment.json").exists()


def test_kept_features_change_no_bit_and_only_augmented_images_are_extracted_again(composed, tmp_path, monkeypatch):
    plain = composed()
    folders = {name: made(plain, name)[0] for name in ("synth_da", "synth_ft")}
    kept = composed("paths.runs=kept", "paths.features=features")
    for name, folder in folders.items():
        features, metadata = load_document(made(kept, name)[0])
        expected, other = load_document(folder)
        np.testing.assert_array_equal(features.view(np.uint32), expected.view(np.uint32))
        assert metadata["threshold"] == other["threshold"]
        assert metadata["coreset"] == other["coreset"]
    images = len(list((tmp_path / "features").glob("*/*.json")))
    assert images == 2 + 2 + 1 + 1  # trained on: synth and real; validation; the probe of the number of channels

    extracted = []
    extract = FeatureExtractor._extracted
    monkeypatch.setattr(
        FeatureExtractor, "_extracted", lambda self, image: extracted.append(image.shape) or extract(self, image)
    )
    made(composed("paths.runs=other", "paths.features=features", "coreset.shuffle=true", "coreset.seed=1"), "synth_ft")
    assert extracted == []
    made(composed("paths.runs=other", "paths.features=features", "coreset.shuffle=true", "coreset.seed=1"), "synth_da")
    assert len(extracted) == 2 * 2 + 2  # two images in two epochs and in the pass that measures the radius


def test_the_seed_of_a_row_draws_the_order_and_the_augmentation(composed):
    cfg = composed("coreset.seed=3")("synth_da")
    assert (cfg.coreset.seed, cfg.augment.seed) == (3, 3)
