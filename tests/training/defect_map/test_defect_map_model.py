"""Maps of images: tiles against the whole, borders, sizes, and how far an output sees."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tests.training.defect_map.configured import defect_map
from training.defect_map.defect_map_model import DefectMapModel
from training.defect_map.network import DefectMapNetwork

ARCHITECTURES = {
    "plain": ("defect_map=tiny",),
    "reconstruction": (),
    "large kernels": ("defect_map.architecture.kernels=[13,7]",),
}


def network(*overrides):
    settings = defect_map(*overrides)
    built = DefectMapNetwork(settings.architecture, torch.Generator().manual_seed(1))
    generator = torch.Generator().manual_seed(2)
    for _ in range(3):  # batch norms with other statistics than the identity
        built(torch.rand(2, 3, 64, 64, generator=generator))
    built.eval()
    return built, settings.map


def image(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_tiles_equal_the_whole_image(name):
    built, settings = network(*ARCHITECTURES[name])
    whole = DefectMapModel(built, replace(settings, resize=None, tile_pixels=10**9), torch.device("cpu"))
    tiled = DefectMapModel(
        built, replace(settings, resize=None, tile_pixels=(2 * built.reach + 40) ** 2), torch.device("cpu")
    )
    picture = image(205, 331)
    assert len(tiled._tiles((240, 364))) > 4
    assert np.abs(tiled.anomaly_map(picture) - whole.anomaly_map(picture)).max() < 1e-5


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_output_sees_no_further_than_stated(name):
    built = network(*ARCHITECTURES[name])[0].double()
    side = 2 * (built.reach + 16) // built.stride * built.stride + built.stride
    random = torch.Generator().manual_seed(0)
    pixels = torch.rand(1, 3, side, side, generator=random, dtype=torch.float64, requires_grad=True)
    middle = side // 2
    built(pixels).logits[0, 0, middle, middle].backward()
    gradient = pixels.grad.abs().sum((0, 1))
    seen = (gradient > 1e-12 * gradient.max()).nonzero()  # FFTs leave rounding everywhere
    assert (seen - middle).abs().max() <= built.reach


def test_merging_keeps_the_map():
    built, settings = network("defect_map.architecture.kernels=[13,7]")
    before = DefectMapModel(built, settings, torch.device("cpu")).anomaly_map(image(64, 80))
    built.merge()
    after = DefectMapModel(built, settings, torch.device("cpu")).anomaly_map(image(64, 80))
    assert np.abs(before - after).max() < 1e-5


@pytest.mark.parametrize(("height", "width"), [(512, 400), (100, 60), (30, 17), (3, 5)])
def test_maps_have_the_images_size_and_are_not_negative(height, width):
    built, settings = network("defect_map=tiny")
    found = DefectMapModel(built, settings, torch.device("cpu")).anomaly_map(image(height, width))
    assert found.shape == (height, width)
    assert found.dtype == np.float32
    assert (found >= 0).all()


def test_the_map_is_the_negative_logarithm_of_the_sound_probability():
    built, settings = network("defect_map=tiny")
    model = DefectMapModel(built, replace(settings, resize=None, border=0), torch.device("cpu"))
    picture = image(32, 32)
    pixels = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
    with torch.no_grad():
        probability = torch.sigmoid(built(pixels).logits.double())[0, 0].numpy()
    assert np.allclose(model.anomaly_map(picture), -np.log(1 - probability), atol=1e-5)


def test_scores():
    built, settings = network("defect_map=tiny")
    found = np.zeros((256, 256), np.float32)
    found[100:121, 100:121] = 2.0
    found[30, 30] = 5.0
    model = DefectMapModel(built, replace(settings, score="maximum"), torch.device("cpu"))
    assert model.image_score(found) == 5.0
    averaged = DefectMapModel(built, replace(settings, score="averaged_maximum"), torch.device("cpu"))
    assert averaged.image_score(found) == pytest.approx(2.0, abs=1e-4)
    twice = found.repeat(2, axis=0).repeat(2, axis=1)  # the window is in pixels of the resized image
    assert averaged.image_score(twice) == pytest.approx(2.0, abs=0.05)
