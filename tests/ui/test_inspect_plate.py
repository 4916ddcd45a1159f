"""An artist makes an inspection scene in a real Blender window and turns its controls."""

import numpy as np
import pytest

pytestmark = [pytest.mark.ui, pytest.mark.slow]


@pytest.fixture(scope="module")
def session(play):
    facts, shot = play("inspect_plate")
    x, y, width, height = facts["box"]
    return facts, lambda name: shot(name)[y : y + height, x : x + width].astype(int)


def test_the_scene_is_shown_through_its_camera(session):
    facts, viewport = session
    assert facts["camera view"] == "CAMERA"
    plate = viewport("3_plate").mean(axis=-1)
    assert plate[plate > 0].size > 0.2 * plate.size
    assert plate.std() > 40  # the ring's reflection: light and dark


def test_dragging_shows_values_and_moves_the_nodes_at_once(session):
    facts, viewport = session
    assert len(set(facts["dragged"])) > 3
    assert facts["on nodes"] == facts["dragged"]
    before, after = facts["radius"]
    assert after != before
    changed = (viewport("4_dragged") != viewport("3_plate")).any(axis=-1)
    assert changed.mean() > 0.005


def test_undo_brings_the_picture_back_to_the_pixel(session):
    _, viewport = session
    assert np.array_equal(viewport("5_undone"), viewport("3_plate"))


def test_the_mask_is_shown_in_flat_colours(session):
    _, viewport = session
    mask = viewport("6_mask")
    red, green, blue = mask[..., 0], mask[..., 1], mask[..., 2]
    stains = (abs(red - 213) < 12) & (abs(green - 50) < 12) & (abs(blue - 40) < 12)
    ignored = (abs(red - 128) < 12) & (abs(green - 128) < 12) & (abs(blue - 128) < 12)
    assert 0.01 < stains.mean() < 0.3
    assert ignored.mean() > 0.0005


def test_the_light_turns_and_the_file_comes_back(session):
    facts, viewport = session
    assert facts["rotation"] == pytest.approx(np.pi / 2)
    changed = (viewport("7_rotated") != viewport("3_plate")).any(axis=-1)
    assert changed.mean() > 0.02
    assert np.array_equal(viewport("8_reloaded"), viewport("7_rotated"))
