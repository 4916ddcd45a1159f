"""Losses against their formulas in float64, computed another way."""

import numpy as np
import pytest
import torch
from scipy.ndimage import correlate1d

from training.defect_map.losses import dissimilarity, focal_loss, squared_error


def images(seed=0, shape=(2, 3, 24, 28)):
    rng = np.random.default_rng(seed)
    first = rng.random(shape)
    return first, np.clip(first + rng.normal(0, 0.2, shape), 0, 1)


def everything(shape=(2, 1, 24, 28)):
    return torch.ones(shape, dtype=torch.bool)


def ssim_by_scipy(first, second):
    """Wang et al., 2004, equation 13, by scipy, on one channel; windows within the image."""
    offsets = np.arange(-5, 6)
    window = np.exp(-(offsets**2) / (2 * 1.5**2))
    window /= window.sum()

    def mean(values):
        return correlate1d(correlate1d(values, window, axis=0), window, axis=1)[5:-5, 5:-5]

    mu_x, mu_y = mean(first), mean(second)
    var_x, var_y = mean(first**2) - mu_x**2, mean(second**2) - mu_y**2
    cov = mean(first * second) - mu_x * mu_y
    c1, c2 = 0.01**2, 0.03**2
    return (2 * mu_x * mu_y + c1) * (2 * cov + c2) / ((mu_x**2 + mu_y**2 + c1) * (var_x + var_y + c2))


def test_ssim_equals_its_formula_by_scipy():
    first, second = images()
    wanted = 1 - np.mean(
        [[ssim_by_scipy(a, b) for a, b in zip(x, y, strict=True)] for x, y in zip(first, second, strict=True)]
    )
    found = dissimilarity(torch.from_numpy(first), torch.from_numpy(second), everything())
    assert float(found) == pytest.approx(wanted, abs=1e-12)
    assert float(dissimilarity(torch.from_numpy(first), torch.from_numpy(first), everything())) == pytest.approx(
        0, abs=1e-12
    )


@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0, 3.5])
def test_focal_loss_equals_numpy_in_float64(gamma):
    rng = np.random.default_rng(1)
    logits, label = rng.normal(0, 3, (2, 1, 9, 11)), rng.integers(0, 2, (2, 1, 9, 11))
    probability = 1 / (1 + np.exp(-logits))
    right = np.where(label == 1, probability, 1 - probability)
    wanted = np.mean(-((1 - right) ** gamma) * np.log(right))
    found = focal_loss(
        torch.from_numpy(logits), torch.from_numpy(label), torch.ones(2, 1, 9, 11, dtype=torch.bool), gamma
    )
    assert float(found) == pytest.approx(wanted, rel=1e-12)


def test_focal_loss_of_gamma_0_is_the_cross_entropy():
    logits, label = (
        torch.randn(1, 1, 6, 6, generator=torch.Generator().manual_seed(2)).double(),
        torch.zeros(1, 1, 6, 6),
    )
    label[..., :3] = 1
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(logits, label.double())
    assert float(focal_loss(logits, label, everything((1, 1, 6, 6)), 0.0)) == pytest.approx(float(wanted), rel=1e-12)


@pytest.mark.parametrize("confidence", [-80.0, 80.0])
def test_focal_loss_stays_finite_for_confident_logits(confidence):
    logits = torch.full((1, 1, 2, 2), confidence, requires_grad=True)
    loss = focal_loss(logits, torch.tensor([[[[0, 1], [0, 1]]]]), everything((1, 1, 2, 2)), 2.0)
    loss.backward()
    assert torch.isfinite(loss)
    assert torch.isfinite(logits.grad).all()


LOSSES = {
    "squared error": squared_error,
    "dissimilarity": dissimilarity,
    "focal": lambda restored, target, counted: focal_loss(restored[:, :1], (target[:, :1] > 0.5).long(), counted, 2.0),
}


@pytest.mark.parametrize("name", LOSSES)
def test_ignored_pixels_carry_no_loss_and_no_gradient(name):
    first, second = (torch.from_numpy(image) for image in images(3))
    counted = everything()
    counted[:, :, 5:14, 3:12] = False
    altered = first.clone()
    altered[:, :, 5:14, 3:12] = 0.123
    restored = first.requires_grad_()
    loss = LOSSES[name](restored, second, counted)
    loss.backward()
    assert torch.equal(restored.grad[:, :, 5:14, 3:12], torch.zeros(2, 3, 9, 9, dtype=torch.float64))
    assert restored.grad.abs().max() > 0
    assert float(LOSSES[name](altered, second, counted)) == float(loss)


@pytest.mark.parametrize("name", LOSSES)
def test_an_image_without_counted_pixels_has_no_loss(name):
    first, second = (torch.from_numpy(image) for image in images(4))
    assert float(LOSSES[name](first, second, ~everything())) == 0.0
