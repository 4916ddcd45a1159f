"""What is known of one evaluated image: a row of scores.csv."""

from dataclasses import dataclass

from eval.pixel_counts import ratio


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
    """1 when score >= threshold, else 0."""
    true_positives: int
    false_positives: int
    false_negatives: int
    ignored: int
    instances_found: int
    instances: int
    """Instances of defect classes."""
    seconds: float

    @property
    def missed(self) -> int:
        """Defect instances without a predicted pixel."""
        return self.instances - self.instances_found

    @property
    def f1(self) -> float | None:
        """Pixel F1 of this image alone; None without a defect and without a prediction."""
        counted = 2 * self.true_positives + self.false_positives + self.false_negatives
        return ratio(2 * self.true_positives, counted)
