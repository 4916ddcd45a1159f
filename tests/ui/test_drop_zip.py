"""An artist drops the zip on a real Blender window and confirms."""

import numpy as np
import pytest

pytestmark = [pytest.mark.ui, pytest.mark.slow]


@pytest.fixture(scope="module")
def session(play):
    return play("drop_zip")


def test_a_dropped_zip_is_installed_over_what_was_there_and_enabled(session):
    facts, shot = session
    assert facts["before"] == [False, False]
    assert facts["after"] == [True, True]
    dialog, sidebar = (shot(name).astype(int) for name in ("1_dialog", "2_sidebar"))
    assert (np.abs(sidebar - dialog) > 8).any(axis=-1).mean() > 0.02  # the dialog went, the sidebar came
