"""The answers of a review, written at once: one JSON object a line, so that a crash loses none that was given."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from eval.review_page.predictions import Outline
from training.support.appended_line import append_line
from training.support.user_error import UserError
from training.support.whole_file import write_whole

FILE = "answers.jsonl"
FORMAT, VERSION = "stainless-review", 1
VERDICTS = ("defect", "impurity", "nothing")


@dataclass(frozen=True)
class Answer:
    """A person's answer to an item, or a defect that the model missed.

    The first line of ``answers.jsonl`` names the format, the version and the predictions; each other holds an answer.
    An ``item`` of several lines has the last one's answer; a line ``{"undo": true}`` takes the last answer back.
    """

    item: int
    """Number of the item, from 0, the worst first; of a missed defect, an item of the picture it was drawn on."""
    verdict: str
    """defect, impurity or nothing."""
    class_name: str | None = None
    """Name of the class; None for nothing."""
    outlines: tuple[Outline, ...] | None = None
    """The corrected outlines; None: as the model found it."""
    missed: bool = False
    """True: the model did not find it; the outlines show where it is."""


class GivenAnswers:
    """Answers in order, which do not change."""

    def __init__(self, history: Sequence[Answer]) -> None:
        self._history = list(history)

    def __len__(self) -> int:
        return len(self._history)

    def by_item(self) -> dict[int, Answer]:
        """Return the last answer to each item, without missed defects."""
        return {answer.item: answer for answer in self._history if not answer.missed}

    def missed(self) -> list[Answer]:
        """Return the missed defects, in order."""
        return [answer for answer in self._history if answer.missed]


class Answers(GivenAnswers):
    """The answers so far, in a file that one process owns."""

    def __init__(self, folder: Path, predictions_sha256: str) -> None:
        """Read the file, or begin one. Raises UserError for answers to other predictions and for a file in use."""
        self._path = folder / FILE
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = FileLock(folder / ".lock")
        try:
            self._lock.acquire(timeout=0)
        except Timeout:
            raise UserError(f"another review of {folder.parent} is open; close it first") from None
        head = {"format": FORMAT, "version": VERSION, "predictions_sha256": predictions_sha256}
        try:
            lines = self._whole_lines()
            if lines and lines[0] != head:
                raise UserError(f"{self._path} answers other predictions; move it away, or restore the predictions")
            super().__init__(_replayed(self._path, lines[1:]))
        except BaseException:
            self.close()
            raise
        kept = lines or [head]
        write_whole(self._path, "".join(json.dumps(line) + "\n" for line in kept).encode())

    def close(self) -> None:
        """Let another process have the file."""
        self._lock.release()

    def add(self, answer: Answer) -> None:
        """Record an answer; it is on the disk when this returns. Raises UserError."""
        self._append({"answer": asdict(answer)})
        self._history.append(answer)

    def undo(self) -> Answer | None:
        """Take the last answer back and return it; None if there is none. Raises UserError."""
        if not self._history:
            return None
        self._append({"undo": True})
        return self._history.pop()

    def given(self) -> GivenAnswers:
        """Return the answers so far, for work that takes longer while more are given."""
        return GivenAnswers(self._history)

    def _append(self, line: dict[str, Any]) -> None:
        append_line(self._path, line)

    def _whole_lines(self) -> list[dict[str, Any]]:
        """Return the lines; a crash may have left half of the last one, which was never confirmed."""
        try:
            texts = self._path.read_text(encoding="utf-8", errors="replace").split("\n")
        except FileNotFoundError:
            return []
        found: list[dict[str, Any]] = []
        for number, text in enumerate(texts[:-1], start=1):  # what follows the last line end is not whole
            try:
                found.append(dict(json.loads(text)))
            except (ValueError, TypeError) as error:
                raise UserError(f"{self._path}, line {number}, cannot be read: {error}") from error
        return found


def read_answer(document: Any) -> Answer:
    """Return the answer in a JSON object. Raises ValueError or TypeError for one that is malformed."""
    outlines = document.get("outlines")
    answer = Answer(
        item=document["item"],
        verdict=document["verdict"],
        class_name=document.get("class_name"),
        outlines=None if outlines is None else tuple(tuple((float(x), float(y)) for x, y in o) for o in outlines),
        missed=document.get("missed", False),
    )
    named = answer.class_name is None if answer.verdict == "nothing" else isinstance(answer.class_name, str)
    if type(answer.item) is not int or answer.verdict not in VERDICTS or not named or type(answer.missed) is not bool:
        raise ValueError("an answer needs item, verdict (defect, impurity or nothing) and class_name")
    if any(len(outline) < 3 for outline in answer.outlines or ()) or answer.outlines == ():
        raise ValueError("an outline needs at least three corners")
    if answer.missed and (answer.outlines is None or answer.verdict != "defect"):
        raise ValueError("a missed defect needs an outline")
    return answer


def _replayed(path: Path, lines: list[dict[str, Any]]) -> list[Answer]:
    history: list[Answer] = []
    for number, line in enumerate(lines, start=2):
        try:
            if line.get("undo"):
                history.pop()
            else:
                history.append(read_answer(line["answer"]))
        except (KeyError, IndexError, ValueError, TypeError, AttributeError) as error:
            raise UserError(f"{path}, line {number}, is no answer of a review: {error!r}") from error
    return history
