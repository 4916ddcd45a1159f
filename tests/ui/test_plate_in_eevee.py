"""An artist looks at the inspection scene in EEVEE in a real Blender window."""

import numpy as np
import pytest

pytestmark = [pytest.mark.ui, pytest.mark.slow]


@pytest.fixture(scope="module")
def session(play):
    facts, shot = play("plate_in_eevee")
    x, y, width, height = facts["box"]
    return facts, lambda name: shot(name)[y : y + height, x : x + width].astype(int)


def test_the_plate_is_seen_under_the_studio_light(session):
    _, viewport = session
    lit = viewport("2_plate").mean(axis=-1)
    plate = np.abs(viewport("2_plate") - viewport("1_solid")).max(axis=-1) > 30
    assert plate.mean() > 0.2
    assert lit[plate].std() > 15  # grooves and stains, not one flat colour


def test_what_is_dragged_shows(session):
    facts, viewport = session
    assert len(set(facts["dragged"])) > 3
    assert facts["dragged"][-1] < facts["dragged"][0]
    changed = (np.abs(viewport("3_dragged") - viewport("2_plate")) > 8).any(axis=-1)
    assert changed.mean() > 0.01


def test_the_ring_is_reflected_in_the_rendered_viewport(session):
    _, viewport = session
    light = viewport("4_rendered").mean(axis=-1)
    y, x = light.shape[0] // 2 - 5, light.shape[1] // 2 + 135  # the region's middle, in what is free of panels
    hole = light[y - 30 : y + 30, x - 30 : x + 30]
    ring = light[y - 60 : y + 60, x - 190 : x - 130]
    assert ring.mean() > 150
    assert hole.mean() < 0.7 * ring.mean()
