"""Properties made of parameter definitions."""

import dataclasses

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.water_stain.params import WaterStainParams

pytestmark = pytest.mark.blender


def test_limits_units_and_words_are_the_definitions(addon):
    properties = addon.context.scene.stainless.stain.bl_rna.properties
    for field in dataclasses.fields(WaterStainParams):
        prop, meta = properties[field.name], field.metadata
        if prop.type == "BOOLEAN":
            assert (meta["low"], meta["high"]) == (0, 1)
            continue
        assert prop.hard_min == pytest.approx(meta["low"])
        assert prop.hard_max == pytest.approx(meta["high"])
        assert prop.hard_min <= prop.soft_min < prop.soft_max <= prop.hard_max
        assert {"m": "LENGTH", "rad": "ROTATION"}.get(meta["unit"], "NONE") == prop.unit
        words = meta["description"].split(": ")[-1]
        assert words[1:] in prop.description
    told = "Stains have this radius before the noise moves their outline (r in the paper)"
    assert properties["radius"].description == told


def test_a_pixel_of_dragging_is_a_hundredth_of_the_default(addon):
    properties = addon.context.scene.stainless.stain.bl_rna.properties
    for name, default in {"radius": 0.006, "frequency": 160.0, "decay": 5.0, "cell_size": 0.02}.items():
        assert properties[name].step / 100 == pytest.approx(default / 100, rel=1e-3)


def test_a_value_beyond_its_limits_is_cut(addon):
    stain = addon.context.scene.stainless.stain
    stain.radius = 1e9
    assert stain.radius == pytest.approx(10.0)
    stain.intensity = -5
    assert stain.intensity == -1.0
