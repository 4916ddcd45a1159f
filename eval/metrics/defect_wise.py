"""Defect-wise recall: the found share of the instances, counted per image (paper, section V-B and appendix C)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.metrics.pixel_counts import CLASS_IDS, ratio


@dataclass(frozen=True)
class Instance:
    """One defect or impurity of one image; area and predicted count all of its pixels and the predicted ones."""

    instance_id: int
    class_id: int
    area: int
    predicted: int

    @property
    def coverage(self) -> float:
        """Predicted share of the instance's pixels, in [0, 1]."""
        return self.predicted / self.area


def measure_instances(
    predicted: npt.NDArray[np.bool_], instances: npt.NDArray[np.integer], mask: npt.NDArray[np.uint8], ignore_id: int
) -> list[Instance]:
    """Measure the coverage of every instance of one image.

    predicted, instances (ids from 1; 0 for no instance) and mask (class ids) have shape (H, W). Ignored pixels belong
    to no instance. An instance with only ignored pixels is not counted. Raises ValueError if an instance has pixels of
    two classes.
    """
    inside = (instances > 0) & (mask != ignore_id)
    # One key per (instance, class) pair lets a single bincount measure all instances.
    keys = instances[inside].astype(np.int64) * CLASS_IDS + mask[inside]
    pairs, inverse, areas = np.unique(keys, return_inverse=True, return_counts=True)
    hits = np.bincount(inverse.ravel()[predicted[inside]], minlength=len(pairs))
    measured: dict[int, Instance] = {}
    for pair, area, hit in zip(pairs.tolist(), areas.tolist(), hits.tolist(), strict=True):
        instance_id, class_id = divmod(pair, CLASS_IDS)
        if instance_id in measured:
            both = f"{measured[instance_id].class_id} and {class_id}"
            raise ValueError(f"instance {instance_id} has pixels of classes {both}; an instance must have one class")
        measured[instance_id] = Instance(instance_id, class_id, area, hit)
    return list(measured.values())


def is_found(instance: Instance, minimum_coverage: float) -> bool:
    """Return True if the instance is found: at least one predicted pixel, and coverage >= minimum_coverage."""
    return instance.predicted > 0 and instance.coverage >= minimum_coverage


def mean_recall(recalls: Iterable[float | None]) -> float | None:
    """Return the mean of the measured recalls (mR_DW if given the defect classes); None if no recall was measured."""
    measured = [recall for recall in recalls if recall is not None]
    return ratio(sum(measured), len(measured))


class DefectWiseTally:
    """Counter of all and of found instances per class at several minimum coverages, in constant memory."""

    def __init__(self, minimum_coverages: Sequence[float]) -> None:
        self.minimum_coverages = tuple(minimum_coverages)
        self.found = np.zeros((CLASS_IDS, len(self.minimum_coverages)), np.int64)
        self.total = np.zeros(CLASS_IDS, np.int64)

    def add(self, instances: Iterable[Instance]) -> None:
        """Add the instances of one image."""
        for instance in instances:
            self.total[instance.class_id] += 1
            self.found[instance.class_id] += [is_found(instance, minimum) for minimum in self.minimum_coverages]

    def compute(self, class_ids: Iterable[int]) -> Mapping[int, list[float | None]]:
        """Return the recall of each class at each minimum coverage; None for a class without instances."""
        return {
            class_id: [ratio(int(found), int(self.total[class_id])) for found in self.found[class_id]]
            for class_id in class_ids
        }
