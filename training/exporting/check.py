"""Comparison of an exported file with the detector that it was made from: maps, decisions and time."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from training.data.image_file import read_image
from training.exporting.exported_model import ExportedModel
from training.exporting.metadata import differing_fields, export_record
from training.exporting.region import ExportRegion
from training.model.detector import Detector
from training.support.listed_names import listed
from training.support.progress import with_progress
from training.support.user_error import UserError

T = TypeVar("T")


@dataclass(frozen=True)
class Seconds:
    """Wall and processor time (user and system) of one image."""

    wall: float
    processor: float


@dataclass(frozen=True)
class ImageComparison:
    """Judgements of one image by both. ``difference`` is the largest of the map, as a share of the threshold."""

    image: str
    difference: float
    score_difference: float
    own_anomalous: bool
    exported_anomalous: bool
    pixels_decided_differently: int
    own: Seconds
    exported: Seconds


@dataclass(frozen=True)
class Comparison:
    """The comparison of all images."""

    images: tuple[ImageComparison, ...]
    differing_record: tuple[str, ...]
    """Fields of the file's record that are another model's."""
    tolerance: float

    @property
    def largest_difference(self) -> float:
        """The largest difference of the maps, as a share of the threshold; infinite for values that are no numbers."""
        return max(entry.difference for entry in self.images)

    @property
    def decided_differently(self) -> list[str]:
        """The images whose decision differs."""
        return [entry.image for entry in self.images if entry.own_anomalous != entry.exported_anomalous]

    @property
    def agrees(self) -> bool:
        """True if the file does what the model does."""
        within = self.largest_difference <= self.tolerance
        return within and not self.decided_differently and not self.differing_record

    def seconds(self, of: Callable[[ImageComparison], float]) -> float:
        """Return the median over the images of a time."""
        return median(of(entry) for entry in self.images)

    def document(self) -> dict[str, Any]:
        """Return the comparison for a JSON file."""
        own = self.seconds(lambda entry: entry.own.processor)
        exported = self.seconds(lambda entry: entry.exported.processor)
        return {
            "agrees": self.agrees,
            "images": len(self.images),
            "tolerance": self.tolerance,
            "largest_relative_difference": _number(self.largest_difference),
            "largest_relative_score_difference": _number(max(entry.score_difference for entry in self.images)),
            "decided_differently": self.decided_differently,
            "pixels_decided_differently": sum(entry.pixels_decided_differently for entry in self.images),
            "differing_record": list(self.differing_record),
            "own_seconds": {"wall": self.seconds(lambda entry: entry.own.wall), "processor": own},
            "exported_seconds": {"wall": self.seconds(lambda entry: entry.exported.wall), "processor": exported},
            "speedup_in_processor_time": own / exported if exported > 0 else None,
        }

    def rows(self) -> list[tuple[str, str]]:
        """Return the lines of the printed table."""
        document, differing = self.document(), self.decided_differently
        own, exported = document["own_seconds"], document["exported_seconds"]
        return [
            ("images", str(len(self.images))),
            ("largest difference of a map / threshold", f"{self.largest_difference:.3g} (allowed: {self.tolerance:g})"),
            ("images decided differently", f"{len(differing)}" + (f": {listed(differing)}" if differing else "")),
            ("pixels decided differently", str(document["pixels_decided_differently"])),
            ("record", "of this model" if not self.differing_record else f"differs: {listed(self.differing_record)}"),
            ("own predict, median wall / processor", f"{own['wall']:.3f} s / {own['processor']:.3f} s"),
            ("exported, median wall / processor", f"{exported['wall']:.3f} s / {exported['processor']:.3f} s"),
            ("result", "agrees" if self.agrees else "DIFFERS"),
        ]


def compared(
    detector: Detector,
    exported: ExportedModel,
    images: Sequence[Path],
    folder: Path,
    tolerance: float,
    region: ExportRegion,
) -> Comparison:
    """Compare the maps, scores and decisions of image files below ``folder``, one after the other, within a region.

    Raises UserError for a file that is no image, and for an image that one of both refuses.
    """
    if images:
        _compared(detector, exported, images[0], "", region.mask)  # both prepare themselves with their first image
    found = [
        _compared(detector, exported, path, path.relative_to(folder).as_posix(), region.mask)
        for path in with_progress(images, len(images), "compare")
    ]
    record = export_record(detector, region, str(exported.record["input"]["type"]), str(exported.record["precision"]))
    return Comparison(tuple(found), tuple(differing_fields(exported.record, record)), tolerance)


def _compared(
    detector: Detector, exported: ExportedModel, path: Path, name: str, inside: NDArray[np.bool_] | None
) -> ImageComparison:
    image = read_image(path, detector.provenance.white_level)
    if inside is not None and image.shape[:2] != inside.shape:
        own_size, size = (f"{shape[1]} x {shape[0]}" for shape in (image.shape, inside.shape))
        raise UserError(f"{path} has {own_size} pixels, the region of interest {size}; give only images of this size")
    own, own_seconds = _timed(lambda: detector.anomaly_map(image, inside))
    theirs, their_seconds = _timed(lambda: exported.find(image))
    decided, theirs_decided = (_decided(maps, detector.threshold, inside) for maps in (own, theirs.anomaly_map))
    return ImageComparison(
        image=name,
        difference=_relative(theirs.anomaly_map - own, detector.threshold),
        score_difference=_relative(np.asarray(theirs.score - detector.image_score(own, inside)), detector.threshold),
        own_anomalous=bool(decided.any()),
        exported_anomalous=theirs.anomalous,
        pixels_decided_differently=int((decided != theirs_decided).sum()),
        own=own_seconds,
        exported=their_seconds,
    )


def _decided(maps: NDArray[np.float32], threshold: float, inside: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    decided = maps >= threshold
    return decided if inside is None else decided & inside


def _relative(difference: Any, threshold: float) -> float:
    largest = float(np.abs(difference).max())
    return largest / threshold if np.isfinite(largest) and threshold > 0 else (0.0 if largest == 0 else float("inf"))


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _timed(work: Callable[[], T]) -> tuple[T, Seconds]:
    wall, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, Seconds(time.perf_counter() - wall, time.process_time() - processor)
