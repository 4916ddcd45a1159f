"""An artist brings a part in millimetres, stains it and bakes it, in a real Blender window."""

import numpy as np
import pytest

pytestmark = [pytest.mark.ui, pytest.mark.slow]


@pytest.fixture(scope="module")
def session(play):
    facts, shot = play("bake_own_part")
    x, y, width, height = facts["box"]
    return facts, lambda name: shot(name)[y : y + height, x : x + width].astype(int)


def test_the_part_gets_its_size_and_stains_of_true_size(session):
    facts, _ = session
    assert facts["size"] == pytest.approx(0.08)
    assert facts["radius"] == pytest.approx(0.006)


def test_the_images_are_written_and_their_copy_looks_like_the_part(session):
    facts, viewport = session
    assert facts["files"] == [f"Cube_{name}.png" for name in ("colour", "mask", "metallic", "roughness")]
    assert facts["scenes"] == 1
    assert facts["seen"] == [False, True]
    apart = np.abs(viewport("3_baked") - viewport("2_stained")).mean()
    assert apart < 4  # of 255: the outline of the selection, and the images' resolution
