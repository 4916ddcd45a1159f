"""The judging of one picture after another on a line: detector, region of interest, and the watch for drift."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.data.image_file import image_of_content
from training.data.region_of_interest import RegionOfInterest
from training.drift.image_statistics import SCORE, image_statistics
from training.drift.window import DriftState, DriftWindow
from training.model.detector import Detector
from training.prediction.judgement import Judgement, judge
from training.service.picture_header import NoPictureError, check_header
from training.support.user_error import UserError


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

    def __init__(
        self,
        model: Detector,
        minimum_size: int,
        maximum_pixels: int,
        drift: DriftWindow,
        region: RegionOfInterest | None = None,
    ) -> None:
        self.model, self.drift = model, drift
        self._minimum_size, self._maximum_pixels, self._region = minimum_size, maximum_pixels, region

    def judge(self, content: bytes, name: Path) -> LineResult:
        """Judge the content of an image file, within the region of interest.

        ``name`` is for the region's patterns and for messages. Raises NoPictureError if the content does not decode,
        TooManyPixelsError, without decoding it, if it is too large, and UserError if the detector cannot take it or the
        region has no rule for it.
        """
        started = time.perf_counter()
        check_header(content, name, self._maximum_pixels)
        try:
            image = image_of_content(content, name, self.model.provenance.white_level)
        except UserError as error:
            raise NoPictureError(str(error)) from error
        inside = None if self._region is None else self._region.inside(name, image.shape[0], image.shape[1])
        judged = judge(self.model, image, self._minimum_size, started, inside)
        statistics = {**image_statistics(image, inside), SCORE: judged.score}
        return LineResult(judged, statistics, self.drift.add(statistics))
