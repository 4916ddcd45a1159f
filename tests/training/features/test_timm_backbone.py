"""Backbones of timm: layers by stride, weights from the hub's cache, and tiles."""

import numpy as np
import pytest
import timm
import torch
from safetensors.torch import save_file

from tests.training.configured import build_extractor
from tests.training.small_plates import compose_config, plate
from training.support.user_error import UserError

RESNET = ["extractor=efficientnet_lite0", "extractor.architecture=resnet10t", "extractor.layers=[8,16]"]


def built(*overrides):
    return build_extractor(compose_config("train", ["dataset.root=x", *overrides]).extractor, "cpu")


def test_imagenet_weights_come_from_the_hub_s_cache_or_are_random_with_a_warning(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.file_download.HF_HUB_CACHE", str(tmp_path), raising=False)
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens: refused at once, on any machine
    monkeypatch.setattr("training.features.stand_in.find_spec", lambda _name: None)
    imagenet = [*RESNET, "extractor.weights=imagenet", "extractor.weights_in_order=false"]
    (warning,) = built(*imagenet).warnings
    assert "RANDOM" in warning
    assert "the model hub does not answer" in warning
    repository = tmp_path / "models--timm--resnet10t.c3_in1k"
    snapshot = repository / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")
    state = timm.create_model("resnet10t", pretrained=False).state_dict()
    save_file({name: tensor.contiguous() for name, tensor in state.items()}, snapshot / "model.safetensors")
    cached = built(*imagenet)
    assert cached.warnings == []
    assert cached.settings.weights == "imagenet"


def test_timm_layers_are_chosen_by_stride_and_other_models_work():
    extractor = built(*RESNET, "extractor.weights=random")
    assert extractor.fingerprint["strides"] == [8, 16]
    assert extractor.patches(plate(np.random.default_rng(0), 64, 96)).shape == (9, 13, 128 + 256)


@pytest.mark.parametrize("architecture", ["efficientnet_b0", "tf_mobilenetv3_large_100"])
def test_timm_s_squeeze_and_excitation_is_tiled(architecture):
    base = ["extractor=efficientnet_lite0", f"extractor.architecture={architecture}", "extractor.weights=random"]
    image = plate(np.random.default_rng(0), 301, 350)
    image[100:200, 100:200] = 255
    whole, cut = (
        built(*base, f"extractor.tiling={tiling}") for tiling in ("null", "{above_pixels: 60000, tile_pixels: 170000}")
    )
    expected = whole.patches(image)
    assert len(list(cut.strips(image))) > 1
    np.testing.assert_allclose(cut.patches(image), expected, atol=1e-5 * np.abs(expected).max(), rtol=0)


def test_weights_that_give_no_finite_features_are_refused(tmp_path):
    state = timm.create_model("resnet10t", pretrained=False).state_dict()
    state["conv1.0.weight"][0, 0, 0, 0] = torch.nan
    save_file(state, tmp_path / "broken.safetensors")
    overrides = [f"extractor.weights={tmp_path / 'broken.safetensors'}", "extractor.weights_in_order=false"]
    with pytest.raises(UserError, match="not finite; check its weights"):
        built(*RESNET, "extractor.weights_sha256=null", *overrides)
