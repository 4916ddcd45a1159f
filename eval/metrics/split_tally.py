"""Collects the figures of a split, image by image; of an image only its score and label stay, and its plate's sums."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from eval.metrics.bootstrap import BootstrapSettings, PlateSums, plate_intervals
from eval.metrics.curve_points import precision_recall_points, score_histogram
from eval.metrics.curve_tally import CurveTally
from eval.metrics.curves import weights_by_score
from eval.metrics.defect_wise import DefectWiseTally, Instance, is_found, mean_recall, measure_instances
from eval.metrics.figures import Sums, class_figures, figures
from eval.metrics.pixel_counts import CLASS_IDS, PixelCounts, binary_counts, count_by_class
from eval.metrics.record import ClassMetrics, Intervals, Metrics, ThresholdCurves
from eval.metrics.threshold_sweep import ThresholdSweep, sweep_thresholds
from training.data.dataset import DefectClass
from training.prediction.findings import without_small


@dataclass(frozen=True)
class TallySettings:
    """What is counted (conf/evaluate.yaml)."""

    minimum_coverage: float
    """Share of an instance from which it is found; 0: one pixel."""
    coverages: tuple[float, ...]
    """Of the coverage curve."""
    aupro_limit: float
    minimum_prediction_size: int
    """Connected predictions of fewer pixels count as not predicted."""
    sweep_octaves: float
    sweep_steps: int
    """Thresholds per octave."""
    bootstrap: BootstrapSettings


@dataclass(frozen=True)
class ImageTally:
    """What one image adds."""

    counts: PixelCounts
    class_ids: tuple[int, ...]
    """Ids in the mask, without the background and the ignored."""
    instances_found: int
    instances: int
    """Of defect classes."""
    predicted: npt.NDArray[np.bool_]
    """(H, W): the decision, without predictions that are too small and, at a positive threshold, ignored pixels."""
    predicted_by_class: dict[int, int]
    """Predicted pixels by class id, of ids in the mask."""
    missed_by_class: dict[int, tuple[int, int]]
    """Missed (instances, pixels) by defect class id."""


class SplitTally:
    """Adds anomaly maps with their masks; compute() gives the figures so far."""

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
    ) -> ImageTally:
        """Add one image. anomaly_map (H, W) >= 0, mask (H, W) class ids, instances (H, W) ids from 1; plate is what the
        bootstrap draws as a whole.

        Raises ValueError when the shapes differ, an instance has two classes or a defect pixel has no instance.
        """
        predicted = without_small(anomaly_map >= self.threshold, self.settings.minimum_prediction_size)
        by_class = count_by_class(predicted, mask)
        measured = measure_instances(predicted, instances, mask, self.ignore_id)
        defects = [entry for entry in measured if entry.class_id in self.defect_ids]
        counts = binary_counts(by_class, self.defect_ids, self.ignore_id)

        defect = np.isin(mask, list(self.defect_ids))
        if np.any(defect & (instances == 0)):
            raise ValueError("there are defect pixels without an instance; every defect is an instance")

        defective = counts.true_positives + counts.false_negatives > 0
        counted = mask != self.ignore_id
        own = self.plates.setdefault(plate, PlateSums())
        self.by_class += by_class
        self.regions += len(defects)
        self.defect_wise.add(measured)
        self.image_scores.append(image_score)
        self.image_labels.append(defective)
        own.by_class += by_class
        own.regions += len(defects)
        own.scores.append(image_score)
        own.labels.append(defective)
        for entry in measured:
            own.instances[0, entry.class_id] += 1
            own.instances[1, entry.class_id] += is_found(entry, self.settings.minimum_coverage)
        self._add_scores(own, anomaly_map, mask, defect, counted, instances, defects)
        self.sweep.add(anomaly_map, mask, instances, counted, image_score, defective)
        present = [int(i) for i in np.flatnonzero(by_class[0]) if i != self.ignore_id]
        missed = [entry for entry in defects if not is_found(entry, self.settings.minimum_coverage)]
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
        )

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
        """The figures over all images added so far."""
        settings = self.settings
        recalls = self.defect_wise.compute(entry.id for entry in self.classes)
        defect_recalls = [recalls[entry.id] for entry in self.classes if entry.id in self.defect_ids]
        mean_recalls = [mean_recall(r[k] for r in defect_recalls) for k in range(1 + len(settings.coverages))]
        positives, negatives, overlaps = self.curves.weights()
        sums = Sums(
            by_class=self.by_class,
            instances=np.stack([self.defect_wise.total, self.defect_wise.found[:, 0]]),
            images=weights_by_score(np.array(self.image_scores), np.array(self.image_labels, bool)),
            pixels=(positives, negatives),
            overlaps=overlaps,
            regions=self.regions,
        )
        by_class = {entry.id: class_figures(sums, entry.id) for entry in self.classes}
        general, of_classes = plate_intervals(
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
            **figures(sums, self.defect_ids, self.ignore_id, settings.aupro_limit),
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
                    intervals=of_classes[entry.id],
                )
                for entry in self.classes
            ),
            intervals=Intervals(
                plates=len(self.plates),
                resamples=settings.bootstrap.resamples,
                confidence=settings.bootstrap.confidence,
                seed=settings.bootstrap.seed,
                values=general,
            ),
        )

    def threshold_curves(self) -> ThresholdCurves:
        """What stands beside the figures: other thresholds, the precision-recall curve, histograms of scores."""
        positives, negatives, _ = self.curves.weights()
        return ThresholdCurves(
            sweep=self.sweep.compute(self.all_classes) if self.settings.minimum_prediction_size <= 1 else None,
            precision_recall=precision_recall_points(positives, negatives),
            score_histogram=score_histogram(self.curves.by_kind()),
        )
