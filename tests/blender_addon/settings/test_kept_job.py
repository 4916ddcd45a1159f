"""Jobs that come in and go out: nothing of them is lost, and what the artist changes is changed."""

import json
from pathlib import Path

import pytest

pytest.importorskip("bpy", reason="bpy is not installed (uv sync --group blender)")

from blender_addon.blemishes.kinds import KINDS
from blender_addon.settings.job import kept_of

pytestmark = pytest.mark.blender

SHIPPED = sorted(path.stem for path in (Path(__file__).resolve().parents[3] / "conf" / "render").glob("*.yaml"))


@pytest.fixture
def imported(addon, inspection, compose_job, tmp_path):
    """Import a shipped job; return it and its export's function."""

    def take(name: str):
        job = compose_job(f"render={name}")
        path = tmp_path / "in.json"
        path.write_text(json.dumps(job))
        assert addon.ops.stainless.import_job(filepath=str(path)) == {"FINISHED"}

        def exported() -> dict:
            out = tmp_path / "out.json"
            assert addon.ops.stainless.export_job(filepath=str(out), content="DATASET") == {"FINISHED"}
            return json.loads(out.read_text())

        return job, exported

    return take


@pytest.mark.parametrize("name", [name for name in SHIPPED if name != "plate"])  # "plate" is their common part
def test_a_shipped_job_comes_out_as_it_went_in(imported, name):
    job, exported = imported(name)
    assert exported() == job


def test_a_saved_file_still_holds_the_job(addon, imported, tmp_path):
    job, exported = imported("standin_real")
    path = tmp_path / "saved.blend"
    addon.ops.wm.save_as_mainfile(filepath=str(path))
    addon.ops.wm.open_mainfile(filepath=str(path))
    assert exported() == job


def test_the_panel_shows_what_it_can_and_names_the_rest(inspection, imported):
    imported("standin_real")
    dataset = inspection.stainless.dataset
    assert (dataset.train, dataset.validation, dataset.test) == (10, 1, 7)
    assert (dataset.fingerprints, dataset.stickers, dataset.views, dataset.columns) == (3, 2, "grid", 4)
    kept = kept_of(inspection.stainless)
    assert {"both sides of the plates", "2 groups of test plates", "several seeds"} <= set(kept)
    assert "stains in some splits only" in kept
    assert any(words.startswith("brushed metal: ") for words in kept)


def test_changes_of_the_artist_are_written_and_nothing_else_changes(inspection, imported):
    job, exported = imported("standin_real")
    settings = inspection.stainless
    settings.dataset.test, settings.dataset.stickers = 9, 4
    settings.light.emission = 2.0
    settings.lens.full_well = 8000
    settings.dataset.seed = 7
    settings.stain.presence = 0.5
    new = exported()
    job["splits"][3]["plates"] = 8
    for split in (1, 3):
        job["splits"][split]["stickers"] = [0, 4]
    job["light"]["emission"], job["lens"]["full_well"], job["water_stain"]["presence"] = 2.0, 8000, 0.5
    job["seeds"] = dict.fromkeys(job["seeds"], 7)
    assert new == job


def test_a_split_without_plates_leaves_and_comes_back(inspection, imported):
    _, exported = imported("standin_real")
    inspection.stainless.dataset.test = 0
    assert [split["name"] for split in exported()["splits"]] == ["train", "validation"]
    inspection.stainless.dataset.test = 5
    assert [split["plates"] for split in exported()["splits"]] == [10, 1, 1, 4]
    inspection.stainless.water_stains = False
    assert not any(split["water_stains"] for split in exported()["splits"])


def test_dropping_the_rest_leaves_what_the_panels_show(addon, inspection, imported):
    _, exported = imported("standin_real")
    assert addon.ops.stainless.forget_job() == {"FINISHED"}
    assert kept_of(inspection.stainless) == []
    assert "sides" not in exported()["splits"][0]
    assert not addon.ops.stainless.forget_job.poll()


def test_every_kind_of_blemish_has_its_section_and_is_shown_at_once(addon, inspection):
    settings = inspection.stainless
    for kind in KINDS:
        assert hasattr(addon.types, f"STAINLESS_PT_{kind.plural}")
        setattr(settings.defects, kind.plural, 1)
    sheets = [obj for obj in inspection.objects if obj.get("stainless_sheet") == "sticker"]
    assert len(sheets) == 1
    assert sheets[0].name in settings.annotation_scene.objects
    labels = {node.label for slot in settings.plate_object.data.materials for node in slot.node_tree.nodes}
    for name in ("Scratch", "Dent", "Bump", "Fingerprint"):
        assert any(name in label for label in labels)
    before = {len(addon.data.objects), len(addon.data.meshes)}
    settings.sticker.width = 0.02
    assert {len(addon.data.objects), len(addon.data.meshes)} == before
    for kind in KINDS:
        setattr(settings.defects, kind.plural, 0)
    assert not [obj for obj in addon.data.objects if "stainless_sheet" in obj]
