"""Tiled features compared with those of the whole image, and the plan of the tiles."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import torchvision
from torchvision.models.feature_extraction import create_feature_extractor

from tests.training.configured import build_extractor
from tests.training.small_plates import compose_config, plate
from training.features.backbone_graph import folded, global_pools, with_scales
from training.features.backbone_weights import seeded_weights
from training.features.patch_grid import single_layer
from training.features.receptive_field import ReceptiveField, grid_sizes, measure_receptive_fields
from training.features.tile_plan import block_size, blocks
from training.features.tiled_features import TiledBackbone, TileSize
from training.support.user_error import UserError

BACKBONES = ["mobilenet_v3_large", "mobilenet_v3_large_deep", "mobilenet_v2", "resnet18", "squeezenet1_1"]


def built(name, *overrides):
    chosen = [f"extractor={name}", "extractor.weights=random", *overrides]
    return build_extractor(compose_config("train", ["dataset.root=x", *chosen]).extractor, "cpu")


def tiled(name, above, tile, *overrides):
    return built(name, f"extractor.tiling.above_pixels={above}", f"extractor.tiling.tile_pixels={tile}", *overrides)


def stage_of(architecture, layers):
    model = torchvision.models.get_model(architecture, weights=None).eval()
    model.load_state_dict(seeded_weights(model, 0))
    return folded(create_feature_extractor(model, layers))


@pytest.mark.parametrize("name", BACKBONES)
def test_tiles_give_the_features_of_the_whole_image(name):
    """Features agree to 1e-5 of the largest, over several tiles each way, at sizes not divisible by a stride."""
    image = plate(np.random.default_rng(0), 381, 507)
    image[100:200, 300:400] = 255  # varies over the image; otherwise pools over tiles would be correct by chance
    tile = 600_000 if name.endswith("deep") else 170_000
    whole, cut = built(name).patches(image), tiled(name, 60_000, tile)
    strips = list(cut.strips(image))
    assert len(strips) > 2
    assert [strip.first for strip in strips] == np.cumsum([0, *(len(s.features) for s in strips[:-1])]).tolist()
    assert {strip.rows.count for strip in strips} == {len(whole)}
    largest = np.abs(whole).max()
    np.testing.assert_allclose(np.concatenate([s.features for s in strips]), whole, atol=1e-5 * largest, rtol=0)
    np.testing.assert_array_equal(cut.patches(image), cut.patches(image))


@pytest.mark.parametrize("pooling", ["1", "3", "4", "[1,3]"])
def test_any_pooling_is_tiled(pooling):
    image = plate(np.random.default_rng(1), 300, 320)
    overrides = [f"extractor.pooling={pooling}"]
    whole, cut = built("resnet18", *overrides).patches(image), tiled("resnet18", 50_000, 90_000, *overrides)
    np.testing.assert_allclose(cut.patches(image), whole, atol=1e-5 * np.abs(whole).max(), rtol=0)


def test_a_resized_image_is_tiled_too():
    image = plate(np.random.default_rng(2), 300, 700)
    resize = ["+extractor.resize.side=shorter", "+extractor.resize.pixels=360"]
    whole, cut = built("resnet18", *resize), tiled("resnet18", 50_000, 90_000, *resize)
    expected = whole.patches(image)
    assert expected.shape[:2] == (46, 106)
    np.testing.assert_allclose(cut.patches(image), expected, atol=1e-5 * np.abs(expected).max(), rtol=0)


@pytest.mark.parametrize("above", [60_000, 40_000])  # the smaller image whole, or in tiles as well
def test_further_scales_are_tiled_too(above):
    image = plate(np.random.default_rng(4), 381, 507)
    image[100:200, 300:400] = 255
    further = "extractor.further_scales=[{scale: 0.5, weight: 1}, {scale: 0.2, weight: 0.5}]"
    whole, cut = (
        built("mobilenet_v3_large", further).patches(image),
        tiled("mobilenet_v3_large", above, 170_000, further),
    )
    assert len(list(cut.strips(image))) > 2
    np.testing.assert_allclose(cut.patches(image), whole, atol=1e-5 * np.abs(whole).max(), rtol=0)


def test_resizing_in_bands_is_torch_s_resizing(monkeypatch):
    extractor = built("resnet18", "+extractor.resize.side=longer", "+extractor.resize.pixels=90")
    pixels = torch.from_numpy(plate(np.random.default_rng(3), 200, 310)).permute(2, 0, 1)[None]
    expected = F.interpolate(pixels.float() / 255, (58, 90), mode="bilinear", align_corners=False, antialias=True)
    monkeypatch.setattr("training.features.resizing.BAND_PIXELS", 310 * 7)
    torch.testing.assert_close(extractor._resized(pixels), expected, atol=1e-6, rtol=0)


def test_folding_keeps_what_the_batch_norms_do():
    model = torchvision.models.mobilenet_v3_large(weights=None).eval()
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight.data, module.running_var):
                tensor.uniform_(0.5, 1.5, generator=generator)
            for tensor in (module.bias.data, module.running_mean):
                tensor.normal_(0, 0.2, generator=generator)
    truncated = create_feature_extractor(model, ["features.6", "features.12"]).eval()
    pixels = torch.rand((1, 3, 96, 128), generator=generator)
    with torch.inference_mode():
        for expected, found in zip(truncated(pixels).values(), folded(truncated)(pixels).values(), strict=True):
            torch.testing.assert_close(found, expected, atol=1e-5 * float(expected.abs().max()), rtol=0)
    assert any(isinstance(m, torch.nn.BatchNorm2d) for m in truncated.modules())  # the original does not change


def test_the_reach_is_the_arithmetic_of_the_layers():
    """ResNet-18 to layer2, by hand: 7x7/2, pool 3x3/2, four 3x3, 3x3/2, three 3x3: feature i sees 8 i - 49 .. 8 i + 49;
    a cut at a multiple of the stride keeps clean what ends before it.
    """
    (field,) = measure_receptive_fields(stage_of("resnet18", ["layer2"]))
    sees = 3 + 2 * 1 + 4 * 4 * 1 + 4 * 1 + 3 * 8 * 1
    assert sees == 49
    assert field == ReceptiveField(8, 56, 56)  # 49 and 50, to the next feature


def test_a_backbone_that_pools_globally_says_so_and_its_stages_do_not():
    stage = stage_of("mobilenet_v3_large", ["features.6", "features.12"])
    assert measure_receptive_fields(stage) is None
    pools = global_pools(stage)
    assert len(pools) == 5
    first = with_scales(stage, [])
    with torch.inference_mode():
        (pooled,) = first(torch.zeros(1, 3, 64, 64)).values()
    assert pooled.shape[1] == 72
    assert measure_receptive_fields(first)[0].stride == 8
    ones = [torch.ones(1, stage.get_submodule(p.target).fc2.out_channels, 1, 1) for p in pools]
    assert [field.stride for field in measure_receptive_fields(with_scales(stage, ones))] == [8, 16]


@pytest.mark.parametrize("architecture", ["resnet18", "squeezenet1_1", "mobilenet_v3_large"])
@pytest.mark.parametrize("size", [(64, 64), (75, 90), (101, 33)])
def test_grid_sizes_are_those_of_a_real_pass(architecture, size):
    layers = {"resnet18": ["layer2", "layer3"], "squeezenet1_1": ["features.7", "features.12"]}
    stage = stage_of(architecture, layers.get(architecture, ["features.6", "features.12"]))
    with torch.inference_mode():
        real = [tuple(m.shape[2:]) for m in stage(torch.zeros(1, 3, *size)).values()]
    assert grid_sizes(stage, *size) == real


def test_blocks_cover_everything_once():
    for patches in (1, 7, 100):
        for size in (1, 3, 7, 200):
            ranges = list(blocks(patches, size))
            assert [i for first, end in ranges for i in range(first, end)] == list(range(patches))
            assert max(end - first for first, end in ranges) <= size


@pytest.mark.parametrize(
    ("image", "most_work"),
    [((10_000, 10_000), 1.8), ((2050, 2448), 1.8), ((600, 40_000), 4.7), ((40_000, 600), 1.2)],
)
def test_tiles_and_strips_stay_within_their_pixels(image, most_work):
    patches = (image[0] // 8, image[1] // 8)
    rows, columns = block_size(
        image, patches, [ReceptiveField(8, 56, 56), ReceptiveField(16, 144, 144)], 2_000_000, 6_000_000
    )
    assert (rows * 8 + 288) * min(columns * 8 + 288, image[1]) <= 2_000_000 * 1.02
    assert rows * 8 * image[1] <= 6_000_000
    count = -(-patches[0] // rows) * -(-patches[1] // columns)
    tile = min(rows * 8 + 288, image[0]) * min(columns * 8 + 288, image[1])
    assert count * tile / (image[0] * image[1]) < most_work


def test_a_tile_too_small_for_a_patch_is_refused():
    with pytest.raises(UserError, match=r"tile_pixels=10000 is too small: .* sees 224 x 224"):
        tiled("resnet18", 50_000, 10_000).patches(np.zeros((300, 300, 3), np.uint8))


def test_a_backbone_that_cannot_be_tiled_says_what_to_do():
    class Centred(torch.nn.Module):
        def forward(self, pixels):
            return {"all": torch.nn.functional.max_pool2d(pixels - pixels.mean((2, 3), keepdim=True), 8)}

    backbone = TiledBackbone(torch.fx.symbolic_trace(Centred()), single_layer(), TileSize(20_000, 50_000))
    with pytest.raises(UserError, match=r"extractor\.tiling=null"):
        next(backbone.strips(lambda rows, columns: torch.zeros(1, 3, 300, 300)[:, :, rows, columns], (300, 300)))


def test_without_tiling_every_image_is_taken_whole():
    extractor = built("resnet18", "extractor.tiling=null")
    assert len(list(extractor.strips(plate(np.random.default_rng(0), 300, 300)))) == 1
    assert extractor.largest_whole == float("inf")
