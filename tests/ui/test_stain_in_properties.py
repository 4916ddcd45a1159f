"""An artist stains an object by way of the material's properties in a real Blender window."""

import pytest

pytestmark = [pytest.mark.ui, pytest.mark.slow]


@pytest.fixture(scope="module")
def session(play):
    facts, shot = play("stain_in_properties")
    x, y, width, height = facts["box"]
    return facts, lambda name: shot(name)[y : y + height, x : x + width].astype(int)


def test_the_tabs_button_stains_and_its_slider_moves_the_picture(session):
    facts, viewport = session
    darker = [
        viewport(name).mean(axis=-1) < viewport("1_clean").mean(axis=-1) - 5 for name in ("2_stained", "3_dragged")
    ]
    assert 0.01 < darker[0].mean() < 0.5
    assert len(set(facts["dragged"])) > 3
    assert facts["dragged"][-1] < facts["dragged"][0]
    assert 0 < darker[1].sum() < 0.9 * darker[0].sum()  # smaller stains


def test_resetting_a_length_sets_its_default_in_a_scene_of_millimetres(session):
    facts, _ = session
    assert facts["before the reset"][0] == pytest.approx(facts["dragged"][-1])
    assert facts["before the reset"][1] == pytest.approx(1000 * facts["dragged"][-1], rel=1e-5)
    assert facts["after the reset"] == pytest.approx([0.006, 6.0])
