"""A review: a model, the predictions that a person judges, the classes to choose from, and the answers."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.review_page.answers import Answer, Answers
from eval.review_page.predictions import Predictions, read_predictions
from eval.runs.recorded_data import complete_dataset_settings, training_settings
from eval.runs.settings import DatasetSettings
from training.data.dataset import open_dataset
from training.data.sample import DefectClass
from training.model.file_header import model_file, read_content
from training.model.provenance import read_provenance
from training.support.user_error import UserError

FOLDER = "review"
_KINDS = {"defect": ("defect", (220, 50, 47)), "impurity": ("impurity", (38, 139, 210))}


@dataclass(frozen=True)
class Review:
    """All of a review."""

    run: Path
    predictions: Predictions
    classes: tuple[DefectClass, ...]
    """Background first, then at least one defect and one impurity."""
    answers: Answers

    @property
    def folder(self) -> Path:
        """The folder of the answers, the exports and the taught models."""
        return self.predictions.folder / FOLDER

    def check(self, answer: Answer) -> None:
        """Raise ValueError for an item or a class that does not exist, and an outline beyond the picture."""
        if not 0 <= answer.item < len(self.predictions.items):
            raise ValueError(f"there is no item {answer.item}")
        kinds = {entry.name: entry.kind for entry in self.classes}
        if answer.class_name is not None and kinds.get(answer.class_name) != answer.verdict:
            raise ValueError(f"{answer.class_name} is no class of {answer.verdict}")
        picture = self.predictions.items[answer.item].picture
        for outline in answer.outlines or ():
            corners = np.array(outline)
            if (
                not np.isfinite(corners).all()
                or (corners < 0).any()
                or (corners > (picture.width, picture.height)).any()
            ):
                raise ValueError("an outline reaches beyond the picture")


def open_review(run: Path, predictions: Path, dataset: Path | None = None) -> Review:
    """Open a review, and the answers that were given before.

    The classes are those of ``dataset``, a dataset folder, or of the run's own dataset. Raises UserError.
    """
    found = read_predictions(predictions)
    classes = _with_both_kinds(_classes_of(run, dataset))
    return Review(run, found, classes, Answers(predictions / FOLDER, found.sha256))


def _classes_of(run: Path, dataset: Path | None) -> tuple[DefectClass, ...]:
    provenance = read_provenance(read_content(model_file(run)).document["provenance"])
    given = DatasetSettings() if dataset is None else DatasetSettings("stainless", str(dataset), 0.3, 0)
    try:
        return open_dataset(training_settings(complete_dataset_settings(run, provenance, given))).classes
    except UserError:
        if dataset is not None:
            raise
        return ()  # a meld, or a model whose dataset is on another machine


def _with_both_kinds(classes: tuple[DefectClass, ...]) -> tuple[DefectClass, ...]:
    """Return the classes with a background, a defect and an impurity of each that is missing."""
    found = [entry for entry in classes if entry.kind != "background"]
    for kind, (name, colour) in _KINDS.items():
        if all(entry.kind != kind for entry in found):
            free = next(number for number in range(1, 255) if all(entry.id != number for entry in found))
            found.append(DefectClass(free, name, kind, colour))
    return (DefectClass(0, "background", "background", (0, 0, 0)), *found)
