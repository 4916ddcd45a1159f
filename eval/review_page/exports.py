"""Exports of a review: a dataset folder of this project, and LabelMe files beside the pictures."""

import shutil
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np

from eval.review_page.answers import GivenAnswers
from eval.review_page.labels import LabelledPicture, labelled_pictures
from eval.review_page.predictions import Outline
from eval.review_page.review import Review
from eval.runs.whole_folder import whole_folder
from training.data.dataset_writer import DatasetWriter
from training.data.sample import IGNORE_ID
from training.support.progress import with_progress
from training.support.user_error import UserError
from training.support.whole_file import write_json

KINDS = ("dataset", "labelme")
LABELME = "5.5.0"  # the version that these fields belong to
IGNORED = "ignore"
_MARGIN = 16  # pixels around a sound finding that are taught with it: a patch is learned only if all of its cell is


def export(review: Review, kind: str) -> tuple[Path, int, int]:
    """Write the answered pictures to <review folder>/<kind>, complete or not at all; an earlier export is replaced.

    ``kind`` is dataset (docs/dataset.md) or labelme. Returns the folder, the number of pictures in it, and of those
    left out since they have no answer. Raises UserError if no picture has an answer.
    """
    target = review.folder / kind
    with whole_folder(target) as fresh:
        written = _write_dataset(review, fresh) if kind == "dataset" else _write_labelme(review, fresh)
        if not written:
            raise UserError("no picture has an answer yet, so there is nothing to export")
    return target, written, len(review.predictions.pictures) - written


def write_lessons(review: Review, answers: GivenAnswers, folder: Path) -> int:
    """Write a dataset folder for ``training.update``; return the number of its train images.

    In a train image all pixels are ignored but those of findings that are no defect, with a margin. The other answered
    pictures are test images.
    """
    writer = DatasetWriter(folder, review.classes)
    lessons = 0
    for labelled in labelled_pictures(review, answers):
        sound = _with_margin(labelled)
        if sound.any():
            mask = np.where(sound, np.uint8(0), np.uint8(IGNORE_ID))
            _add(writer, labelled, "train", mask, np.zeros_like(labelled.instances))
            lessons += 1
        else:
            _add(writer, labelled, "test", labelled.mask, labelled.instances)
    writer.finish("lessons of a review", {})
    return lessons


def _with_margin(labelled: LabelledPicture) -> np.ndarray:
    """Return the sound pixels and those around them, without those of defects and of findings without an answer."""
    square = np.ones((2 * _MARGIN + 1, 2 * _MARGIN + 1), np.uint8)
    near = cv2.dilate(labelled.sound.astype(np.uint8), square) > 0
    return near & (labelled.sound | (labelled.mask == 0))


def _write_dataset(review: Review, folder: Path) -> int:
    writer = DatasetWriter(folder, review.classes)
    written = 0
    for labelled in _with_bar(review):
        _add(writer, labelled, "test" if labelled.has_defect else "train", labelled.mask, labelled.instances)
        written += 1
    writer.finish(f"review of {review.predictions.folder.name}", {})
    return written


def _add(writer: DatasetWriter, labelled: LabelledPicture, split: str, mask: np.ndarray, instances: np.ndarray) -> None:
    path = labelled.picture.path
    row = {"sample_id": labelled.picture.sample_id, "split": split}
    writer.add(row, (path.read_bytes(), path.suffix), mask, instances, {})


def _write_labelme(review: Review, folder: Path) -> int:
    written = 0
    for labelled in _with_bar(review):
        picture, name = labelled.picture, labelled.picture.sample_id
        shapes = [
            _polygon(class_name, number, outline)
            for number, (class_name, answer, item) in enumerate(labelled.shapes, start=1)
            for outline in answer.outlines or item.outlines()
        ]
        shapes += [_polygon(IGNORED, None, outline) for item in labelled.open_items for outline in item.outlines()]
        image = f"{name}{picture.path.suffix.lower()}"
        (folder / image).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(picture.path, folder / image)
        document: dict[str, Any] = {
            "version": LABELME,
            "flags": {},
            "shapes": shapes,
            "imagePath": PurePosixPath(image).name,
            "imageData": None,
            "imageHeight": picture.height,
            "imageWidth": picture.width,
        }
        write_json(folder / f"{name}.json", document)
        written += 1
    return written


def _polygon(label: str, number: int | None, outline: Outline) -> dict[str, Any]:
    points = [list(point) for point in outline]
    kept = {"label": label, "points": points, "group_id": number, "description": "", "shape_type": "polygon"}
    return {**kept, "flags": {}}


def _with_bar(review: Review) -> Any:
    return with_progress(
        labelled_pictures(review, review.answers.given()), len(review.predictions.pictures), "exporting"
    )
