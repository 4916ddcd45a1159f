import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision

from tests.training.configured import build_extractor
from tests.training.small_plates import TINY, compose_config, plate
from training.features.backbone_weights import seeded_weights
from training.features.extractor import LEAST_CONTRAST, own_contrast
from training.features.tiled_features import whole_features
from training.support.user_error import UserError


def config(*overrides, base=TINY):
    return compose_config("train", ["dataset.root=x", *base, *overrides]).extractor


def folded_conv1(state):
    """Return the first convolution of a ResNet with its batch norm folded in, by the formula."""
    gain = state["bn1.weight"] / torch.sqrt(state["bn1.running_var"] + 1e-5)
    return state["conv1.weight"] * gain[:, None, None, None]


def image(height=72, width=88, seed=0):
    return plate(np.random.default_rng(seed), height, width)


@pytest.mark.parametrize(
    ("name", "channels", "stride"),
    [
        ("mobilenet_v3_large", 40 + 112, 8),
        ("mobilenet_v3_large_deep", 112 + 960, 16),
        ("mobilenet_v2", 32 + 96, 8),
        ("resnet18", 128 + 256, 8),
        ("squeezenet1_1", 256 + 512, 8),
    ],
)
def test_each_backbone_gives_the_stated_channels_at_its_stride_without_what_follows(name, channels, stride):
    extractor = build_extractor(config("extractor.weights=random", base=[f"extractor={name}"]), "cpu")
    patches = extractor.patches(image(96, 128))
    floor = name == "squeezenet1_1"  # its first convolution has no padding
    expected = (96 // stride - floor + 1, 128 // stride - floor + 1, channels)  # on the corners of cells
    assert patches.shape == expected
    assert patches.dtype == np.float32
    assert patches.std(axis=(0, 1)).mean() > 1e-3
    full = torchvision.models.get_model(extractor.fingerprint["architecture"], weights=None)
    own, all_of_it = (sum(p.numel() for p in m.parameters()) for m in (extractor, full))
    assert own < 0.9 * all_of_it
    assert not any(
        name.startswith(("backbone.classifier", "backbone.fc", "backbone.layer4")) for name in extractor.state_dict()
    )
    assert not extractor.training
    assert not any(p.requires_grad for p in extractor.parameters())


def test_features_are_the_pooled_maps_of_the_whole_network(tiny_extractor):
    """Compare with hooks on the whole torchvision model, including batch norms, pooled by a literal loop.

    Patches lie on corners of cells; the coarse layer is interpolated at the fine layer's corners.
    """
    full = torchvision.models.resnet18(weights=None).eval()
    full.load_state_dict(seeded_weights(full, 0))
    seen = []
    for layer in (full.layer2, full.layer3):
        layer.register_forward_hook(lambda _module, _inputs, output: seen.append(output.detach()))
    pixels = image(75, 90)
    normalised = (pixels / 255 - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    with torch.no_grad():
        full(torch.from_numpy(normalised).float().permute(2, 0, 1)[None])
    pooled = []
    for feature_map in seen:
        source = feature_map[0].numpy().astype(np.float64)
        channels, height, width = source.shape
        target = np.zeros((channels, height + 1, width + 1))
        for i in range(height + 1):
            for j in range(width + 1):
                cells = [(a, b) for a in (i - 1, i) for b in (j - 1, j) if 0 <= a < height and 0 <= b < width]
                target[:, i, j] = sum(source[:, a, b] for a, b in cells) / 4  # zeros outside the border count
        pooled.append(target)
    (fine_y, fine_x), (coarse_y, coarse_x) = tiny_extractor.fingerprint["centres"]
    expected = np.zeros((*pooled[0].shape[1:], 384))
    expected[..., :128] = pooled[0].transpose(1, 2, 0)
    for i, j in np.ndindex(pooled[0].shape[1:]):
        y, x = fine_y + 8 * (i - 0.5), fine_x + 8 * (j - 0.5)
        expected[i, j, 128:] = bilinear(pooled[1], (y - coarse_y) / 16 + 0.5, (x - coarse_x) / 16 + 0.5)
    np.testing.assert_allclose(tiny_extractor.patches(pixels), expected, atol=1e-4 * expected.max())


def bilinear(values, row, column):
    """Interpolate values (C, h, w) at a place; end values are repeated beyond the ends."""
    row, column = (
        min(max(place, 0), length - 1) for place, length in zip((row, column), values.shape[1:], strict=True)
    )
    top, left = int(row), int(column)
    below, right = min(top + 1, values.shape[1] - 1), min(left + 1, values.shape[2] - 1)
    down, across = row - top, column - left
    upper = values[:, top, left] * (1 - across) + values[:, top, right] * across
    lower = values[:, below, left] * (1 - across) + values[:, below, right] * across
    return upper * (1 - down) + lower * down


@pytest.mark.parametrize("tiled", [False, True])
def test_a_standardised_image_is_one_of_mean_0_and_deviation_1(tiled):
    tiling = "extractor.tiling={above_pixels: 60000, tile_pixels: 60000}" if tiled else "extractor.tiling=null"
    extractor = build_extractor(config("extractor.standardise=true", tiling), "cpu")
    plain = build_extractor(config(tiling), "cpu")
    pixels = image(300, 260).clip(0, 190)
    values = pixels.astype(np.float64) / 255
    wanted = (values - values.mean()) / values.std()
    with torch.inference_mode():
        x = torch.from_numpy(wanted.astype(np.float32)).permute(2, 0, 1)[None]
        expected = whole_features(plain.backbone, x, plain.layout).features.numpy()
    np.testing.assert_allclose(extractor.patches(pixels), expected, rtol=1e-3, atol=1e-3)
    brighter = extractor.patches(pixels + np.uint8(60))
    np.testing.assert_allclose(extractor.patches(pixels), brighter, rtol=1e-3, atol=1e-3)


def test_a_flat_image_is_not_stretched():
    flat = torch.full((1, 3, 50, 40), 120, dtype=torch.uint8)
    assert own_contrast(flat) == (pytest.approx(120 / 255), LEAST_CONTRAST)
    values = torch.rand(1, 3, 70, 30, generator=torch.Generator().manual_seed(0))
    mean, deviation = own_contrast(values)
    assert mean == pytest.approx(values.mean().item(), rel=1e-5)
    assert deviation == pytest.approx(values.std(correction=0).item(), rel=1e-5)


def test_every_choice_shows_in_the_fingerprint(tiny_extractor):
    changes = {
        "architecture": ["extractor.architecture=resnet34"],
        "layers": ["extractor.layers=[layer1,layer2]"],
        "provider": ["extractor=efficientnet_lite0"],
        "activation": ["extractor.activation=relu"],
        "padding": ["extractor.padding=same"],
        "pooling": ["extractor.pooling=3"],
        "strides": ["extractor.layers=[layer1,layer2]"],
        "centres": ["extractor.centres=[[4,4],[8,8]]"],
        "input": ["+extractor.resize.side=shorter", "+extractor.resize.pixels=64"],
        "weights_sha256": ["extractor.seed=5"],
        "further_scales": ["extractor.further_scales=[{scale: 0.5, weight: 1}]"],
    }
    assert set(changes) == set(tiny_extractor.fingerprint)
    for field, overrides in changes.items():
        base = overrides if field == "provider" else [*TINY, *overrides]
        other = build_extractor(config(base=base), "cpu").fingerprint
        assert other[field] != tiny_extractor.fingerprint.get(field)


@pytest.mark.parametrize("resize", [[], ["+extractor.resize.side=shorter", "+extractor.resize.pixels=64"]])
def test_further_scales_stand_beside_the_first(resize):
    """Compare with torch's resizing and a literal interpolation at the same places of the image."""
    pixels = image(101, 150)
    (first,) = build_extractor(config(*resize), "cpu").strips(pixels)
    plain = build_extractor(config(*resize), "cpu").patches(pixels)
    scales = "extractor.further_scales=[{scale: 0.4, weight: 1}, {scale: 0.3, weight: 0.25}]"
    found = build_extractor(config(*resize, scales), "cpu").patches(pixels)
    height, width = (64, 64 / 101 * 150) if resize else (101, 150)
    extractor, channels = build_extractor(config(), "cpu"), plain.shape[2]
    assert found.shape == (*plain.shape[:2], 3 * channels)
    np.testing.assert_array_equal(found[..., :channels], plain)
    for number, (scale, weight) in enumerate([(0.4, 1), (0.3, 0.25)], start=1):
        small = F.interpolate(
            torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255,
            (round(height * scale), round(width * scale)),
            mode="bilinear",
            align_corners=False,
            antialias=True,
        )
        strip = whole_features(extractor.backbone, (small - extractor.mean) / extractor.std, extractor.layout)
        values = strip.features.numpy().astype(np.float64).transpose(2, 0, 1)
        part = found[..., number * channels : (number + 1) * channels]
        for i, j in np.ndindex(plain.shape[:2]):
            seen = [axis.centres()[k] for axis, k in ((first.rows, i), (first.columns, j))]  # pixels of the image
            place = [
                (at * shown / given - axis.first) / axis.step
                for at, shown, given, axis in zip(
                    seen, small.shape[2:], pixels.shape[:2], (strip.rows, strip.columns), strict=True
                )
            ]
            np.testing.assert_allclose(part[i, j], weight * bilinear(values, *place), atol=1e-5 * plain.max(), rtol=0)


def test_relu_replaces_every_hardswish():
    base = ["extractor=mobilenet_v3_large", "extractor.weights=random"]
    plain, replaced = (build_extractor(config(*more, base=base), "cpu") for more in ([], ["extractor.activation=relu"]))
    assert sum(isinstance(m, torch.nn.Hardswish) for m in plain.modules()) > 5
    assert not any(isinstance(m, torch.nn.Hardswish) for m in replaced.modules())
    assert np.abs(plain.patches(image()) - replaced.patches(image())).max() > 1e-3


@pytest.mark.parametrize(("side", "expected"), [("shorter", (64, 128)), ("longer", (32, 64))])
def test_resizing_keeps_the_aspect(side, expected):
    extractor = build_extractor(config(f"+extractor.resize.side={side}", "+extractor.resize.pixels=64"), "cpu")
    patches = extractor.patches(image(100, 200))
    assert patches.shape[:2] == tuple(math.ceil(length / 8) + 1 for length in expected)


def test_resizing_to_an_exact_size_ignores_the_aspect():
    extractor = build_extractor(config("extractor.resize={height: 64, width: 96}"), "cpu")
    assert extractor.patches(image(100, 200)).shape[:2] == (9, 13)
    small = F.interpolate(
        torch.from_numpy(image(100, 200)).permute(2, 0, 1)[None] / 255,
        (64, 96),
        mode="bilinear",
        align_corners=False,
        antialias=True,
    )
    expected = (small - extractor.mean) / extractor.std
    torch.testing.assert_close(extractor.normalised(image(100, 200)), expected, atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["extractor.architecture=resnet19"], "resnet19"),
        (["extractor.layers=[layer2,layer9]"], "layer9"),
        (["extractor.activation=gelu"], "gelu"),
        (["+extractor.colour=red"], "colour missing or unknown"),
        (["extractor.pooling=0"], r"extractor\.pooling: 0 is less than the minimum"),
        (["extractor.pooling=[1,1]"], "names a kernel twice"),
        (["extractor.pooling=[]"], "pooling"),
        (["extractor.provider=hub"], r"extractor\.provider: 'hub'"),
        (["extractor.padding=valid"], r"extractor\.padding: 'valid'"),
        (["extractor.centres=[[4,4]]"], "centres"),
        (["extractor.resize={height: 64}"], "resize"),
        (["extractor.provider=timm", "extractor.architecture=resnet18x"], "resnet18x"),
        (["extractor.provider=timm", "extractor.architecture=resnet18", "extractor.layers=[8,64]"], "layers 64"),
        (["extractor.provider=timm", "extractor.architecture=tf_efficientnet_lite0"], "extractor.padding=same"),
        (["extractor.weights=package:no_such_package/x.pth"], "no_such_package is not installed"),
        (["extractor.weights=package:torch/no.pth"], "has no file no.pth"),
        (["extractor.weights=package:torch/../numpy/__init__.py"], "has no file"),
        (["extractor.further_scales=[{scale: 1, weight: 1}]"], "further_scales"),
        (["extractor.further_scales=[{scale: 0.5, weight: 0}]"], "further_scales"),
        (["extractor.further_scales=[{scale: 0.5}]"], "further_scales"),
        (["extractor.tiling.tile_pixels=0"], "tiling"),
        (["+extractor.resize.side=wider", "+extractor.resize.pixels=64"], "resize"),
    ],
)
def test_wrong_settings_are_refused(overrides, message):
    with pytest.raises(UserError, match=message):
        build_extractor(config(*overrides), "cpu")


def test_wrong_devices_are_refused():
    with pytest.raises(UserError, match="tpu"):
        build_extractor(config(), "tpu")
    if not torch.cuda.is_available():
        with pytest.raises(UserError, match="no CUDA device"):
            build_extractor(config(), "cuda")


def test_an_image_that_is_too_small_is_refused():
    extractor = build_extractor(config("extractor.weights=random", base=["extractor=squeezenet1_1"]), "cpu")
    with pytest.raises(UserError, match="3 x 2 pixels is too small"):
        extractor.patches(image(2, 3))


@pytest.mark.parametrize(
    ("architecture", "layer", "message"),
    [
        ("resnet18", "flatten", "flatten of resnet18 is not a map"),
        ("resnet18", "avgpool", "avgpool of resnet18 is not a map"),
        ("swin_t", "features.1", "swin_t is not a map"),  # channels last
        ("vit_b_16", "encoder.layers.encoder_layer_1", "vit_b_16 does not accept images of any size"),
    ],
)
def test_layers_without_a_map_of_the_image_are_refused(architecture, layer, message):
    with pytest.raises(UserError, match=message):
        build_extractor(config(f"extractor.architecture={architecture}", f"extractor.layers=[{layer}]"), "cpu")
