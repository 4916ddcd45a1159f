import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf
from torchvision.transforms.v2 import functional as F

from tests.training.configured import build_augmentation, train_run
from tests.training.small_plates import TINY, compose_config, plate
from training.data.augment import (
    Augmentation,
    AugmentationParams,
    Border,
    augmented,
    border_region,
    draw_augmentation_params,
)
from training.data.augmentation_settings import read_augmentation_settings
from training.model.file import load_model
from training.support.user_error import UserError

NOTHING = AugmentationParams(False, False, 1.0, 1.0, 0.0, 0.0, 0, None)


@pytest.fixture
def image():
    return plate(np.random.default_rng(0), 40, 56)


@pytest.fixture
def mask():
    return np.random.default_rng(1).choice(np.array([0, 6, 255], dtype=np.uint8), (40, 56))


@pytest.fixture
def settings():
    return read_augmentation_settings(compose_config("train", ["dataset.root=x", "augment=paper"]).augment)


def test_nothing_drawn_changes_nothing(image, mask):
    shown, marked = augmented(image, mask, NOTHING)
    np.testing.assert_array_equal(shown, image)
    np.testing.assert_array_equal(marked, mask)


def test_flips_move_image_and_mask_together(image, mask):
    for horizontal, vertical in ((True, False), (False, True), (True, True)):
        order = (slice(None, None, -1 if vertical else 1), slice(None, None, -1 if horizontal else 1))
        shown, marked = augmented(image, mask, replace(NOTHING, flip_horizontal=horizontal, flip_vertical=vertical))
        np.testing.assert_array_equal(shown, image[order])
        np.testing.assert_array_equal(marked, mask[order])


def test_colours_and_blur_are_torchvision_s(image, mask):
    params = replace(NOTHING, brightness=1.2, contrast=1.25, blur_sigma=1.1)
    pixels = torch.from_numpy(image).permute(2, 0, 1) / 255
    expected = F.adjust_contrast(F.adjust_brightness(pixels, 1.2), 1.25)
    expected = F.gaussian_blur(expected, [9, 9], [1.1, 1.1]).mul(255).round().byte().permute(1, 2, 0).numpy()
    shown, marked = augmented(image, mask, params)
    np.testing.assert_allclose(shown.astype(int), expected, atol=1)
    assert (shown != expected).mean() < 1e-3  # if a value lies between two levels
    np.testing.assert_array_equal(marked, mask)
    assert shown.mean() > image.mean()


def test_colours_are_the_formulas_of_brightness_and_contrast(mask):
    """Brightness multiplies; contrast stretches around the mean luminance."""
    image = np.full((40, 56, 3), 100, dtype=np.uint8)
    image[:20] = 60
    assert augmented(image, mask, replace(NOTHING, brightness=1.3))[0][[0, -1], 0, 0].tolist() == [78, 130]
    stretched = augmented(image, mask, replace(NOTHING, contrast=1.5))[0][[0, -1], 0, 0].astype(float)
    np.testing.assert_allclose(stretched, [80 - 1.5 * 20, 80 + 1.5 * 20], atol=1)


def test_noise_has_its_sigma_and_follows_its_seed(mask):
    grey = np.full((200, 300, 3), 128, dtype=np.uint8)
    params = replace(NOTHING, noise_sigma=0.03, noise_seed=5)
    ids = np.zeros((200, 300), dtype=np.uint8)
    shown = augmented(grey, ids, params)[0]
    assert (shown / 255.0).std() == pytest.approx(0.03, rel=0.02)
    assert shown.mean() == pytest.approx(128, abs=0.2)
    np.testing.assert_array_equal(shown, augmented(grey, ids, params)[0])
    assert (shown != augmented(grey, ids, replace(params, noise_seed=6))[0]).mean() > 0.8


@pytest.mark.parametrize("band_rows", [1, 3, 16])
def test_bands_of_rows_change_nothing(image, mask, monkeypatch, band_rows):
    params = AugmentationParams(True, True, 1.1, 1.2, 1.3, 0.02, 4, Border(0.3, 0.1, True))
    at_once, _ = augmented(image, mask, params)
    monkeypatch.setattr("training.data.augment._BAND_PIXELS", 56 * band_rows)
    banded, _ = augmented(image, mask, params)
    np.testing.assert_allclose(banded.astype(int), at_once, atol=1)
    assert (banded != at_once).mean() < 1e-3


def test_the_border_is_black_and_ignored(image, mask):
    border = Border(angle=0.2, depth=0.2, ignored=True)
    behind = border_region(mask.shape, border)
    shown, marked = augmented(image, mask, replace(NOTHING, border=border))
    assert (shown[behind] == 0).all()
    assert (marked[behind] == 255).all()
    np.testing.assert_array_equal(shown[~behind], image[~behind])
    np.testing.assert_array_equal(marked[~behind], mask[~behind])
    shown, marked = augmented(image, mask, replace(NOTHING, border=replace(border, ignored=False)))
    assert (shown[behind] == 0).all()
    np.testing.assert_array_equal(marked, mask)


