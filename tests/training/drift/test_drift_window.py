"""Drift of pictures against the reference of a training: what raises it, what does not, and what is said."""

import logging

import cv2
import numpy as np
import pytest

from scripts.benchmarks.images import brushed_texture
from training.drift.image_statistics import IMAGE_STATISTICS, SCORE, image_statistics
from training.drift.reference import FEWEST_NOMINAL, MOST_VALUES, ReferenceTally, read_reference
from training.drift.settings import DriftSettings
from training.drift.window import FILLING, PARTED, STEADY, UNKNOWN, DriftWindow

SETTINGS = DriftSettings(window=40, significance=0.001, stability_index=0.25)


def pictures(seed, count):
    return [brushed_texture(np.random.default_rng([seed, number]), 48, 64) for number in range(count)]


def statistics_of(images, seed=0):
    scores = np.random.default_rng(seed).normal(5, 1, len(images))
    return [{**image_statistics(image), SCORE: score} for image, score in zip(images, scores, strict=True)]


def tally_of(images, nominal=True):
    tally = ReferenceTally()
    for row, image in zip(statistics_of(images, 1), images, strict=True):
        tally.add(image, row[SCORE], nominal)
    return tally


@pytest.fixture(scope="module")
def reference():
    return tally_of(pictures(1, 100)).reference()


def last_state(reference, rows):
    window = DriftWindow(reference, SETTINGS)
    for row in rows:
        state = window.add(row)
    return state


