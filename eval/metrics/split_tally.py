"""Accumulation of the metrics of a split, image by image.

Only the score and the label of each image and the sums of each plate are kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from eval.metrics.bootstrap import PlateSums, plate_intervals
from eval.metrics.curve_points import precision_recall_points, score_histogram
from eval.metrics.curve_tally import CurveTally
from eval.metrics.defect_wise import DefectWiseTally, Instance, is_found, mean_recall, measure_instances
from eval.metrics.metric_values import MetricSums, class_metric_values, metric_values
from eval.metrics.pixel_counts import CLASS_IDS, PixelCounts, binary_counts, count_by_class
from eval.metrics.record import ClassMetrics, Intervals, Metrics, ThresholdCurves
from eval.metrics.settings import TallySettings
from eval.metrics.threshold_sweep import ThresholdSweep, sweep_thresholds
from eval.metrics.visibility import VisibilityTally, without_invisible
from training.data.dataset import DefectClass
from training.model.curves import weights_by_score
from training.prediction.findings import without_small

NO_VISIBILITY: Mapping[int, float] = MappingProxyType({})


@dataclass(frozen=True)
class ImageTally:
    """Counts and decision of one image."""

    counts: PixelCounts
    class_ids: tuple[int, ...]
    """Class ids in the mask, without the background and ignored pixels."""
    instances_found: int
    instances: int
    """Number of instances of defect classes."""
    predicted: npt.NDArray[np.bool_]
    """Decision (H, W), without small predictions; at a positive threshold also without ignored pixels."""
    predicted_by_class: dict[int, int]
    """Number of predicted pixels by class id, for the ids in the mask."""
    missed_by_class: dict[int, tuple[int, int]]
    """Numbers of missed (instances, pixels) by defect class id."""
    outcomes: tuple[tuple[Instance, bool], ...]
    """All counted instances, and whether each is found."""


class SplitTally:
    """Accumulator of anomaly maps and masks; compute() returns the metrics of the images added so far."""

    def __init__(
        self, classes: Sequence[DefectClass], ignore_id: int, threshold: float, settings: TallySettings
    ) -> None:
        self.all_classes = tuple(classes)
        self.classes = tuple(entry for entry in classes if entry.kind != "background")
        self.defect_ids = frozenset(entry.id for entry in classes if entry.kind == "defect")
        self.background_ids = frozenset(entry.id for entry in classes if entry.kind == "background")
        self.impurity_ids = frozenset(entry.id for entry in classes if entry.kind == "impurity")
        self.ignore_id = ignore_id
        self.threshold = threshold
        self.settings = settings
        self.by_class = np.zeros((2, CLASS_IDS), np.int64)
        self.defect_wise = DefectWiseTally((settings.minimum_coverage, *settings.coverages))
        self.visibility = VisibilityTally(settings.minimum_visibility)
        self.regions = 0
        self.curves = CurveTally()
        thresholds = sweep_thresholds(threshold, settings.sweep_octaves, settings.sweep_steps)
        self.sweep = ThresholdSweep(thresholds, (settings.minimum_coverage, *settings.coverages))
        self.plates: dict[str, PlateSums] = {}
        self.image_scores: list[float] = []
        self.image_labels: list[bool] = []

    def add(
        self,
        anomaly_map: npt.NDArray[np.float32],
        image_score: float,
        mask: npt.NDArray[np.uint8],
        instances: npt.NDArray[np.integer],
        plate: str,
        visibility: Mapping[int, float] = NO_VISIBILITY,
    ) -> ImageTally:
        """Add one image and return its counts.

        anomaly_map holds scores >= 0, mask holds class ids, and instances holds ids from 1 (0 for no instance); all
        have shape (H, W). plate names the plate that the bootstrap resamples as a whole. visibility is by instance id;
        the caller ignores what lies below the minimum. Raises ValueError if the shapes differ, an instance has two
        classes, or a defect pixel has no instance.
        """
        predicted = without_small(anomaly_map >= self.threshold, self.settings.minimum_prediction_size)
        by_class = count_by_class(predicted, mask)
        measured = measure_instances(predicted, instances, mask, self.ignore_id)
        defects = [entry for entry in measured if entry.class_id in self.defect_ids]
        counts = binary_counts(by_class, self.defect_ids, self.ignore_id)

        defect = np.isin(mask, list(self.defect_ids))
        if np.any(defect & (instances == 0)):
            raise ValueError("there are defect pixels without an instance; every defect must be an instance")

        defective = counts.true_positives + counts.false_negatives > 0
        counted = mask != self.ignore_id
        plate_sums = self.plates.setdefault(plate, PlateSums())
        self.by_class += by_class
        self.regions += len(defects)
        self.defect_wise.add(measured)
        outcomes = tuple((entry, is_found(entry, self.settings.minimum_coverage)) for entry in measured)
        self.visibility.add(outcomes, visibility)
        self.image_scores.append(image_score)
        self.image_labels.append(defective)
        plate_sums.by_class += by_class
        plate_sums.regions += len(defects)
        plate_sums.scores.append(image_score)
        plate_sums.labels.append(defective)
        for entry, found in outcomes:
            plate_sums.instances[0, entry.class_id] += 1
            plate_sums.instances[1, entry.class_id] += found
        self._add_scores(plate_sums, anomaly_map, mask, defect, counted, instances, defects)
        self.sweep.add(anomaly_map, mask, instances, counted, image_score, defective)
        present = [int(i) for i in np.flatnonzero(by_class[0]) if i != self.ignore_id]
        missed = [entry for entry, found in outcomes if entry.class_id in self.defect_ids and not found]
        return ImageTally(
            counts=counts,
            class_ids=tuple(i for i in present if i not in self.background_ids),
            instances_found=len(defects) - len(missed),
            instances=len(defects),
            predicted=predicted,
            predicted_by_class={i: int(by_class[1, i]) for i in present},
            missed_by_class={
                i: (sum(entry.class_id == i for entry in missed), int(by_class[0, i] - by_class[1, i]))
                for i in present
                if i in self.defect_ids
            },
            outcomes=outcomes,
        )

    def seen(
        self, mask: npt.NDArray[np.uint8], instances: npt.NDArray[np.integer], visibility: Mapping[int, float]
    ) -> npt.NDArray[np.uint8]:
        """Return an image's mask with the instances below the minimum visibility ignored, and count those."""
        seen = without_invisible(mask, instances, visibility, self.settings.minimum_visibility, self.ignore_id)
        self.visibility.ignored += seen.ignored
        return seen.mask

    def _add_scores(
        self,
        plate: PlateSums,
        anomaly_map: npt.NDArray[np.float32],
        mask: npt.NDArray[np.uint8],
        defect: npt.NDArray[np.bool_],
        counted: npt.NDArray[np.bool_],
        instances: npt.NDArray[np.integer],
        defects: Sequence[Instance],
    ) -> None:
        areas = np.zeros(int(instances.max(initial=0)) + 1, np.float64)
        for entry in defects:
            areas[entry.instance_id] = entry.area
        impurity = np.isin(mask, list(self.impurity_ids))
        scores = {
            "defect": anomaly_map[defect],
            "impurity": anomaly_map[impurity],
            "background": anomaly_map[counted & ~defect & ~impurity],
        }
        region_areas = areas[instances[defect]]
        self.curves.add(scores, region_areas)
        plate.add_scores(scores["defect"], anomaly_map[counted & ~defect], region_areas)

    def compute(self) -> Metrics:
        """Return the metrics over all images added so far."""
        settings = self.settings
        recalls = self.defect_wise.compute(entry.id for entry in self.classes)
        defect_recalls = [recalls[entry.id] for entry in self.classes if entry.id in self.defect_ids]
        mean_recalls = [mean_recall(r[k] for r in defect_recalls) for k in range(1 + len(settings.coverages))]
        positives, negatives, overlaps = self.curves.weights()
        sums = MetricSums(
            by_class=self.by_class,
            instances=np.stack([self.defect_wise.total, self.defect_wise.found[:, 0]]),
            images=weights_by_score(np.array(self.image_scores), np.array(self.image_labels, bool)),
            pixels=(positives, negatives),
            overlaps=overlaps,
            regions=self.regions,
        )
        by_class = {entry.id: class_metric_values(sums, entry.id) for entry in self.classes}
        intervals, class_intervals = plate_intervals(
            list(self.plates.values()),
            by_class.keys(),
            self.defect_ids,
            self.ignore_id,
            settings.aupro_limit,
            settings.bootstrap,
        )
        return Metrics(
            images=len(self.image_labels),
            anomalous_images=sum(self.image_labels),
            pixels=binary_counts(self.by_class, self.defect_ids, self.ignore_id),
            **metric_values(sums, self.defect_ids, self.ignore_id, settings.aupro_limit),
            minimum_coverage=settings.minimum_coverage,
            minimum_prediction_size=settings.minimum_prediction_size,
            coverages=settings.coverages,
            mean_recall_by_coverage=tuple(mean_recalls[1:]),
            aupro_limit=settings.aupro_limit,
            classes=tuple(
                ClassMetrics(
                    name=entry.name,
                    kind=entry.kind,
                    pixels=int(self.by_class[0, entry.id]),
                    instances=int(self.defect_wise.total[entry.id]),
                    **by_class[entry.id],
                    recall_by_coverage=tuple(recalls[entry.id][1:]),
                    intervals=class_intervals[entry.id],
                )
                for entry in self.classes
            ),
            intervals=Intervals(
                plates=len(self.plates),
                resamples=settings.bootstrap.resamples,
                confidence=settings.bootstrap.confidence,
                seed=settings.bootstrap.seed,
                values=intervals,
            ),
            visibility=self.visibility.compute(self.classes),
        )

    def threshold_curves(self) -> ThresholdCurves:
        """Return the threshold sweep, the precision-recall curve and the score histograms of the images so far."""
        positives, negatives, _ = self.curves.weights()
        return ThresholdCurves(
            sweep=self.sweep.compute(self.all_classes) if self.settings.minimum_prediction_size <= 1 else None,
            precision_recall=precision_recall_points(positives, negatives),
            score_histogram=score_histogram(self.curves.by_kind()),
        )
