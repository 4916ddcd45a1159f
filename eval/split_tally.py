"""Collects the figures of a split, image by image; of an image only its score and label stay, two numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.curve_tally import CurveTally
from eval.curves import aupro, auroc, average_precision, weights_by_score
from eval.defect_wise import DefectWiseTally, Instance, is_found, mean_recall, measure_instances
from eval.metrics import ClassMetrics, Metrics
from eval.pixel_counts import CLASS_IDS, PixelCounts, binary_counts, class_recall, count_by_class, f1, precision, recall
from training.dataset import DefectClass


@dataclass(frozen=True)
class ImageTally:
    """What one image adds."""

    counts: PixelCounts
    class_ids: tuple[int, ...]
    """Ids in the mask, without the background and the ignored."""
    instances_found: int
    instances: int
    """Of defect classes."""


class SplitTally:
    """Adds anomaly maps with their masks; compute() gives the figures so far."""

    def __init__(
        self,
        classes: Sequence[DefectClass],
        ignore_id: int,
        threshold: float,
        *,
        minimum_coverage: float,
        coverages: Sequence[float],
        aupro_limit: float,
    ) -> None:
        self.classes = tuple(entry for entry in classes if entry.kind != "background")
        self.defect_ids = frozenset(entry.id for entry in classes if entry.kind == "defect")
        self.background_ids = frozenset(entry.id for entry in classes if entry.kind == "background")
        self.ignore_id = ignore_id
        self.threshold = threshold
        self.coverages = tuple(coverages)
        self.minimum_coverage = minimum_coverage
        self.aupro_limit = aupro_limit
        self.by_class = np.zeros((2, CLASS_IDS), np.int64)
        self.defect_wise = DefectWiseTally((minimum_coverage, *self.coverages))
        self.curves = CurveTally()
        self.image_scores: list[float] = []
        self.image_labels: list[bool] = []

    def add(
        self,
        anomaly_map: npt.NDArray[np.float32],
        image_score: float,
        mask: npt.NDArray[np.uint8],
        instances: npt.NDArray[np.integer],
    ) -> ImageTally:
        """Add one image. anomaly_map (H, W) >= 0, mask (H, W) class ids, instances (H, W) ids from 1.

        Raises ValueError when the shapes differ, an instance has two classes or a defect pixel has no instance.
        """
        predicted = anomaly_map >= self.threshold
        by_class = count_by_class(predicted, mask)
        measured = measure_instances(predicted, instances, mask, self.ignore_id)
        defects = [entry for entry in measured if entry.class_id in self.defect_ids]
        counts = binary_counts(by_class, self.defect_ids, self.ignore_id)

        defect = np.isin(mask, list(self.defect_ids))
        if np.any(defect & (instances == 0)):
            raise ValueError("there are defect pixels without an instance; every defect is an instance")

        self.by_class += by_class
        self.defect_wise.add(measured)
        self._add_curves(anomaly_map, defect, mask != self.ignore_id, instances, defects)
        self.image_scores.append(image_score)
        self.image_labels.append(counts.true_positives + counts.false_negatives > 0)
        present = np.flatnonzero(by_class[0])
        return ImageTally(
            counts=counts,
            class_ids=tuple(int(i) for i in present if i != self.ignore_id and i not in self.background_ids),
            instances_found=sum(is_found(entry, self.minimum_coverage) for entry in defects),
            instances=len(defects),
        )

    def _add_curves(
        self,
        anomaly_map: npt.NDArray[np.float32],
        defect: npt.NDArray[np.bool_],
        counted: npt.NDArray[np.bool_],
        instances: npt.NDArray[np.integer],
        defects: Sequence[Instance],
    ) -> None:
        areas = np.zeros(int(instances.max(initial=0)) + 1, np.float64)
        for entry in defects:
            areas[entry.instance_id] = entry.area
        self.curves.add(
            positives=anomaly_map[defect],
            negatives=anomaly_map[~defect & counted],
            region_scores=anomaly_map[defect],
            region_areas=areas[instances[defect]],
            regions=len(defects),
        )

    def compute(self) -> Metrics:
        """The figures over all images added so far."""
        counts = binary_counts(self.by_class, self.defect_ids, self.ignore_id)
        recalls = self.defect_wise.compute(entry.id for entry in self.classes)
        defect_recalls = [recalls[entry.id] for entry in self.classes if entry.id in self.defect_ids]
        mean_recalls = [mean_recall(r[k] for r in defect_recalls) for k in range(1 + len(self.coverages))]
        images = weights_by_score(np.array(self.image_scores), np.array(self.image_labels, bool))
        positives, negatives, overlaps = self.curves.weights()
        return Metrics(
            images=len(self.image_labels),
            anomalous_images=sum(self.image_labels),
            pixels=counts,
            pixel_precision=precision(counts),
            pixel_recall=recall(counts),
            pixel_f1=f1(counts),
            mean_defect_wise_recall=mean_recalls[0],
            minimum_coverage=self.minimum_coverage,
            coverages=self.coverages,
            mean_recall_by_coverage=tuple(mean_recalls[1:]),
            image_auroc=auroc(*images),
            image_average_precision=average_precision(*images),
            pixel_auroc=auroc(positives, negatives),
            pixel_average_precision=average_precision(positives, negatives),
            aupro=aupro(overlaps, self.curves.regions, negatives, self.aupro_limit),
            aupro_limit=self.aupro_limit,
            classes=tuple(
                ClassMetrics(
                    name=entry.name,
                    kind=entry.kind,
                    pixels=int(self.by_class[0, entry.id]),
                    pixel_recall=class_recall(self.by_class, entry.id),
                    instances=int(self.defect_wise.total[entry.id]),
                    defect_wise_recall=recalls[entry.id][0],
                    recall_by_coverage=tuple(recalls[entry.id][1:]),
                )
                for entry in self.classes
            ),
        )
