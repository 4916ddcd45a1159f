"""The days of a month on the line: what is rendered on each, under a light that drifts."""

from dataclasses import dataclass
from typing import Any

from scripts.render import composed_job
from scripts.training_steps import composed_config

LIGHT_ROTATION = 0.5
"""Turn of the ring light from the first to the last day [rad]."""
LIGHT_LOSS = 0.25
"""Share of its radiance that the ring light loses from the first to the last day."""
_EMISSION = 1.2
_NEW_TEXTURE = (
    "job.brushed_metal.spacing=[2.4e-4,3.0e-4]",
    "job.brushed_metal.groove_depth=[2.8e-6,3.6e-6]",
    "job.brushed_metal.roughness=[0.15,0.18]",
)
_DAY_OF_PLATES = 1000
"""Plate numbers of a day start at its number times this, so that no plate appears twice."""


@dataclass(frozen=True)
class Month:
    """The number of days, plates of a day, sides of a picture [pixels], and days with a defective train plate."""

    days: int
    plates: int
    test_plates: int
    width: int
    height: int
    dirty: frozenset[int]

    @property
    def batch_day(self) -> int:
        """The first day with plates of the new texture batch: after the first half."""
        return self.days // 2 + 1

    def train_job(self, day: int) -> dict[str, Any]:
        """Return the render job of a day's nominal plates (days count from 1); one of a dirty day is defective."""
        nominal = "water_stains: true, scratches: [0, 0], dents: [0, 0]"
        splits = [f"{{name: train, plates: {self.plates - (day in self.dirty)}, {nominal}}}"]
        if day in self.dirty:
            splits.append("{name: train, plates: 1, water_stains: false, scratches: [2, 3], dents: [3, 4]}")
        return self._job(day, "train", splits, 0)

    def test_job(self, day: int) -> dict[str, Any]:
        """Return the render job of a day's test plates, defective and stained, and of as many validation plates."""
        flawed = "water_stains: true, scratches: [2, 3], dents: [3, 4]"
        splits = [f"{{name: {split}, plates: {self.test_plates}, {flawed}}}" for split in ("validation", "test")]
        return self._job(day, "test", splits, _DAY_OF_PLATES // 2)

    def _job(self, day: int, kind: str, splits: list[str], first: int) -> dict[str, Any]:
        progress = (day - 1) / max(self.days - 1, 1)
        light = (
            f"+job.light.emission={_EMISSION * (1 - LIGHT_LOSS * progress):.4f}",
            f"+job.light.rotation={LIGHT_ROTATION * progress:.4f}",
        )
        texture = _NEW_TEXTURE if day >= self.batch_day else ()
        cfg = composed_config(
            "render",
            "render=quickstart_clean",
            f"job.name=day_{day:02d}_{kind}",
            f"job.first_plate={day * _DAY_OF_PLATES + first}",
            f"job.image={{width: {self.width}, height: {self.height}, samples: 16}}",
            f"job.splits=[{', '.join(splits)}]",
            *light,
            *texture,
        )
        return composed_job(cfg)
