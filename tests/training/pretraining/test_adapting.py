"""Norms adapted to a product's images, compared with moments computed from the images directly."""

import json

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision
from safetensors.torch import load_file

from tests.training.configured import adapt_run, build_extractor, open_dataset, train_run
from tests.training.small_plates import compose_config, plate
from training.data.dataset import read_image
from training.features.backbone import truncated_backbone
from training.features.backbone_weights import OWN_FILE
from training.pretraining.adapting import WEIGHTS, middle_of, spread_evenly
from training.pretraining.norm_statistics import moved_norms
from training.support.user_error import UserError

TINY = ["extractor=resnet18", "extractor.weights=random", "device=cpu"]


def settings(root, *overrides):
    return compose_config("adapt", [f"dataset.root={root}", "device=cpu", *overrides])


def random_backbone():
    config = compose_config("train", ["dataset.root=x", *TINY]).extractor
    return truncated_backbone(build_extractor(config, "cpu").settings)[0]


def images(count=3):
    rng = np.random.default_rng(3)
    sizes = [(64 + 7 * number, 90 - 5 * number) for number in range(count)]
    return [torch.from_numpy(plate(rng, *size)).permute(2, 0, 1)[None] / 100 - 1 for size in sizes]


def test_the_first_norm_moves_by_its_share_toward_the_moments_of_all_pixels():
    backbone, shown = random_backbone(), images()
    before = {name: tensor.clone() for name, tensor in backbone.state_dict().items()}
    assert list(moved_norms(backbone, shown, 1, 0.25)) == ["bn1"]
    pixels = torch.cat([F.conv2d(i, before["conv1.weight"], stride=2, padding=3).flatten(2)[0] for i in shown], 1)
    pixels = pixels.double().numpy()
    after = backbone.state_dict()
    for name, moment in (("running_mean", pixels.mean(1)), ("running_var", pixels.var(1))):
        expected = 0.75 * before[f"bn1.{name}"].numpy() + 0.25 * moment
        np.testing.assert_allclose(after[f"bn1.{name}"].numpy(), expected, rtol=1e-5, atol=1e-6)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed == {"bn1.running_mean", "bn1.running_var"}


def test_norms_moved_all_the_way_give_what_training_mode_gives():
    """Moved one after the other, each norm of a batch has the batch's moments, like in torch's training mode."""
    backbone = random_backbone()
    batch = torch.cat([image[:, :, :64, :64] for image in images()])
    names = list(moved_norms(backbone, [batch], 5, 1.0))
    assert names == ["bn1", "layer1.0.bn1", "layer1.0.bn2", "layer1.1.bn1", "layer1.1.bn2"]
    full = torchvision.models.resnet18(weights=None)
    full.load_state_dict(random_backbone().state_dict(), strict=False)
    with torch.no_grad():
        expected = full.train().layer1(full.maxpool(full.relu(full.bn1(full.conv1(batch)))))
        moved = torchvision.models.resnet18(weights=None)
        moved.load_state_dict(backbone.state_dict(), strict=False)
        given = moved.eval().layer1(moved.maxpool(moved.relu(moved.bn1(moved.conv1(batch)))))
    torch.testing.assert_close(given, expected, rtol=1e-4, atol=1e-4)


def test_more_norms_than_there_are_are_refused():
    with pytest.raises(UserError, match=r"adapt\.norms=99: this backbone has 15"):
        list(moved_norms(random_backbone(), images(), 99, 0.5))


def test_adapted_weights_train_as_the_project_s_own_do(stainless_folder, tmp_path):
    """They still expect standardised images, and differ from the project's in the first six norms only."""
    record = adapt_run(settings(stainless_folder), tmp_path / "adapted")
    state, own = load_file(tmp_path / "adapted" / WEIGHTS), load_file(OWN_FILE)
    changed = {name.rsplit(".", 1)[0] for name in own if not torch.equal(state[name], own[name])}
    assert state.keys() == own.keys()
    assert changed == set(record["norms"])
    assert len(changed) == 6
    assert all(name.startswith(("features.0.", "features.1.", "features.2.")) for name in changed)
    written = json.loads((tmp_path / "adapted" / "adapt.json").read_text())
    assert written["dataset"]["images"] == [f"{number:06d}" for number in range(6)]
    overrides = [f"dataset.root={stainless_folder}", "coreset=small", "coreset.epochs=1", "device=cpu"]
    chosen = ["extractor=stainless_texture_three_scales", f"extractor.weights={tmp_path / 'adapted' / WEIGHTS}"]
    cfg = compose_config("train", [*overrides, *chosen])
    extractor = build_extractor(cfg.extractor, "cpu")
    assert extractor.standardise
    assert extractor.fingerprint["weights_sha256"] == record["adapted_sha256"]
    train_run(cfg, tmp_path / "run")
    with pytest.raises(UserError, match="already exists"):
        adapt_run(settings(stainless_folder), tmp_path / "adapted")


def test_other_weights_stay_without_standardising(stainless_folder, tmp_path):
    adapt_run(settings(stainless_folder, *TINY[:2], "adapt.norms=1"), tmp_path)
    cfg = compose_config("train", ["dataset.root=x", "extractor=resnet18", f"extractor.weights={tmp_path / WEIGHTS}"])
    assert not build_extractor(cfg.extractor, "cpu").standardise


def test_images_are_spread_evenly_and_large_ones_cut(stainless_folder):
    samples = open_dataset(settings(stainless_folder).dataset).split("train")
    assert [sample.sample_id for sample in spread_evenly(samples, 3)] == ["000000", "000002", "000005"]
    assert spread_evenly(samples, 9) == samples
    extractor = build_extractor(compose_config("train", ["dataset.root=x", *TINY]).extractor, "cpu")
    whole = extractor.normalised(read_image(samples[0].image))
    middle = middle_of(extractor, samples[0], 40)
    assert torch.equal(middle, whole[:, :, 16:56, 24:64])  # of 72 x 88
    assert middle.untyped_storage().nbytes() == 40 * 40 * 3 * 4  # the rest of the image is not held


def test_a_folder_without_train_images_is_refused(stainless_folder, tmp_path):
    table = stainless_folder / "samples.csv"
    table.write_text(table.read_text().replace(",train,", ",test,"))
    with pytest.raises(UserError, match="no train samples"):
        adapt_run(settings(stainless_folder), tmp_path / "adapted")
    assert not (tmp_path / "adapted").exists()
