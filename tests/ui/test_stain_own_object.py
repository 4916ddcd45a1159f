"""An artist stains an object of their own in a real Blender window."""

import numpy as np
import pytest

pytestmark = [pytest.mark.ui, pytest.mark.slow]


@pytest.fixture(scope="module")
def session(play):
    facts, shot = play("stain_own_object")
    x, y, width, height = facts["box"]
    return facts, lambda name: shot(name)[y : y + height, x : x + width].astype(int)


def darker(viewport, name):
    return viewport(name).mean(axis=-1) < viewport("1_clean").mean(axis=-1) - 5


def test_stains_are_seen_at_once_in_the_material_preview(session):
    _, viewport = session
    assert 0.01 < darker(viewport, "2_stained").mean() < 0.5


def test_the_picked_centre_is_where_the_mouse_clicked(session):
    facts, viewport = session
    assert facts["centre"][2] == pytest.approx(0.05, abs=1e-4)  # the cube's upper face
    single = darker(viewport, "3_single")
    assert 0 < single.mean() < 0.5 * darker(viewport, "2_stained").mean()


def test_removing_brings_the_picture_back(session):
    facts, viewport = session
    assert np.abs(viewport("4_removed") - viewport("1_clean")).max() <= 12  # of 255: EEVEE's own grain
    assert facts["nodes"] == 2
