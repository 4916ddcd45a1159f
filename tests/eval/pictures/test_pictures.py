import itertools

import cv2
import numpy as np
import pytest

from eval.pictures.choice import BEST, FALSE_POSITIVE, MISS, PictureBudget, Reason, choose, evenly_spaced
from eval.pictures.files import PictureFiles, Views, file_stem
from eval.pictures.image_result import ImageResult
from eval.pictures.overlay import (
    FALSE_NEGATIVE_COLOUR,
    FALSE_POSITIVE_COLOUR,
    TRUE_POSITIVE_COLOUR,
    colour_anomaly_map,
    colour_classes,
    decision_layer,
    overlay_decision,
)
from eval.pictures.panel import LABEL_HEIGHT, Tile, panel
from training.data.dataset import DefectClass

BUDGET = PictureBudget(all_up_to=2, common=2, misses=3, false_positives=2, best=2)


def result(number: int, tp: int = 0, false: dict | None = None, missed: dict | None = None) -> ImageResult:
    false, missed = false or {}, missed or {}
    fp, fn = sum(false.values()), sum(pixels for _, pixels in missed.values())
    return ImageResult(
        sample_id=f"{number:06d}",
        image="",
        split="test",
        plate_id="",
        light="",
        classes="scratch",
        score=1.0,
        label=int(tp + fn > 0),
        decision=1,
        true_positives=tp,
        false_positives=fp,
        false_negatives=fn,
        ignored=0,
        instances_found=0,
        instances=sum(instances for instances, _ in missed.values()),
        seconds=0.1,
        false_by_class=false,
        missed_by_class=missed,
    )


def many(seed: int, count: int) -> list[ImageResult]:
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(count):
        false = {name: int(rng.integers(0, 5)) for name in ("background", "stain")}
        missed = {name: tuple(rng.integers(0, 4, 2).tolist()) for name in ("dent", "scratch")}
        rows.append(result(number, int(rng.integers(0, 5)), false, missed))
    return rows


def test_the_decision_is_painted_in_the_papers_colours():
    image = np.full((1, 6, 3), (10, 60, 110), np.uint8)
    grey = int(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)[0, 0])
    mask = np.array([[4, 4, 0, 6, 0, 255]], np.uint8)
    predicted = np.array([[True, False, True, True, False, True]])
    painted = overlay_decision(image, predicted, mask, (4,), 255)[0]
    expected = [TRUE_POSITIVE_COLOUR, FALSE_NEGATIVE_COLOUR, FALSE_POSITIVE_COLOUR, FALSE_POSITIVE_COLOUR]
    for pixel, colour in zip(painted[:4], expected, strict=True):
        assert pixel.tolist() == [round(0.35 * grey + 0.65 * channel) for channel in colour]
    assert painted[4].tolist() == [grey] * 3
    assert painted[5].tolist() == [round(0.4 * grey)] * 3


def test_classes_are_painted_in_their_own_colours():
    classes = [DefectClass(0, "background", "background", (0, 0, 0)), DefectClass(4, "scratch", "defect", (1, 2, 3))]
    painted = colour_classes(np.array([[0, 4, 255]], np.uint8), classes, 255)
    assert painted[0].tolist() == [[0, 0, 0], [1, 2, 3], [128, 128, 128]]


def test_an_anomaly_map_is_brighter_where_it_is_higher_and_saturates_at_twice_the_threshold():
    painted = colour_anomaly_map(np.array([[0.0, 1.0, 2.0, 4.0, 9.0]], np.float32), threshold=2.0)
    brightness = painted[0].astype(int).sum(axis=1)
    assert (np.diff(brightness[:4]) > 0).all()
    assert painted[0, 3].tolist() == painted[0, 4].tolist()


def test_the_panel_sets_tiles_in_a_row_under_their_labels():
    red, blue = np.full((10, 20, 3), (255, 0, 0), np.uint8), np.full((10, 20, 3), (0, 0, 255), np.uint8)
    drawn = panel([Tile(red, (("left", (0, 0, 0)),)), Tile(blue, (("right", (0, 0, 0)),))], tile_width=200)
    assert drawn.shape == (LABEL_HEIGHT + 100, 408, 3)
    assert (drawn[LABEL_HEIGHT:, :200] == (255, 0, 0)).all()
    assert (drawn[LABEL_HEIGHT:, 208:] == (0, 0, 255)).all()
    assert (drawn[:LABEL_HEIGHT, :200] < 128).any()


