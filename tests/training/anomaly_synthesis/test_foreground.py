"""The product is found before an even background, and only there."""

import cv2
import numpy as np

from training.anomaly_synthesis.foreground import find_foreground


def grained(rng, shape, level):
    return np.clip(rng.normal(level, 4, (*shape, 3)), 0, 255)


def test_a_plate_before_an_even_background_is_found():
    rng = np.random.default_rng(1)
    image, truth = grained(rng, (120, 160), 200), np.zeros((120, 160), np.uint8)
    cv2.fillConvexPoly(truth, np.array([[40, 20], [130, 35], [115, 100], [30, 90]]), 1)
    image[truth > 0] = grained(rng, (120, 160), 60)[truth > 0] * [0.3, 0.6, 1.6]
    found = find_foreground(np.clip(image, 0, 255).astype(np.uint8))
    overlap = (found & (truth > 0)).sum() / (found | (truth > 0)).sum()
    assert overlap > 0.95


def test_a_surface_that_fills_the_image_is_all_foreground():
    rng = np.random.default_rng(2)
    surface = np.clip(grained(rng, (100, 100), 120) + 20 * np.sin(np.arange(100) / 3)[None, :, None], 0, 255)
    assert find_foreground(surface.astype(np.uint8)).all()


def test_a_small_spot_is_no_product():
    rng = np.random.default_rng(3)
    image = grained(rng, (100, 100), 120)
    image[50:56, 50:56] = 10
    assert find_foreground(image.astype(np.uint8)).all()
