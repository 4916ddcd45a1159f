"""Lens and sensor effects against formulas, scipy and statistics."""

import numpy as np
import pytest
import scipy.ndimage

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.inspection.lens import LensParams, srgb_bytes, through_lens

PIXEL = 3.45e-6


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def decoded(picture) -> np.ndarray:
    """sRGB bytes back to linear values."""
    value = picture[..., 0] / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def grey(height, width, value=0.3) -> np.ndarray:
    return np.full((height, width, 3), value, np.float32)


def test_every_byte_is_the_standards():
    for value in np.linspace(-0.1, 1.1, 241):
        clipped = min(max(value, 0.0), 1.0)
        expected = 12.92 * clipped if clipped <= 0.0031308 else 1.055 * clipped ** (1 / 2.4) - 0.055
        assert abs(int(srgb_bytes(np.array([value]))[0]) - 255 * expected) <= 0.5 + 1e-9


def test_a_perfect_lens_only_encodes():
    picture = np.repeat(rng().random((20, 30, 1)), 3, axis=2)
    assert np.array_equal(through_lens(picture, LensParams(), PIXEL, rng())[..., 0], srgb_bytes(picture[..., 0]))


def test_blur_is_scipys():
    picture = np.repeat(rng().random((40, 50, 1)), 3, axis=2)
    blurred = through_lens(picture, LensParams(blur=1.5 * PIXEL), PIXEL, rng())
    expected = scipy.ndimage.gaussian_filter(picture[..., 0], 1.5, mode="nearest", truncate=4.0)
    assert np.abs(blurred[..., 0].astype(int) - srgb_bytes(expected).astype(int)).max() <= 1


def test_a_smaller_picture_is_blurred_as_much_on_the_sensor():
    point = np.zeros((41, 41, 3))
    point[20, 20] = 1.0
    blurred = decoded(through_lens(point, LensParams(blur=2 * PIXEL, exposure=5.0), 2 * PIXEL, rng()))
    assert blurred[20, 20] == pytest.approx(5 / (2 * np.pi), rel=0.02)  # a standard deviation of one pixel


def test_vignetting_and_exposure():
    dimmed = decoded(through_lens(grey(200, 300), LensParams(vignetting=0.4, exposure=1.5), PIXEL, rng()))
    assert dimmed[100, 150] == pytest.approx(0.45, rel=0.01)
    assert dimmed[0, 0] == pytest.approx(0.45 * 0.6, rel=0.02)
    assert dimmed[100, 0] == pytest.approx(0.45 * (1 - 0.4 * 150**2 / (150**2 + 100**2)), rel=0.02)


@pytest.mark.parametrize("value", [0.1, 0.5])
def test_noise_has_the_sensors_variance(value):
    noisy = decoded(through_lens(grey(300, 300, value), LensParams(full_well=500, read_noise=0.02), PIXEL, rng()))
    assert noisy.mean() == pytest.approx(value, rel=0.01)
    assert noisy.var() == pytest.approx(value / 500 + 0.02**2, rel=0.05)


def test_the_sensor_is_monochrome_and_noise_is_the_streams():
    params = LensParams(full_well=500)
    first = through_lens(grey(20, 20), params, PIXEL, rng())
    assert np.array_equal(first[..., 0], first[..., 2])
    assert np.array_equal(first, through_lens(grey(20, 20), params, PIXEL, rng()))
    assert not np.array_equal(first, through_lens(grey(20, 20), params, PIXEL, np.random.default_rng(4)))
