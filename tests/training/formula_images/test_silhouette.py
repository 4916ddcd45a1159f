import math

import numpy as np
import torch

from training.formula_images.draw import Episodes
from training.formula_images.silhouette import beyond_box, silhouettes


def generator(seed):
    return torch.Generator().manual_seed(seed)


def outline_points(half, radius, steps=4000):
    """Return points (n, 2) along the whole outline of a box with rounded corners."""
    points = []
    straight = half[0] - radius, half[1] - radius
    for place in np.linspace(-1, 1, steps):
        points += [(place * straight[0], side * half[1]) for side in (-1, 1)]
        points += [(side * half[0], place * straight[1]) for side in (-1, 1)]
    for angle in np.linspace(0, 2 * math.pi, steps):
        x, y = math.cos(angle), math.sin(angle)
        points.append((math.copysign(straight[0], x) + radius * x, math.copysign(straight[1], y) + radius * y))
    return np.array(points)


def test_the_distance_to_a_box_is_that_to_the_nearest_point_of_its_outline():
    draws = np.random.default_rng(1)
    places = draws.uniform(-1, 1, (300, 2))
    for half, radius in (((0.5, 0.3), 0.1), ((0.3, 0.3), 0.3), ((0.2, 0.6), 0.0)):
        nearest = np.linalg.norm(places[:, None] - outline_points(half, radius)[None], axis=2).min(1)
        x, y = torch.from_numpy(places).T
        found = beyond_box(x, y, (torch.tensor(half[0]), torch.tensor(half[1])), torch.tensor(radius)).numpy()
        np.testing.assert_allclose(np.abs(found), nearest, atol=2e-3)
        within = (np.abs(places) < np.array(half) - radius).all(1)
        assert (found[within] < 0).all()
        assert (found[(np.abs(places) > np.array(half)).any(1)] > 0).all()


def test_an_episode_shows_one_product_in_several_poses():
    episodes = Episodes(200, 2, 1, 0.05)
    product = silhouettes(episodes, 48, generator(2)).product.unflatten(0, (3, 200))
    whole = ~(product[..., [0, -1], :].any((0, 2, 3)) | product[..., [0, -1]].any((0, 2, 3)))  # not cut off
    areas = product[:, whole].sum((2, 3)).float()
    assert whole.sum() > 10
    assert ((areas.max(0).values - areas.min(0).values) / areas.mean(0)).median() < 0.06
    assert areas.mean(0).max() > 3 * areas.mean(0).min()
    assert (product[0] != product[1]).any((1, 2)).float().mean() > 0.9


def test_a_shadow_darkens_the_background_alone():
    outline = silhouettes(Episodes(64, 1, 1, 0.1), 32, generator(5))
    assert (outline.shadow[outline.product] == 1).all()
    beside = outline.shadow[~outline.product]
    assert beside.min() >= 0.2
    assert beside.max() <= 1
    assert beside.min() < 0.5
