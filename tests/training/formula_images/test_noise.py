import numpy as np
import pytest
import torch

from training.formula_images.noise import band_noise, power_noise, standardised, turned


def spectrum(field):
    """Return the power over frequencies u (columns) and v (rows), in cycles per pixel."""
    power = np.abs(np.fft.fft2(field.numpy())) ** 2
    frequencies = np.fft.fftfreq(field.shape[-1])
    return power, frequencies[None, :], frequencies[:, None]


@pytest.mark.parametrize("frequency", [0.05, 0.2])
def test_band_noise_lies_in_its_band(frequency):
    ones = torch.ones(4)
    fields = band_noise(torch.Generator().manual_seed(1), 128, frequency * ones, 0.3 * ones, 0 * ones, ones)
    for field in fields:
        power, u, v = spectrum(field)
        radius = np.hypot(u, v)
        log_mean = np.exp((power * np.log(np.maximum(radius, 1e-9))).sum() / power.sum())
        # the area of a ring grows with its radius, which moves a log-normal's centre by its variance (0.3 octaves)
        assert log_mean == pytest.approx(frequency * np.exp((0.3 * np.log(2)) ** 2 / 2 * 2), rel=0.1)
        assert field.mean() == pytest.approx(0, abs=1e-5)
        assert field.std() == pytest.approx(1, abs=1e-4)


def test_a_stretched_band_varies_across_its_angle_only():
    angle = torch.tensor([0.0, torch.pi / 2, torch.pi / 4])
    ones = torch.ones(3)
    fields = band_noise(torch.Generator().manual_seed(2), 128, 0.15 * ones, 0.4 * ones, angle, 40 * ones)
    for field, along in zip(fields, angle, strict=True):
        slope_y, slope_x = np.gradient(field.numpy())
        direction = 0.5 * np.arctan2(2 * (slope_x * slope_y).mean(), (slope_x**2 - slope_y**2).mean())
        turn = (direction - (along.item() + np.pi / 2) + np.pi / 2) % np.pi - np.pi / 2
        assert turn == pytest.approx(0, abs=0.03)


@pytest.mark.parametrize("slope", [0.5, 1.5])
def test_power_noise_has_its_slope(slope):
    fields = power_noise(torch.Generator().manual_seed(3), 128, torch.full((8,), slope))
    power, u, v = spectrum(fields)
    radius = np.hypot(u, v)
    rings = [np.mean(power[:, (radius > f / 1.2) & (radius < f * 1.2)]) for f in (0.04, 0.32)]
    assert np.log2(rings[0] / rings[1]) / 3 == pytest.approx(2 * slope, rel=0.1)


def test_a_constant_map_is_standardised_to_zero():
    assert standardised(torch.full((1, 4, 4), 7.0)).abs().max() == 0


def test_turned_coordinates_are_a_rotation():
    along, across = turned(torch.tensor([[3.0]]), torch.tensor([[4.0]]), torch.tensor([0.0, torch.pi / 2]))
    np.testing.assert_allclose(along[:, 0, 0], [3, 4], atol=1e-6)
    np.testing.assert_allclose(across[:, 0, 0], [4, -3], atol=1e-6)
