"""The patch grid compared with literal implementations of its definition."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from tests.training.configured import build_extractor
from tests.training.small_plates import TINY, compose_config, plate
from training.features.patch_grid import Axis, PatchLayout, lerp_at, nearest_at, source_of
from training.features.tiled_features import whole_features


def literal_features(maps, strides, centres, kernels):
    """Pool each layer as ``AvgPool2d(k, 1, padding=k // 2)`` and sample it at the finest layer's patch centres."""

    def pooled(layer, kernel):
        first = [c - strides[layer] / 2 * (kernel % 2 == 0) for c in centres[layer]]
        return F.avg_pool2d(maps[layer].double(), kernel, stride=1, padding=kernel // 2), first

    finest, (top, left) = pooled(0, kernels[0])
    parts = []
    for kernel in kernels:
        for layer, stride in enumerate(strides):
            values, first = pooled(layer, kernel)
            y = (top + strides[0] * torch.arange(finest.shape[2]) - first[0]) / stride / (values.shape[2] - 1) * 2 - 1
            x = (left + strides[0] * torch.arange(finest.shape[3]) - first[1]) / stride / (values.shape[3] - 1) * 2 - 1
            grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1)[None].double()
            parts.append(F.grid_sample(values, grid, "bilinear", "border", align_corners=True)[0].permute(1, 2, 0))
    return torch.cat(parts, 2)


@pytest.mark.parametrize("kernels", [(1,), (2,), (3,), (4,), (1, 3), (2, 3)])
@pytest.mark.parametrize("centres", [((4.0, 4.0), (8.0, 8.0)), ((3.5, 0.5), (9.0, -2.5))])
def test_features_are_those_of_a_literal_reading(kernels, centres):
    generator = torch.Generator().manual_seed(0)
    maps = [torch.randn(1, 3, 10, 12, generator=generator), torch.randn(1, 4, 5, 6, generator=generator)]
    layout = PatchLayout(kernels, (8, 16), centres)
    strip = whole_features(lambda _pixels: dict(enumerate(maps)), torch.zeros(1), layout)
    expected = literal_features(maps, (8, 16), centres, kernels)
    torch.testing.assert_close(strip.features.double(), expected, atol=1e-5, rtol=1e-5)
    corner = centres[0][0] - 4 * (kernels[0] % 2 == 0)
    assert strip.rows == Axis(corner, 8, 10 + (kernels[0] % 2 == 0))


def test_an_even_kernel_lays_patches_on_the_corners_of_cells():
    """As in the paper's AvgPool2d(2, 1, padding=1): one more patch each way, the first at the image's corner."""
    assert Axis(4.0, 8.0, 9).pooled(2) == Axis(0.0, 8.0, 10)
    assert Axis(4.0, 8.0, 9).pooled(3) == Axis(4.0, 8.0, 9)


def test_layers_of_ideal_centres_meet_on_the_corners_without_interpolation_between_coarse_cells():
    fine, coarse = Axis(4.0, 8.0, 10), Axis(8.0, 16.0, 5)
    patches = fine.pooled(2).centres()
    assert source_of(fine, 2, patches).lerp is None
    lerp = source_of(coarse, 2, patches).lerp
    np.testing.assert_array_equal(lerp.weight[::2][:-1], 0)
    np.testing.assert_allclose(lerp.weight[1::2], 0.5)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_a_block_of_sources_is_a_part_of_the_whole(kernel):
    layer, patches = Axis(9.5, 16.0, 154), Axis(-0.5, 8.0, 308).centres()
    whole, part = source_of(layer, kernel, patches), source_of(layer, kernel, patches[100:130])
    first = part.raw[0]
    assert whole.raw[0] == -(kernel // 2)
    np.testing.assert_array_equal(part.lerp.low + first, whole.lerp.low[100:130] + whole.raw[0])
    np.testing.assert_array_equal(part.lerp.weight, whole.lerp.weight[100:130])


def test_positions_beyond_the_ends_take_the_last_value():
    axis = Axis(4.0, 8.0, 3)
    lerp = lerp_at(axis, np.array([-9.0, 4.0, 6.0, 20.0, 99.0]))
    np.testing.assert_allclose(lerp.low + lerp.weight, [0, 0, 0.25, 2, 2])
    np.testing.assert_array_equal(nearest_at(axis, np.array([-9.0, 7.9, 8.0, 99.0])), [0, 0, 1, 2])
    single = lerp_at(Axis(4.0, 8.0, 1), np.array([0.0, 50.0]))
    assert single.low.tolist() == single.high.tolist() == [0, 0]


@pytest.mark.parametrize("resize", [None, "{side: shorter, pixels: 60}", "{height: 64, width: 128}"])
def test_centres_are_in_pixels_of_the_image_as_it_was_given(resize):
    settings = [] if resize is None else [f"extractor.resize={resize}"]
    cfg = compose_config("train", ["dataset.root=x", *TINY, *settings, "extractor.centres=[[4,3],[8,8]]"])
    (strip,) = build_extractor(cfg.extractor, "cpu").strips(plate(np.random.default_rng(0), 120, 160))
    scale = {None: (1, 1), "{side: shorter, pixels: 60}": (2, 2)}.get(resize, (120 / 64, 160 / 128))
    assert strip.rows.first == pytest.approx(0.0 * scale[0])
    assert strip.columns.first == pytest.approx(-1.0 * scale[1])
    assert (strip.rows.step, strip.columns.step) == pytest.approx((8 * scale[0], 8 * scale[1]))
