"""An artist renders picture and masks of an object of their own in a real Blender window."""

import cv2
import numpy as np
import pytest

pytestmark = [pytest.mark.ui, pytest.mark.slow]

FOLDERS = ("images", "masks", "instances")


@pytest.fixture(scope="module")
def session(play, blender):
    facts, _ = play("render_own_scene")
    return facts, blender.work / "render_own_scene"


def test_the_button_writes_what_a_script_writes_to_the_bit(session):
    facts, out = session
    assert facts["by script"] == ["FINISHED"]
    for name in FOLDERS:
        files = [out / way / name / "000000.png" for way in ("by_button", "by_script")]
        assert files[0].read_bytes() == files[1].read_bytes()
    mask = cv2.imread(str(out / "by_button" / "masks" / "000000.png"), cv2.IMREAD_UNCHANGED)
    assert set(np.unique(mask)) == {0, 6, 255}  # cube, stains, nothing
    assert 0.05 < (mask == 6).sum() / (mask != 255).sum() < 0.6


def test_the_window_goes_on_while_it_renders(session):
    facts, _ = session
    assert facts["ticks while rendering"] > 1  # none where the render holds the window up
    assert facts["windows"] == [1, 1]
    assert facts["scenes"] == 1  # the annotation's is gone


def test_a_job_without_a_picture_leaves_nothing(session):
    _, out = session
    if (out / "failed" / "images" / "000000.png").exists():
        pytest.skip("this Blender can denoise, so the job did not fail")
    assert [path for path in (out / "failed").rglob("*") if path.is_file()] == []
