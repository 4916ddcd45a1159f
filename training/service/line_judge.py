"""The judging of one picture after another on a line: the detector, and the watch for drift."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.data.image_file import image_of_content
from training.drift.image_statistics import SCORE, image_statistics
from training.drift.window import DriftState, DriftWindow
from training.model.detector import Detector
from training.prediction.judgement import Judgement, judge


@dataclass(frozen=True)
class LineResult:
    """A judged picture, its statistics and the drift with it."""

    judged: Judgement
    statistics: dict[str, float]
    drift: DriftState

    def fields(self) -> dict[str, Any]:
        """Return the fields that JSON lines, webhooks and answers have in common."""
        return {
            **self.judged.row(),
            "regions": self.judged.regions(),
            "statistics": self.statistics,
            "drift": self.drift.summary(),
        }


class LineJudge:
    """A detector and a drift window; one picture at a time."""

    def __init__(self, model: Detector, minimum_size: int, drift: DriftWindow) -> None:
        self.model, self.drift = model, drift
        self._minimum_size = minimum_size

    def judge(self, content: bytes, name: Path) -> LineResult:
        """Judge the content of an image file; ``name`` is for messages. Raises UserError if it cannot be judged."""
        started = time.perf_counter()
        image = image_of_content(content, name, self.model.provenance.white_level)
        judged = judge(self.model, image, self._minimum_size, started)
        statistics = {**image_statistics(image), SCORE: judged.score}
        return LineResult(judged, statistics, self.drift.add(statistics))