def test_the_border_lies_where_its_angle_points():
    right = border_region((20, 40), Border(0.0, 0.25, True))
    np.testing.assert_array_equal(right, np.broadcast_to(np.arange(40) >= 30, (20, 40)))
    below = border_region((20, 40), Border(math.pi / 2, 0.1, True))
    np.testing.assert_array_equal(below, np.broadcast_to(np.arange(20)[:, None] >= 18, (20, 40)))
    left = border_region((20, 40), Border(math.pi, 0.05, True))
    np.testing.assert_array_equal(left, np.broadcast_to(np.arange(40) < 2, (20, 40)))
    tilted = border_region((200, 300), Border(3 * math.pi / 2 + 0.2, 0.3, True))
    for y, x in ((0, 150), (10, 20), (199, 150), (60, 290), (60, 10)):
        normal = (math.cos(3 * math.pi / 2 + 0.2), math.sin(3 * math.pi / 2 + 0.2))
        half = (abs(normal[0]) * 300 + abs(normal[1]) * 200) / 2
        assert tilted[y, x] == (normal[0] * (x - 149.5) + normal[1] * (y - 99.5) > half * 0.4)


def test_each_epoch_and_image_has_its_own_draw_and_keeps_it(settings, image, mask):
    augmentation = Augmentation(settings)
    keys = [(epoch, name) for epoch in (0, 1) for name in ("000000", "000001")]
    first = {key: augmentation(image, mask, *key)[0] for key in keys}
    np.random.default_rng(0).shuffle(keys)
    torch.rand(3)  # other draws and another order change nothing
    for key in keys:
        np.testing.assert_array_equal(Augmentation(settings)(image, mask, *key)[0], first[key])
    assert len({shown.tobytes() for shown in first.values()}) == 4
    assert (Augmentation(replace(settings, seed=1))(image, mask, 0, "000000")[0] != first[0, "000000"]).any()


def test_torch_s_generator_and_the_arguments_are_left_alone(settings, image, mask):
    state, before = torch.get_rng_state(), (image.copy(), mask.copy())
    Augmentation(settings)(image, mask, 0, "000000")
    assert torch.equal(state, torch.get_rng_state())
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(mask, before[1])


def test_draws_fill_their_ranges(settings):
    rng = np.random.default_rng(3)
    draws = [draw_augmentation_params(settings, rng) for _ in range(2000)]
    for name in ("brightness", "contrast", "blur_sigma", "noise_sigma"):
        low, high = getattr(settings, name)
        values = np.array([getattr(draw, name) for draw in draws])
        assert low <= values.min() < low + 0.01 * (high - low)
        assert high - 0.01 * (high - low) < values.max() <= high
        assert values.mean() == pytest.approx((low + high) / 2, abs=0.04 * (high - low))
    for name in ("flip_horizontal", "flip_vertical"):
        assert np.mean([getattr(draw, name) for draw in draws]) == pytest.approx(0.5, abs=0.04)
    sides = np.round([draw.border.angle / (math.pi / 2) for draw in draws]) % 4
    assert np.bincount(sides.astype(int)).min() > 420
    assert np.corrcoef([(draw.brightness, draw.border.depth, draw.noise_sigma) for draw in draws], rowvar=False)[
        np.triu_indices(3, 1)
    ] == pytest.approx([0, 0, 0], abs=0.07)


@pytest.mark.parametrize("size", [(1, 1), (2, 50), (3, 3)])
def test_tiny_images_are_augmented_too(settings, size):
    shown, marked = Augmentation(settings)(np.full((*size, 3), 90, np.uint8), np.zeros(size, np.uint8), 0, "a")
    assert shown.shape == (*size, 3)
    assert marked.shape == size


def test_none_is_the_default_and_does_nothing():
    assert build_augmentation(compose_config("train", ["dataset.root=x"]).augment) is None
    assert build_augmentation(compose_config("finetune", ["dataset.root=x", "source=y"]).augment) is None


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("augment.brightness=[1.2,1.0]", "brightness"),
        ("augment.blur_sigma=3", "two numbers"),
        ("augment.noise_sigma=[-0.1,0.1]", "noise_sigma"),
        ("augment.flip_probability=2", "from 0 to 1"),
        ("augment.seed=-1", "seed"),
        ("augment.border.depth=[0.5,1.5]", r"depth .* at most 0\.9"),
        ("augment.border.tilt=[0,2]", "tilt"),
        ("+augment.hue=[0,1]", "hue"),
        ("~augment.contrast", "contrast"),
    ],
)
def test_wrong_settings_are_refused(override, message):
    cfg = compose_config("train", ["dataset.root=x", "augment=paper", override]).augment
    with pytest.raises(UserError, match=message):
        build_augmentation(cfg)


def test_an_augmented_training_repeats_to_the_bit_and_records_its_augmentation(stainless_folder, tmp_path):
    models = {}
    for name, choice in (("a", "paper"), ("b", "paper"), ("plain", "none")):
        overrides = [f"dataset.root={stainless_folder}", *TINY, "device=cpu", f"augment={choice}"]
        cfg = compose_config("train", overrides)
        record = train_run(cfg, tmp_path / name)
        models[name] = load_model(tmp_path / name)[0]
        recorded = record["provenance"]["datasets"][0]["augment"]
        assert recorded == (OmegaConf.to_container(cfg.augment) or None)
    np.testing.assert_array_equal(models["a"], models["b"])
    assert (models["a"] != models["plain"]).any()
