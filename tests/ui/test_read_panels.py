"""An artist reads the panels of a plate and sets keyframes in a real Blender window."""

import numpy as np
import pytest

pytestmark = [pytest.mark.ui, pytest.mark.slow]

STAIN, SCRATCH, STICKER = (213, 50, 40), (240, 228, 66), (86, 180, 233)


@pytest.fixture(scope="module")
def session(play):
    return play("read_panels")


def test_a_key_over_the_radius_moves_panel_and_nodes_alike(session):
    facts, _ = session
    assert facts["radius in panel and nodes"] == [pytest.approx([value] * 2) for value in (0.006, 0.003, 0.006)]


def test_the_legend_shows_the_colours_of_the_classes(session):
    _, shot = session
    before, after = shot("2_dataset").astype(int), shot("2_annotation").astype(int)
    for colour in (STAIN, SCRATCH, STICKER):
        counts = [(np.abs(picture - colour).max(axis=-1) < 6).sum() for picture in (before, after)]
        assert counts[1] - counts[0] > 50


def test_the_imported_job_is_kept(session):
    facts, _ = session
    assert facts["kept"]
