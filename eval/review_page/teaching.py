"""Teaching: the model forgets what hides missed defects, learns what was no defect, and the change is counted."""

import json
import subprocess
import sys
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from eval.review_page.answers import GivenAnswers
from eval.review_page.exports import write_lessons
from eval.review_page.labels import answered_pixels
from eval.review_page.review import Review
from eval.runs.recorded_data import complete_dataset_settings
from eval.runs.settings import DatasetSettings
from training.model.file_header import model_file, read_content
from training.model.provenance import read_provenance
from training.model.record import FoundThreshold
from training.support.typed_overrides import quoted
from training.support.user_error import UserError
from training.support.whole_file import write_json

FOLDER, CHANGES = "taught", "changes.json"
_COMMAND_FAILED = "the command ended without a message"


@dataclass
class Progress:
    """State of a teaching: idle, running, done or failed; the step, and at the end what changed, or the mistake."""

    state: str = "idle"
    step: str = ""
    message: str = ""
    changes: dict[str, Any] = field(default_factory=dict)


class Teaching:
    """The teachings of a review, one at a time, in a thread; their commands are programs of their own."""

    def __init__(self, review: Review) -> None:
        self._review = review
        self._answers = GivenAnswers(())
        self._progress = Progress()
        self._command: subprocess.Popen[str] | None = None
        self._stopped = False

    def progress(self) -> dict[str, Any]:
        """Return the progress as a JSON object."""
        return asdict(self._progress)

    def start(self) -> None:
        """Begin. Raises UserError while another one runs, and if there is nothing to teach."""
        if self._progress.state == "running":
            raise UserError("a teaching is running; wait for it")
        review = self._review
        given = review.answers.given()
        answers = [*given.by_item().values(), *given.missed()]
        items = review.predictions.items
        findings = [a for a in answers if a.missed or (a.verdict != "defect" and items[a.item].segmentation)]
        if not findings:
            raise UserError("nothing to teach: answer a finding with impurity or nothing, or draw a missed defect")
        if model_file(review.run).name != "coreset.safetensors":
            raise UserError("only a coreset can be taught; train this detector again with the exported dataset")
        folder = (
            review.folder / FOLDER / str(1 + max((int(p.name) for p in _numbered(review.folder / FOLDER)), default=0))
        )
        folder.mkdir(parents=True)
        self._answers, self._progress = given, Progress("running", "writing the lessons")
        threading.Thread(target=self._run, args=(folder,), daemon=True).start()

    def stop(self) -> None:
        """End the command that runs, if any."""
        self._stopped = True
        if self._command is not None:
            self._command.terminate()

    def _run(self, folder: Path) -> None:
        try:
            changes = self._teach(folder)
            write_json(folder / CHANGES, changes)
            self._progress = Progress("done", changes=changes)
        except UserError as error:
            self._progress = Progress("failed", message=str(error))
        except Exception as error:
            self._progress = Progress("failed", message=f"{type(error).__name__}: {error}")
            raise

    def _teach(self, folder: Path) -> dict[str, Any]:
        review = self._review
        lessons = write_lessons(review, self._answers, folder / "lessons")
        model, notes = review.run, list[str]()
        for number, answer in enumerate(self._answers.missed(), start=1):
            picture = review.predictions.items[answer.item].picture
            self._progress = Progress("running", f"forgetting what hides missed defect {number} in {picture.name}")
            next_model = folder / f"forget_{number}"
            box = _box(answered_pixels(review.predictions.items[answer.item], answer))
            try:
                self._call(
                    "forget", f"model={quoted(model)}", f"missed={quoted(picture.path)}", f"box={box}", next_model
                )
                model = next_model
            except UserError as error:  # found already, or not within the limits: the others may still be taught
                notes.append(str(error))
        if lessons:
            self._progress = Progress("running", f"learning what was no defect in {lessons} pictures")
            given = (f"source={quoted(model)}", f"dataset.root={quoted(folder / 'lessons')}", *self._validation())
            self._call("update", *given, folder / "update")
            model = folder / "update"
        if model == review.run:
            raise UserError(f"nothing was taught: {'; '.join(notes)}")
        self._progress = Progress("running", "predicting the answered pictures again")
        pictures = folder / "lessons" / "images"
        after = folder / "predictions"
        self._call(
            "predict", f"model={quoted(model)}", f"input={quoted(pictures)}", "overlays=false", after, key="output"
        )
        document = read_content(model_file(model)).document
        return {
            "model": str(model),
            "notes": notes,
            "threshold": {"before": review.predictions.threshold, "after": document["threshold"]["value"]},
            **self._counts(after),
            "validation": _validation_change(folder),
        }

    def _validation(self) -> tuple[str, ...]:
        """Return the overrides that find the threshold as that of the run was found, on its validation split."""
        run = self._review.run
        document = read_content(model_file(run)).document
        settings = complete_dataset_settings(run, read_provenance(document["provenance"]), DatasetSettings())
        root = settings.root[0] if isinstance(settings.root, list) else settings.root
        found = FoundThreshold(**document["threshold"])
        method = "maximum_f1" if found.method == "largest_of_sources" else found.method
        parameters = {"minimum_coverage": found.minimum_coverage, "pixels_per_image": found.pixels_per_image}
        optional = {"good": settings.good, "mask_rule": settings.mask_rule, "white_level": settings.white_level}
        return (
            f"dataset.evaluation_root={quoted(root)}",
            f"dataset.evaluation_layout={settings.layout}",
            f"dataset.validation_fraction={settings.validation_fraction}",
            f"dataset.split_seed={settings.split_seed}",
            f"threshold={method}",
            *(f"threshold.{name}={value}" for name, value in parameters.items() if value is not None),
            *(f"dataset.{name}={quoted(value)}" for name, value in optional.items() if isinstance(value, str)),
            *(f"dataset.{name}={value}" for name, value in optional.items() if isinstance(value, int)),
        )

    def _call(self, command: str, *overrides: str | Path, key: str = "hydra.run.dir") -> None:
        """Run an entry point of training into a folder, the last of ``overrides``. Raises UserError."""
        *given, folder = overrides
        arguments = [sys.executable, "-m", f"training.{command}", *map(str, given), f"{key}={quoted(folder)}"]
        if self._stopped:
            raise UserError("the review was closed")
        self._command = subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        output, _ = self._command.communicate()
        if self._command.returncode:
            lines = [line for line in output.splitlines() if line.strip()]
            last = lines[-1] if lines else _COMMAND_FAILED
            raise UserError(f"training.{command}: {last.removeprefix('error: ')}")

    def _counts(self, after: Path) -> dict[str, Any]:
        """Return how many findings of each verdict are raised before and after, and how many missed defects."""
        review = self._review
        masks: dict[int, np.ndarray] = {}
        counts = {name: {"total": 0, "before": 0, "after": 0} for name in ("defect", "impurity", "nothing", "missed")}
        items = review.predictions.items
        given = [(answer, answer.verdict) for answer in self._answers.by_item().values()]
        given += [(answer, "missed") for answer in self._answers.missed()]
        for answer, name in given:
            item = items[answer.item]
            if item.segmentation is None and not answer.missed:
                continue
            picture = item.picture
            if picture.number not in masks:
                file = f"{picture.sample_id}{picture.path.suffix.lower()}.png"
                masks[picture.number] = _read_mask(after / "masks" / file)
            pixels = answered_pixels(item, answer)
            counts[name]["total"] += 1
            counts[name]["before"] += bool(_read_mask(picture.mask)[pixels].any()) if answer.missed else True
            counts[name]["after"] += bool(masks[picture.number][pixels].any())
        return {"findings": counts}


def _read_mask(path: Path) -> np.ndarray:
    found = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_GRAYSCALE)
    if found is None:
        raise UserError(f"{path} cannot be read")
    return np.asarray(found > 0)


def _box(pixels: np.ndarray) -> str:
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    left, top = int(columns[0]), int(rows[0])
    return f"[{left},{top},{int(columns[-1]) + 1 - left},{int(rows[-1]) + 1 - top}]"


def _numbered(folder: Path) -> list[Path]:
    return [path for path in folder.iterdir() if path.name.isdigit()] if folder.is_dir() else []


def _validation_change(folder: Path) -> dict[str, Any] | None:
    """Return the change on the validation split that the last forgetting found; None without one."""
    files = sorted(folder.glob("forget_*/forgotten.json"), key=lambda path: int(path.parent.name.split("_")[1]))
    if not files:
        return None
    found: dict[str, Any] = json.loads(files[-1].read_text(encoding="utf-8"))
    return found.get("validation")
