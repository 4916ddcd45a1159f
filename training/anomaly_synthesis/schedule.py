"""The schedule of the anomalies' strength over a training: strong first, faint later."""

from dataclasses import dataclass

Range = tuple[float, float]


@dataclass(frozen=True)
class StrengthSchedule:
    """Ranges of the strength (0..1) before and after a linear transition.

    ``begin`` and ``end`` are shares (0..1) of the training. Strength 1 replaces pixels; 0 leaves them.
    """

    strong: Range
    faint: Range
    begin: float
    end: float

    def range_at(self, progress: float) -> Range:
        """Return the range at a share (0..1) of the training."""
        if progress <= self.begin:
            return self.strong
        share = 1.0 if progress >= self.end else (progress - self.begin) / (self.end - self.begin)
        low, high = (s + share * (f - s) for s, f in zip(self.strong, self.faint, strict=True))
        return low, high
