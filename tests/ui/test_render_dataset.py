"""An artist renders a dataset beside a real Blender window, from the installed zip and an unsaved file."""

import pytest

pytestmark = [pytest.mark.ui, pytest.mark.slow]


@pytest.fixture(scope="module")
def session(play):
    return play("render_dataset")


def test_an_unsaved_file_renders_into_the_home_folder(session):
    facts, _ = session
    assert facts["folder"] == "//stainless/"
    assert facts["pictures"] == [f"{number:06d}.png" for number in range(5)]


def test_stop_ends_it_early_and_keeps_what_is_there(session):
    facts, _ = session
    assert 0 < facts["stopped at"] < facts["wanted"]
