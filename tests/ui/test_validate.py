"""The zip as Blender's own command judges it, in a real Blender with a window."""

import zipfile

import pytest

pytestmark = [pytest.mark.ui, pytest.mark.slow]


def test_blender_finds_nothing_wrong_with_the_zip(blender):
    (archive,) = blender.work.glob("stainless-*.zip")
    said = blender.extension("validate", f"/trial/{archive.name}")
    assert "Success parsing TOML" in said
    about_it = [line.lower() for line in said.splitlines() if "stainless" in line.lower()]
    assert not any(word in line for line in about_it for word in ("error", "warning"))


def test_blender_refuses_a_zip_without_a_manifest(blender):
    bad = blender.work / "bad.zip"
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("__init__.py", "")
    with pytest.raises(RuntimeError, match="manifest"):
        blender.extension("validate", f"/trial/{bad.name}")
