"""Weights of a backbone: files, packages, stand-ins and draws."""

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision

from tests.training.configured import build_extractor
from tests.training.small_plates import TINY, compose_config, plate
from training.features.backbone_weights import OWN_FILE
from training.support.user_error import UserError


def config(*overrides, base=TINY):
    return compose_config("train", ["dataset.root=x", *base, *overrides]).extractor


def folded_conv1(state):
    """Return the first convolution of a ResNet with its batch norm folded in, by the formula."""
    gain = state["bn1.weight"] / torch.sqrt(state["bn1.running_var"] + 1e-5)
    return state["conv1.weight"] * gain[:, None, None, None]


def image(height=72, width=88, seed=0):
    return plate(np.random.default_rng(seed), height, width)


def test_random_weights_follow_their_seed_and_leave_torch_s_generator_alone():
    state = torch.get_rng_state()
    first = build_extractor(config(), "cpu")
    assert torch.equal(state, torch.get_rng_state())
    torch.rand(1)
    again = build_extractor(config(), "cpu")
    other = build_extractor(config("extractor.seed=1"), "cpu")
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint["weights_sha256"] != other.fingerprint["weights_sha256"]
    np.testing.assert_array_equal(first.patches(image()), again.patches(image()))
    assert any("RANDOM" in warning for warning in first.warnings)


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("truncated", [True, False])
def test_weights_come_from_a_file_with_or_without_the_layers_cut_off(tmp_path, suffix, truncated, tiny_extractor):
    full = torchvision.models.resnet18(weights=None)
    state = {k: v for k, v in full.state_dict().items() if not (truncated and k.startswith(("layer4", "fc")))}
    path = tmp_path / f"weights{suffix}"
    if suffix == ".pth":
        torch.save(state, path)
    else:
        from safetensors.torch import save_file

        save_file(state, path)
    extractor = build_extractor(config(f"extractor.weights={path}"), "cpu")
    torch.testing.assert_close(extractor.backbone.conv1.weight, folded_conv1(state), rtol=1e-6, atol=0)
    assert extractor.warnings == []
    assert extractor.fingerprint["weights_sha256"] != tiny_extractor.fingerprint["weights_sha256"]
    assert extractor.settings.weights == str(path)


def test_weights_that_do_not_fit_are_refused(tmp_path):
    state = torchvision.models.resnet18(weights=None).state_dict()
    path = tmp_path / "weights.pth"

    def refused(changed, message):
        torch.save(changed, path)
        with pytest.raises(UserError, match=message):
            build_extractor(config(f"extractor.weights={path}"), "cpu")

    refused({k: v for k, v in state.items() if k != "layer3.0.conv1.weight"}, r"lacks layer3\.0\.conv1\.weight")
    refused({**state, "layer5.weight": torch.zeros(1)}, r"holds layer5\.weight")
    refused({**state, "conv1.weight": torch.zeros(64, 1, 7, 7)}, r"conv1\.weight has shape \(64, 1, 7, 7\)")
    refused({"state": 3}, "no plain state dict")
    path.write_bytes(b"not a file of torch")
    with pytest.raises(UserError, match="is not a state dict"):
        build_extractor(config(f"extractor.weights={path}"), "cpu")
    with pytest.raises(UserError, match="no file at"):
        build_extractor(config(f"extractor.weights={tmp_path / 'gone.pth'}"), "cpu")


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_code_in_a_weights_file_is_never_run(tmp_path):
    import pickle  # noqa: TID251 (writes the attack)

    class Attack:
        def __reduce__(self):
            return (open, (str(tmp_path / "harm"), "w"))

    (tmp_path / "weights.pth").write_bytes(pickle.dumps({"conv1.weight": Attack()}))
    with pytest.raises(UserError):
        build_extractor(config(f"extractor.weights={tmp_path / 'weights.pth'}"), "cpu")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v3_large_deep"])
def test_lite0_stands_in_for_unreachable_imagenet_weights(monkeypatch, tmp_path, name):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))  # nothing cached
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")  # nobody listens: refused at once, on any machine
    extractor = build_extractor(config("extractor.pooling=3", base=[f"extractor={name}"]), "cpu")
    (warning,) = extractor.warnings
    assert "download.pytorch.org does not answer" in warning
    assert "EfficientNet-Lite0 with its ImageNet weights stands in" in warning
    lite0 = build_extractor(config("extractor.pooling=3", base=["extractor=efficientnet_lite0"]), "cpu")
    assert lite0.warnings == []
    assert extractor.settings == lite0.settings
    assert extractor.fingerprint == lite0.fingerprint


@pytest.fixture
def no_packaged_weights(monkeypatch, tmp_path):
    monkeypatch.setattr("training.features.stand_in.find_spec", lambda _name: None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")


@pytest.mark.usefixtures("no_packaged_weights")
def test_unreachable_imagenet_weights_become_random_with_a_warning():
    extractor = build_extractor(config("extractor.weights=imagenet"), "cpu")
    (warning,) = extractor.warnings
    assert "RANDOM" in warning
    assert "download.pytorch.org does not answer" in warning
    assert extractor.settings.weights == "random"
    assert extractor.fingerprint == build_extractor(config(), "cpu").fingerprint


@pytest.mark.usefixtures("no_packaged_weights")
def test_the_own_weights_stand_in_where_they_fit_and_the_package_is_missing():
    base = ["extractor=mobilenet_v3_large"]
    extractor = build_extractor(config(base=base), "cpu")
    (warning,) = extractor.warnings
    assert "download.pytorch.org does not answer" in warning
    assert "the project's own weights (stainless_texture)" in warning
    own = build_extractor(config(base=["extractor=stainless_texture"]), "cpu")
    assert own.warnings == []
    assert own.settings == extractor.settings
    assert own.fingerprint == extractor.fingerprint
    for override in ("extractor.layers=[features.12,features.16]", "extractor.activation=relu"):
        (warning,) = build_extractor(config(override, base=base), "cpu").warnings
        assert "RANDOM" in warning


def test_the_own_weights_are_for_their_architecture():
    with pytest.raises(UserError, match="stainless_texture are weights of mobilenet_v3_large, not of resnet18"):
        build_extractor(config("extractor.weights=stainless_texture"), "cpu")


def test_the_own_weights_are_small_and_of_the_recorded_bytes():
    content = OWN_FILE.read_bytes()
    assert len(content) <= 4 * 2**20
    document = (Path(__file__).parents[3] / "docs" / "extractor.md").read_text(encoding="utf-8")
    assert hashlib.sha256(content).hexdigest() in document


def test_cached_imagenet_weights_are_used_without_a_network(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")
    url = torchvision.models.get_model_weights("resnet18")["IMAGENET1K_V1"].url
    state = torchvision.models.resnet18(weights=None).state_dict()
    (tmp_path / "hub" / "checkpoints").mkdir(parents=True)
    torch.save(state, tmp_path / "hub" / "checkpoints" / url.rsplit("/", 1)[-1])
    extractor = build_extractor(config("extractor.weights=imagenet"), "cpu")
    assert extractor.warnings == []
    torch.testing.assert_close(extractor.backbone.conv1.weight, folded_conv1(state), rtol=1e-6, atol=0)
