"""What is known of one evaluated image: a row of scores.csv."""

from dataclasses import dataclass, field, fields
from typing import Any

from eval.metrics.pixel_counts import ratio


@dataclass(frozen=True)
class ImageResult:
    """Counts and decision of one image; the fields are the columns of scores.csv, in this order."""

    sample_id: str
    image: str
    split: str
    plate_id: str
    light: str
    classes: str
    """Names of the classes in the image's mask, joined by "+"; "nominal" when it shows none."""
    score: float
    label: int
    """1 when the mask has a defect pixel, else 0; impurities do not make an image anomalous."""
    decision: int
    """1 when any pixel that counts is predicted, else 0."""
    true_positives: int
    false_positives: int
    false_negatives: int
    ignored: int
    instances_found: int
    instances: int
    """Instances of defect classes."""
    seconds: float
    false_by_class: dict[str, int] = field(default_factory=dict)
    """Predicted pixels of the background and of each impurity: false alarms."""
    missed_by_class: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Missed (instances, pixels) of each defect class in the image."""

    @property
    def f1(self) -> float | None:
        """Pixel F1 of this image alone; None without a defect and without a prediction."""
        counted = 2 * self.true_positives + self.false_positives + self.false_negatives
        return ratio(2 * self.true_positives, counted)

    def row(self) -> dict[str, Any]:
        """The image's row of scores.csv; what is counted by class gets a column for each class that was met."""
        plain = {entry.name: getattr(self, entry.name) for entry in fields(self)[:-2]}
        alarms = {f"false_positives_{name}": pixels for name, pixels in self.false_by_class.items()}
        missed = {f"false_negatives_{name}": pixels for name, (_, pixels) in self.missed_by_class.items()}
        return {**plain, **alarms, **missed}
