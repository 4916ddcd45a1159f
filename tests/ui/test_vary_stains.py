"""An artist looks for other stains in a real Blender window: Randomise, undo and redo, presets."""

import json
from pathlib import Path

import pytest

pytestmark = [pytest.mark.ui, pytest.mark.slow]

PRESETS = Path(__file__).resolve().parents[2] / "blender_addon" / "presets" / "stainless"


@pytest.fixture(scope="module")
def session(play):
    facts, shot = play("vary_stains")
    x, y, width, height = facts["box"]
    return facts, lambda name: shot(name)[y : y + height, x : x + width].astype(int)


def changed(viewport, one, other) -> float:
    return (viewport(one) != viewport(other)).any(axis=-1).mean()


def test_randomise_draws_other_stains_that_are_seen_at_once(session):
    facts, viewport = session
    before, after = facts["randomised"]
    assert all(before[name] != after[name] for name in before)
    assert changed(viewport, "1_plate", "2_random") > 0.01


def test_undo_and_redo_bring_stains_and_pixels_back(session):
    facts, _ = session  # the scenario has waited for the very pixels
    before, after = facts["randomised"]
    assert facts["undone"] == before
    assert facts["redone"] == after


def test_a_preset_that_comes_with_the_add_on_is_set_and_seen(session):
    facts, viewport = session
    for name, stem in (("dense spray", "Dense_Spray"), ("faint film", "Faint_Film")):
        preset = json.loads((PRESETS / f"{stem}.json").read_text())["stain"]
        assert {key: facts[name][key] for key in preset} == pytest.approx(preset)
    assert changed(viewport, "3_before_presets", "5_dense_spray") > 0.01
    assert facts["still the camera's view"] == "CAMERA"


def test_a_preset_of_ones_own_is_saved_and_comes_back(session):
    facts, viewport = session
    assert facts["saved"] == ["zinc.json"]
    radius, stain = facts["own"]
    assert stain["radius"] == radius
    assert facts["dense spray"]["radius"] != radius != facts["faint film"]["radius"]
    others = {name for name in stain if not name.startswith("radius")}
    assert {name: stain[name] for name in others} == {name: facts["dense spray"][name] for name in others}
    assert changed(viewport, "5_dense_spray", "8_own") > 0
