"""Defect-wise recall: how many of the instances are found, counted per image (paper, section V-B and appendix C)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.metrics.pixel_counts import CLASS_IDS, ratio


@dataclass(frozen=True)
class Instance:
    """One defect or impurity of one image: its class, its pixels, and how many of them are predicted."""

    instance_id: int
    class_id: int
    area: int
    predicted: int

    @property
    def coverage(self) -> float:
        """Predicted share of the instance's pixels, in (0, 1] when anything is predicted."""
        return self.predicted / self.area


def measure_instances(
    predicted: npt.NDArray[np.bool_], instances: npt.NDArray[np.integer], mask: npt.NDArray[np.uint8], ignore_id: int
) -> list[Instance]:
    """Measure the coverage of every instance of one image.

    predicted, instances (ids from 1, 0 is none) and mask (class ids) are (H, W). Ignored pixels belong to no
    instance; an instance that lies wholly in ignored pixels is not counted. Raises ValueError when an instance has
    pixels of two classes.
    """
    inside = (instances > 0) & (mask != ignore_id)
    # One key per (instance, class) pair, so that a single bincount measures all of them.
    keys = instances[inside].astype(np.int64) * CLASS_IDS + mask[inside]
    pairs, inverse, areas = np.unique(keys, return_inverse=True, return_counts=True)
    hits = np.bincount(inverse.ravel()[predicted[inside]], minlength=len(pairs))
    measured: dict[int, Instance] = {}
    for pair, area, hit in zip(pairs.tolist(), areas.tolist(), hits.tolist(), strict=True):
        instance_id, class_id = divmod(pair, CLASS_IDS)
        if instance_id in measured:
            both = f"{measured[instance_id].class_id} and {class_id}"
            raise ValueError(f"instance {instance_id} has pixels of classes {both}; an instance has one class")
        measured[instance_id] = Instance(instance_id, class_id, area, hit)
    return list(measured.values())


def is_found(instance: Instance, minimum_coverage: float) -> bool:
    """Whether the instance counts as detected: one predicted pixel at minimum_coverage 0, else coverage >=
    minimum_coverage.
    """
    return instance.predicted > 0 and instance.coverage >= minimum_coverage


def mean_recall(recalls: Iterable[float | None]) -> float | None:
    """Mean over the classes that were measured (mR_DW when given the defect classes); None when none was."""
    measured = [recall for recall in recalls if recall is not None]
    return ratio(sum(measured), len(measured))


class DefectWiseTally:
    """Counts found and existing instances per class at several minimum coverages; its size does not depend on the
    images.
    """

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
        """Recall of each class at each minimum coverage; None where the class has no instance."""
        return {
            class_id: [ratio(int(found), int(self.total[class_id])) for found in self.found[class_id]]
            for class_id in class_ids
        }