def test_the_decision_layer_over_the_grey_picture_is_the_overlay():
    rng = np.random.default_rng(2)
    image = np.repeat(rng.integers(0, 256, (9, 11, 1), dtype=np.uint8), 3, axis=2)
    mask = rng.choice([0, 4, 6, 255], (9, 11)).astype(np.uint8)
    predicted = rng.random((9, 11)) < 0.5
    layer = decision_layer(predicted, mask, (4,), 255).astype(float)
    alpha = layer[..., 3:] / 255
    blended = alpha * layer[..., :3] + (1 - alpha) * image
    expected = overlay_decision(image, predicted, mask, (4,), 255)
    assert np.abs(blended - expected).max() < 1.1  # alpha has 8 bits


def test_the_choice_ranks_misses_and_false_positives_of_every_class_and_the_best():
    rows = [
        result(0, missed={"dent": (1, 50)}),
        result(1, missed={"dent": (2, 9), "scratch": (0, 3)}),
        result(2, tp=9, false={"background": 70, "stain": 1}),
        result(3, tp=9, false={"stain": 2}),
        result(4),
    ]
    budget = PictureBudget(all_up_to=0, common=0, misses=1, false_positives=1, best=1)
    assert choose(rows, budget) == {
        "000001": [Reason(MISS, "dent", 1), Reason(MISS, "scratch", 1)],
        "000002": [Reason(FALSE_POSITIVE, "background", 1)],
        "000003": [Reason(FALSE_POSITIVE, "stain", 1), Reason(BEST, "", 1)],
    }


@pytest.mark.parametrize("seed", range(3))
def test_choosing_image_by_image_gives_what_choosing_from_all_gives(seed):
    rows = many(seed, 60)
    kept: list[ImageResult] = []
    for row in rows:
        chosen = choose([*kept, row], BUDGET)
        kept = [entry for entry in [*kept, row] if entry.sample_id in chosen]
    assert choose(kept, BUDGET) == choose(rows, BUDGET)


def test_the_common_pictures_are_evenly_spaced():
    assert sorted(evenly_spaced(100, 4)) == [12, 37, 62, 87]
    assert sorted(evenly_spaced(3, 8)) == [0, 1, 2]
    for images, wanted in itertools.product(range(30), range(12)):
        positions = evenly_spaced(images, wanted)
        assert len(positions) == min(images, wanted)
        assert all(0 <= position < images for position in positions)


def test_only_the_chosen_pictures_stay_on_disk(tmp_path):
    rows = many(5, 30)
    folder = tmp_path / "evaluation"
    folder.mkdir()
    files = PictureFiles(folder, len(rows), BUDGET, tile_width=30)
    picture = np.zeros((6, 9, 3), np.uint8)
    for row in rows:
        if files.register(row):
            files.write(row, Views(picture, picture, picture, picture, picture))
    entries = files.entries()
    common = {rows[position].sample_id for position in evenly_spaced(len(rows), BUDGET.common)}
    assert {entry.sample_id for entry in entries} == common | set(choose(rows, BUDGET))
    worst_first = sorted(rows, key=lambda row: (*row.missed_by_class["dent"], row.sample_id), reverse=True)
    ranks = {
        r.rank: entry.sample_id for entry in entries for r in entry.reasons if (r.kind, r.class_name) == (MISS, "dent")
    }
    assert ranks == {rank: row.sample_id for rank, row in enumerate(worst_first[: BUDGET.misses], start=1)}
    listed = {
        name for entry in entries for name in (entry.panel, entry.picture, entry.truth, entry.overlay, entry.decision)
    }
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*.png")} == listed


def test_every_sample_id_has_a_file_name_of_its_own():
    ids = ["000000", "crack_01", "crack 01", "甲", "乙", "../a", "a", ".a"]
    stems = [file_stem(sample_id) for sample_id in ids]
    assert len(set(stems)) == len(ids)
    assert stems[:2] == ids[:2]
    assert all(stem.isascii() and "/" not in stem and not stem.startswith(".") for stem in stems)


def test_a_small_split_is_kept_whole(tmp_path):
    folder = tmp_path / "evaluation"
    folder.mkdir()
    budget = PictureBudget(all_up_to=5, common=0, misses=0, false_positives=0, best=0)
    files = PictureFiles(folder, 5, budget, tile_width=30)
    assert all(files.register(row) for row in many(1, 5))
    assert len(files.entries()) == 5
