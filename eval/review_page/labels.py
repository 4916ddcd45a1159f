"""The labels that the answers of a review give to a picture: class ids and instances."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from eval.review_page.answers import Answer, GivenAnswers
from eval.review_page.predictions import Item, Picture
from eval.review_page.review import Review
from training.data.sample import IGNORE_ID
from training.data.shape_pixels import polygon_pixels


@dataclass(frozen=True)
class LabelledPicture:
    """A picture with class ids uint8 (H, W) and instance ids (H, W); findings without an answer are ignored pixels."""

    picture: Picture
    mask: NDArray[np.uint8]
    instances: NDArray[np.int32]
    sound: NDArray[np.bool_]
    """Pixels (H, W) of findings that are no defect: impurities, and nothing at all."""
    shapes: tuple[tuple[str, Answer, Item], ...]
    """Class name, answer and item of each instance, in order."""
    open_items: tuple[Item, ...]
    """Findings without an answer."""

    @property
    def has_defect(self) -> bool:
        """True if an answer is a defect."""
        return any(answer.verdict == "defect" for _, answer, _ in self.shapes)


def answered_pixels(item: Item, answer: Answer) -> NDArray[np.bool_]:
    """Return the pixels (H, W) that an answer is about: the corrected outlines, or the finding."""
    if answer.outlines is None:
        return item.pixels()
    shape = (item.picture.height, item.picture.width)
    covered = np.zeros(shape, dtype=np.bool_)
    for outline in answer.outlines:
        covered |= polygon_pixels(np.array(outline, dtype=np.float64), shape)
    return covered


def labelled_pictures(review: Review, given: GivenAnswers) -> Iterator[LabelledPicture]:
    """Yield the pictures with at least one answer. Defects cover impurities, both cover findings without an answer."""
    answers = given.by_item()
    items_of: dict[int, list[Item]] = defaultdict(list)
    for item in review.predictions.items:
        items_of[item.picture.number].append(item)
    missed_of: dict[int, list[Answer]] = defaultdict(list)
    for answer in given.missed():
        missed_of[review.predictions.items[answer.item].picture.number].append(answer)
    for picture in review.predictions.pictures:
        items, missed = items_of[picture.number], missed_of[picture.number]
        if missed or any(item.number in answers for item in items):
            judged = [(answers[item.number], item) for item in items if item.number in answers]
            judged += [(answer, review.predictions.items[answer.item]) for answer in missed]
            unanswered = tuple(item for item in items if item.number not in answers and item.segmentation is not None)
            yield _labelled(review, picture, judged, unanswered)


def _labelled(
    review: Review, picture: Picture, given: list[tuple[Answer, Item]], unanswered: tuple[Item, ...]
) -> LabelledPicture:
    shape = (picture.height, picture.width)
    mask, instances = np.zeros(shape, np.uint8), np.zeros(shape, np.int32)
    sound = np.zeros(shape, np.bool_)
    ids = {entry.name: entry.id for entry in review.classes}
    for item in unanswered:
        mask[item.pixels()] = IGNORE_ID
    shapes = []
    for verdict in ("nothing", "impurity", "defect"):
        for answer, item in given:
            if answer.verdict != verdict:
                continue
            pixels = answered_pixels(item, answer)
            sound[pixels] = verdict != "defect"
            if answer.class_name is None:
                mask[pixels] = 0
            else:
                shapes.append((answer.class_name, answer, item))
                mask[pixels], instances[pixels] = ids[answer.class_name], len(shapes)
    return LabelledPicture(picture, mask, instances, sound, tuple(shapes), unanswered)
