"""``SAME`` padding compared with TensorFlow's formula, and EfficientNet-Lite0's weights with statistics of pictures."""

import math

import numpy as np
import pytest
import timm
import torch
import torch.nn.functional as F
from torch import nn

from tests.training.configured import build_extractor
from tests.training.small_plates import compose_config, plate
from training.features.backbone import truncated_backbone
from training.features.packaged_weights import packaged_file, renamed_in_order
from training.features.same_padding import pad_same
from training.features.timm_backbone import timm_network
from training.support.user_error import UserError


def same_by_formula(pixels, kernel, stride, fill=0.0):
    """Pad like TensorFlow: ceil(n / s) outputs; the smaller half of the missing pixels comes before."""
    sides = []
    for length in (pixels.shape[3], pixels.shape[2]):
        missing = max((math.ceil(length / stride) - 1) * stride + kernel - length, 0)
        sides += [missing // 2, missing - missing // 2]
    return F.pad(pixels, sides, value=fill)


@pytest.mark.parametrize(("kernel", "stride"), [(3, 2), (5, 2), (7, 2), (1, 2), (4, 4), (7, 4)])
@pytest.mark.parametrize("groups", [1, 2])
def test_a_strided_convolution_is_tensorflow_s_on_even_sizes(kernel, stride, groups):
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randn(1, 2, 16, 24, generator=generator)
    network = nn.Sequential(nn.Conv2d(2, 4, kernel, stride, padding=kernel // 2, groups=groups))
    weight, bias = network[0].weight, network[0].bias
    pad_same(network)
    expected = F.conv2d(same_by_formula(pixels, kernel, stride), weight, bias, stride, groups=groups)
    torch.testing.assert_close(network(pixels), expected)


@pytest.mark.parametrize("size", [(15, 24), (16, 23), (17, 17)])
def test_features_lie_alike_on_odd_sizes(size):
    """The number is TensorFlow's; each feature is that of the even image, which has zeros beyond."""
    pixels = torch.randn(1, 2, *size, generator=torch.Generator().manual_seed(1))
    network = nn.Sequential(nn.Conv2d(2, 3, 3, 2, padding=1))
    pad_same(network)
    found = network(pixels)
    assert found.shape[2:] == tuple(math.ceil(length / 2) for length in size)
    even = F.pad(pixels, (0, size[1] % 2, 0, size[0] % 2))
    torch.testing.assert_close(found, network(even))


def test_maximum_pooling_pads_with_the_least_value():
    pixels = torch.randn(1, 2, 16, 24, generator=torch.Generator().manual_seed(2)) - 10
    network = nn.Sequential(nn.MaxPool2d(3, 2, padding=1))
    pad_same(network)
    padded = same_by_formula(pixels, 3, 2, -torch.inf)
    torch.testing.assert_close(network(pixels), F.max_pool2d(padded, 3, 2))


def test_stride_1_is_left_alone():
    network = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.Sequential(nn.Conv2d(3, 3, 3, 2, padding=1)))
    first = network[0]
    pad_same(network)
    assert network[0] is first
    assert type(network[1][0]) is not nn.Conv2d


def built(*overrides):
    return build_extractor(compose_config("train", ["dataset.root=x", *overrides]).extractor, "cpu")


def lite0(*overrides):
    return built("extractor=efficientnet_lite0", *overrides)


def test_lite0_is_timm_s_network_with_its_own_padding():
    """On an even size both pad alike; the folded graph gives timm's feature maps."""
    extractor = lite0()
    assert extractor.warnings == []
    pixels = extractor.normalised(plate(np.random.default_rng(0), 96, 128))
    network = timm.create_model("tf_efficientnet_lite0", features_only=True, out_indices=(2, 3)).eval()
    state = torch.load(packaged_file(extractor.settings.weights), weights_only=True)
    wanted = timm_network("tf_efficientnet_lite0").state_dict()
    network.load_state_dict(renamed_in_order(state, wanted, "lite0"), strict=False)
    with torch.inference_mode():
        for found, expected in zip(extractor.backbone(pixels).values(), network(pixels), strict=True):
            torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_lite0_s_norms_have_the_statistics_that_pictures_give():
    """Tensors in the wrong order would give norms the inputs of another layer.

    Brushed noise differs from photographs, so the match is rough, but a shifted order is off by orders of magnitude.
    """
    config = lite0().settings
    truncated, _ = truncated_backbone(config)
    seen = {}
    norms = {name: m for name, m in truncated.named_modules() if isinstance(m, nn.BatchNorm2d)}
    for name, norm in norms.items():
        norm.register_forward_pre_hook(lambda _m, given, name=name: seen.__setitem__(name, given[0].var((0, 2, 3))))
    rng = np.random.default_rng(0)
    coarse = torch.from_numpy(rng.normal(size=(4, 3, 24, 24)).astype(np.float32))
    with torch.inference_mode():
        truncated(F.interpolate(coarse, (192, 192), mode="bicubic"))
    ratios = [float((seen[name].mean() / norm.running_var.mean()).log().abs()) for name, norm in norms.items()]
    shuffled = list(norms.values())[1:] + list(norms.values())[:1]
    wrong = [
        float((seen[name].mean() / norm.running_var.mean()).log().abs())
        for name, norm in zip(norms, shuffled, strict=True)
    ]
    assert len(norms) > 20
    assert np.median(ratios) < 1
    assert np.median(ratios) < np.median(wrong) / 2


def test_a_file_of_another_hash_is_refused():
    with pytest.raises(UserError, match=r"has SHA-256 5793.* but extractor\.weights_sha256 is 0000"):
        lite0(f"extractor.weights_sha256='{'0' * 64}'")


def test_tensors_of_another_shape_or_number_are_refused():
    wanted = {"a": torch.zeros(2), "b": torch.zeros(3)}
    with pytest.raises(UserError, match=r"y has shape \(4,\), but b in its place needs \(3,\)"):
        renamed_in_order({"x": torch.zeros(2), "y": torch.zeros(4)}, wanted, "file")
    with pytest.raises(UserError, match="1 tensors, this architecture 2"):
        renamed_in_order({"x": torch.zeros(2)}, wanted, "file")
