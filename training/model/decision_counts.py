"""Decisions of models on a split: found defects of each class, false alarms."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from training.data.dataset import Dataset, inside_of, read_image, read_instances, read_mask
from training.model.anomaly_model import AnomalyModel, distance_grids
from training.support.progress import with_progress


@dataclass
class DecisionCounts:
    """Counts of one model on one split; a defect is found if one of its pixels is predicted (paper, section V-B)."""

    found: dict[str, int] = field(default_factory=dict)
    """Found defects by class."""
    defects: dict[str, int] = field(default_factory=dict)
    """All defects by class."""
    nominal_images: int = 0
    raised_images: int = 0
    """Nominal images with a predicted pixel: false alarms."""
    nominal_pixels: int = 0
    raised_pixels: int = 0

    def document(self) -> dict[str, Any]:
        """Return the counts, with the recall of each class and the rates of false alarms; None without a case."""
        return {
            **vars(self),
            "recall": {name: self.found.get(name, 0) / total for name, total in self.defects.items()},
            "raised_image_rate": self.raised_images / self.nominal_images if self.nominal_images else None,
            "raised_pixel_rate": self.raised_pixels / self.nominal_pixels if self.nominal_pixels else None,
        }


def count_decisions(models: Sequence[tuple[AnomalyModel, float]], dataset: Dataset, split: str) -> list[DecisionCounts]:
    """Return the counts of each model, which share an extractor, at its threshold on the images of a split."""
    counts = [DecisionCounts() for _ in models]
    names = {c.id: c.name for c in dataset.classes}
    samples = dataset.split(split)
    for sample in with_progress(samples, len(samples), split):
        image = read_image(sample.image, sample.white_level)
        mask = read_mask(sample, image.shape)
        defect = np.isin(mask, dataset.defect_ids)
        nominal = ~defect & (mask != dataset.ignore_id)
        instances = np.where(defect, read_instances(sample, mask), 0)
        grids = distance_grids([model for model, _ in models], image, inside_of(sample, image.shape))
        for (model, threshold), grid, count in zip(models, grids, counts, strict=True):
            predicted = model.map_from(grid, (image.shape[0], image.shape[1])) >= threshold
            for number in np.unique(instances[instances > 0]).tolist():
                where = instances == number
                name = names[int(mask[where][0])]
                count.defects[name] = count.defects.get(name, 0) + 1
                count.found[name] = count.found.get(name, 0) + int(predicted[where].any())
            count.nominal_pixels += int(nominal.sum())
            count.raised_pixels += int((predicted & nominal).sum())
            if not defect.any():
                count.nominal_images += 1
                count.raised_images += int((predicted & nominal).any())
    return counts
