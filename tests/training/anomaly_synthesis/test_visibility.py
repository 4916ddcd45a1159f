"""A label only where a change is visible; every other pixel stays as it was."""

import numpy as np

from training.anomaly_synthesis.settings import VisibilitySettings
from training.anomaly_synthesis.visibility import visible_change

RULE = VisibilitySettings(levels=8, contrast=0.5, least_pixels=6)


def changed(by, texture=0.0, size=10):
    rng = np.random.default_rng(1)
    before = np.clip(rng.normal(120, texture, (40, 40, 1)), 0, 255).repeat(3, axis=2).astype(np.uint8)
    after = before.copy()
    after[10 : 10 + size, 10 : 10 + size] = np.clip(after[10 : 10 + size, 10 : 10 + size].astype(int) + by, 0, 255)
    return before, after


def test_a_strong_change_is_visible_within_its_pixels_only():
    before, after = changed(40)
    visible = visible_change(before, after, RULE)
    assert visible[12:18, 12:18].all()
    assert not visible[before[..., 0] == after[..., 0]].any()


def test_a_faint_change_is_not_visible():
    assert not visible_change(*changed(4), RULE).any()


def test_texture_hides_a_change_that_is_visible_on_an_even_surface():
    assert visible_change(*changed(12), RULE).any()
    assert (
        visible_change(*changed(12, texture=40), RULE).mean() < 0.1 * visible_change(*changed(12), RULE).mean() + 0.01
    )


def test_a_tiny_region_does_not_count():
    assert not visible_change(*changed(120, size=2), RULE).any()
    assert visible_change(*changed(120, size=2), VisibilitySettings(8, 0.5, 1)).any()


def test_equal_images_show_nothing():
    before, _ = changed(0)
    assert not visible_change(before, before, RULE).any()