CHANGES = {
    "darker": (lambda image: (image * 0.8).astype(np.uint8), "brightness"),
    "blurred": (lambda image: cv2.GaussianBlur(image, (0, 0), 1.2), "sharpness"),
    "flat": (lambda image: (127 + 0.5 * (image.astype(float) - 127)).astype(np.uint8), "contrast"),
    "reddish": (lambda image: np.clip(image * [1.1, 1, 1], 0, 255).astype(np.uint8), "red"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_light_lens_or_colour_is_told_by_its_name(change, reference, caplog):
    changed, name = CHANGES[change]
    with caplog.at_level(logging.INFO, logger="training.drift"):
        state = last_state(reference, statistics_of([changed(image) for image in pictures(2, 40)]))
    assert state.state == PARTED
    assert name in state.parted
    assert ("red" in state.parted, "blue" in state.parted) == (change == "reddish", change == "reddish")
    (line,) = [record.getMessage() for record in caplog.records]
    assert line.startswith("Drift over the last 40 pictures: ")
    assert f"{name} " in line


def test_scores_that_rise_are_told(reference):
    rows = [{**row, SCORE: row[SCORE] + 2} for row in statistics_of(pictures(2, 40))]
    assert last_state(reference, rows).parted == [SCORE]


def test_other_nominal_pictures_raise_it_as_rarely_as_the_significance_says(reference):
    rows = statistics_of(pictures(3, 150))
    rng = np.random.default_rng(4)
    parted = 0
    for _ in range(100):
        chosen = rng.choice(len(rows), SETTINGS.window, replace=False)
        parted += last_state(reference, [rows[k] for k in chosen]).state == PARTED
    assert parted <= 1  # 0.1 is expected; windows share pictures


def test_a_drift_is_told_once_and_so_is_its_end(reference, caplog):
    dark = statistics_of([(image * 0.7).astype(np.uint8) for image in pictures(2, 60)])
    window = DriftWindow(reference, SETTINGS)
    with caplog.at_level(logging.INFO, logger="training.drift"):
        states = [window.add(row).state for row in [*statistics_of(pictures(5, 60)), *dark]]
        states += [window.add(row).state for row in statistics_of(pictures(6, 60))]
    assert states[:39] == [FILLING] * 39
    assert states[39:60] == [STEADY] * 21
    assert states[100] == PARTED
    assert states[-1] == STEADY
    messages = [record.getMessage() for record in caplog.records]
    assert "brightness" in messages[0]
    assert messages[-1].startswith("Drift is over: the last 40 pictures")
    assert sum(message.startswith("Drift is over") for message in messages) == 1
    named = [message for message in messages if message.startswith("Drift over")]
    assert len(named) <= len(IMAGE_STATISTICS) + 1


def test_a_window_of_an_earlier_process_continues(reference):
    rows = statistics_of([(image * 0.7).astype(np.uint8) for image in pictures(2, 40)])
    window = DriftWindow(reference, SETTINGS)
    for row in rows[:39]:
        window.restore(row)
    assert window.add(rows[39]).document() == last_state(reference, rows).document()


def test_without_a_reference_the_state_is_unknown_and_the_log_says_why(caplog):
    window = DriftWindow(read_reference(None), SETTINGS)
    window.announce()
    assert "holds no reference" in caplog.text
    states = [window.add(row).state for row in statistics_of(pictures(2, 45))]
    assert set(states) == {UNKNOWN}
    caplog.clear()
    DriftWindow(tally_of(pictures(1, 1)).reference(), SETTINGS).announce()
    assert "too few validation images to tell a drift of brightness" in caplog.text


def test_a_reference_is_the_nominal_images_if_there_are_enough_and_is_bounded():
    images = pictures(7, FEWEST_NOMINAL + 5)
    tally = tally_of(images[:FEWEST_NOMINAL])
    for image in images[FEWEST_NOMINAL:]:
        tally.add(image // 2, 99.0, nominal=False)
    found = tally.reference()
    assert (found.images, found.nominal_images) == (FEWEST_NOMINAL, FEWEST_NOMINAL)
    assert found.values[SCORE].max() < 99
    wanted = sorted(float(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).mean()) for image in images[:FEWEST_NOMINAL])
    np.testing.assert_allclose(found.values["brightness"], wanted)
    few = tally_of(images[:3])
    for image in images[3:]:
        few.add(image, 99.0, nominal=False)
    assert (few.reference().images, few.reference().nominal_images) == (15, 3)
    assert len(few.reference().values[SCORE]) == 3
    assert SCORE not in tally_of(images, nominal=False).reference().values
    assert ReferenceTally().reference() is None
    many = tally_of([images[0]] * (MOST_VALUES + 100)).reference()
    assert {len(values) for values in many.values.values()} == {MOST_VALUES}
    again = read_reference(found.document())
    assert again.document() == found.document()


def test_a_black_image_has_statistics():
    found = image_statistics(np.zeros((8, 9, 3), np.uint8))
    assert found == {"brightness": 0, "contrast": 0, "sharpness": 0, "red": 0.333333, "blue": 0.333333}


def test_within_a_region_of_interest_what_lies_outside_does_not_count():
    image, inside = pictures(8, 1)[0], np.zeros((48, 64), dtype=np.bool_)
    inside[:, 20:50] = True
    wanted = image_statistics(np.ascontiguousarray(image[:, 20:50]))
    found = image_statistics(image, inside)
    own = ("brightness", "contrast", "red", "blue")
    assert {name: found[name] for name in own} == pytest.approx({name: wanted[name] for name in own}, rel=1e-9)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(int)
    padded = np.pad(grey, ((1, 1), (0, 0)), mode="reflect")
    edges = padded[:-2] + padded[2:] - 4 * grey
    edges[:, 1:-1] += grey[:, :-2] + grey[:, 2:]
    assert found["sharpness"] == pytest.approx(np.abs(edges)[:, 21:49].mean(), rel=1e-9)
    other = np.where(inside[..., None], image, np.uint8(255))
    assert image_statistics(other, inside) == found
    assert image_statistics(other)["brightness"] > found["brightness"] + 20
    assert image_statistics(image, np.ones_like(inside)) == pytest.approx(image_statistics(image), rel=1e-9)
    line = np.zeros_like(inside)
    line[5] = True
    assert image_statistics(image, line)["sharpness"] == 0
