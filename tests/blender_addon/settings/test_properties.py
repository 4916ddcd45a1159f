"""Properties made of parameter definitions: their words, labels, limits and drags."""

import dataclasses
import math
from collections.abc import Iterator

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.water_stain.params import WaterStainParams

pytestmark = pytest.mark.blender

LABEL_SIZE, LABEL_ROOM = 11, 87  # points, and pixels of a label in the sidebar at its default width; 88 are cut
SLIDER = 110  # pixels; the width of a slider in the sidebar
DRAG = 2  # pixels; the smallest that a hand does on purpose
OWN = {"rna_type", "name"}
RANGE_ROWS = "STAINLESS_StainRanges"  # its rows have one label for two fields


def numeric() -> Iterator[tuple]:
    """Yield the group's name and the property of every number of the settings."""
    from blender_addon.settings.groups import CLASSES

    for group in CLASSES:
        for prop in group.bl_rna.properties:
            if prop.identifier not in OWN and prop.type in {"FLOAT", "INT"} and not prop.is_hidden:
                yield group.__name__, prop


def drag_of(prop) -> float:
    """Return what dragging by DRAG pixels changes."""
    if prop.subtype == "FACTOR":
        return (prop.soft_max - prop.soft_min) * DRAG / SLIDER
    return 1.0 if prop.type == "INT" else prop.step / 100 * DRAG


def test_limits_units_and_words_are_the_definitions(addon):
    properties = addon.context.scene.stainless.stain.bl_rna.properties
    for field in dataclasses.fields(WaterStainParams):
        prop, meta = properties[field.name], field.metadata
        assert prop.description == meta["description"]
        assert prop.name == meta["label"]
        if prop.type == "BOOLEAN":
            assert (meta["low"], meta["high"]) == (0, 1)
            continue
        assert prop.hard_min == pytest.approx(meta["low"])
        assert prop.hard_max == pytest.approx(meta["high"])
        assert {"m": "LENGTH", "rad": "ROTATION"}.get(meta["unit"], "NONE") == prop.unit
    told = "Stains have this radius before the noise moves their outline (r in the paper)"
    assert properties["radius"].description == told
    sharp = "Higher leaves the middle clean and darkens only the edge (gamma in the paper)"
    assert (properties["decay"].name, properties["decay"].description) == ("Edge Sharpness", sharp)


def test_every_label_fits_the_sidebars_default_width(addon):
    import blf

    from blender_addon.settings.groups import CLASSES

    blf.size(0, LABEL_SIZE)
    labels = {
        prop.name
        for group in CLASSES
        if group.__name__ != RANGE_ROWS
        for prop in group.bl_rna.properties
        if prop.identifier not in OWN and prop.type not in {"POINTER", "BOOLEAN"} and not prop.is_hidden
    }
    cut = {label for label in labels if blf.dimensions(0, label)[0] > LABEL_ROOM}
    assert len(labels) > 100
    assert not cut
    assert blf.dimensions(0, "Intensity Variation")[0] > LABEL_ROOM  # Blender 4.3 cuts this one


def test_every_tooltip_is_a_sentence(addon):
    from blender_addon.settings.groups import CLASSES

    for group in CLASSES:
        for prop in group.bl_rna.properties:
            if prop.identifier in OWN or prop.type == "POINTER" or prop.is_hidden:
                continue
            words = prop.description
            assert words[0].isupper(), words
            assert not words.endswith("."), words  # Blender adds it
            assert ": " not in words.split(" ")[0], words
            assert len(words.split()) >= 4, words


def test_every_number_has_a_soft_range_and_a_useful_drag(addon):
    for group, prop in numeric():
        soft, where = prop.soft_max - prop.soft_min, f"{group}.{prop.identifier}"
        assert prop.hard_min <= prop.soft_min < prop.soft_max <= prop.hard_max, where
        assert math.isfinite(soft), where
        assert soft < 1e5, where
        if prop.type == "FLOAT":
            assert soft / 1000 <= drag_of(prop) <= soft / 25, where
        assert prop.soft_min <= prop.default <= prop.soft_max, where


def test_a_small_drag_is_small_beside_the_values_of_the_shipped_jobs(addon, compose_job):
    settings, seen = addon.context.scene.stainless, 0
    for name in ("standin_real", "synth_ws"):
        job = compose_job(f"render={name}")
        parts = {**job, "stain": job["water_stain"] | job["stain_shading"]}
        for part, values in parts.items():
            group = getattr(settings, part, None)
            if not isinstance(values, dict) or not isinstance(group, addon.types.PropertyGroup):
                continue
            for key, value in values.items():
                prop = group.bl_rna.properties.get(key)
                largest = max(abs(end) for end in value) if isinstance(value, list) else value
                if prop is None or prop.type not in {"FLOAT", "INT"} or isinstance(largest, str) or not largest:
                    continue
                if prop.subtype == "ANGLE" and prop.soft_max > 3:
                    continue  # a turn, of half a degree for a pixel
                seen += 1
                assert drag_of(prop) <= max(largest / 3, 1.0 if prop.type == "INT" else 0.0), f"{part}.{key}"
                if prop.subtype != "ANGLE" and key not in {"seed_offset", "seed"}:
                    assert largest <= prop.soft_max * 1.001, f"{part}.{key}"
    assert seen > 100


def test_a_pixel_of_dragging_is_a_hundredth_of_the_default(addon):
    properties = addon.context.scene.stainless.stain.bl_rna.properties
    for name, default in {"radius": 0.006, "cell_size": 0.02}.items():
        assert properties[name].step / 100 == pytest.approx(default / 100, rel=1e-3)


def test_a_frequency_is_shown_as_its_wavelength(addon):
    stain = addon.context.scene.stainless.stain
    assert stain.frequency_wave == pytest.approx(6.25)
    stain.frequency_wave = 10.0
    assert stain.frequency == pytest.approx(100.0)
    stain.frequency = 0.0
    assert stain.frequency_wave == pytest.approx(1e6)
    stain.frequency_wave = 0.0
    assert stain.frequency == pytest.approx(1e6)


def test_a_value_beyond_its_limits_is_cut(addon):
    stain = addon.context.scene.stainless.stain
    stain.radius = 1e9
    assert stain.radius == pytest.approx(10.0)
    stain.intensity = -5
    assert stain.intensity == -1.0
