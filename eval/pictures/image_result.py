"""Result of one evaluated image, a row of scores.csv."""

from dataclasses import dataclass, field, fields
from typing import Any

from eval.metrics.pixel_counts import ratio


@dataclass(frozen=True)
class ImageResult:
    """Counts and decision of one image. The fields are the columns of scores.csv, in this order."""

    sample_id: str
    image: str
    split: str
    plate_id: str
    light: str
    classes: str
    """Names of the classes in the mask, joined by "+"; "nominal" if there are none."""
    score: float
    label: int
    """1 if the mask has a defect pixel, else 0; impurities do not make an image anomalous."""
    decision: int
    """1 if any pixel that is not ignored is predicted, else 0."""
    true_positives: int
    false_positives: int
    false_negatives: int
    ignored: int
    instances_found: int
    instances: int
    """Number of instances of defect classes."""
    seconds: float
    false_by_class: dict[str, int] = field(default_factory=dict)
    """Number of false-positive pixels on the background and on each impurity, by class name."""
    missed_by_class: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Numbers of missed (instances, pixels) of each defect class in the image, by class name."""

    @property
    def f1(self) -> float | None:
        """Pixel F1 of this image, in [0, 1]; None if it has neither a defect nor a prediction."""
        counted = 2 * self.true_positives + self.false_positives + self.false_negatives
        return ratio(2 * self.true_positives, counted)

    def row(self) -> dict[str, Any]:
        """Return the row of scores.csv by column; counts per class get one column per class in this image."""
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self)[:-2]}
        alarms = {f"false_positives_{name}": pixels for name, pixels in self.false_by_class.items()}
        missed = {f"false_negatives_{name}": pixels for name, (_, pixels) in self.missed_by_class.items()}
        return {**plain, **alarms, **missed}


def found_caption(found: int, instances: int) -> str:
    """Return a caption with the number of found instances of defect classes."""
    return f"{found} of {instances} found" if instances else "no defect"
