"""Accumulation of hits and misses with the size of each instance, image by image."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from eval.metrics.defect_wise import Instance
from eval.metrics.settings import BootstrapSettings
from eval.pod.curve import describe, pod_curve
from eval.pod.record import VISIBILITY, Pod, PodCurve
from training.data.dataset import DefectClass
from training.data.instance_sizes import QUANTITIES, InstanceSize
from training.support.progress import with_progress


class _Outcome(NamedTuple):
    size: float
    found: bool
    plate: str


class PodTally:
    """Accumulator of all instances of a split; compute() returns their curves."""

    def __init__(self) -> None:
        self.instances: Counter[int] = Counter()
        self.outcomes: dict[tuple[int, str], list[_Outcome]] = {}

    def add(
        self,
        outcomes: Iterable[tuple[Instance, bool]],
        plate: str,
        sizes: Iterable[InstanceSize],
        visibility: Mapping[int, float],
    ) -> None:
        """Add the instances of one image and whether each is found.

        visibility is by instance id; sizes without an instance, such as an ignored one, are not counted.
        """
        by_instance = {instance.instance_id: (instance.class_id, found) for instance, found in outcomes}
        self.instances.update(class_id for class_id, _ in by_instance.values())
        quantities = [(size.instance_id, size.quantity, size.metres) for size in sizes]
        quantities += [(number, VISIBILITY, value) for number, value in visibility.items()]
        for number, quantity, value in quantities:
            if number in by_instance and value > 0:  # a size of 0 has no logarithm; `unknown` counts it
                class_id, found = by_instance[number]
                self.outcomes.setdefault((class_id, quantity), []).append(_Outcome(value, found, plate))

    def compute(self, classes: Iterable[DefectClass], settings: BootstrapSettings) -> Pod:
        """Return the curves of all classes and quantities that occur, and the classes without a size."""
        shown = [entry for entry in classes if entry.kind != "background" and self.instances[entry.id]]
        rows = [
            (entry, quantity)
            for entry in shown
            for quantity in (*QUANTITIES, VISIBILITY)
            if (entry.id, quantity) in self.outcomes
        ]
        return Pod(
            curves=tuple(
                self._curve(entry, quantity, settings)
                for entry, quantity in with_progress(rows, len(rows), "probability of detection")
            ),
            without_size=tuple(
                entry.name
                for entry in shown
                if not any((entry.id, quantity) in self.outcomes for quantity in QUANTITIES)
            ),
        )

    def _curve(self, entry: DefectClass, quantity: str, settings: BootstrapSettings) -> PodCurve:
        outcomes = self.outcomes[entry.id, quantity]
        sizes = np.array([outcome.size for outcome in outcomes], np.float64)
        hits = np.array([outcome.found for outcome in outcomes], np.bool_)
        names, plates = np.unique([outcome.plate for outcome in outcomes], return_inverse=True)
        unknown = self.instances[entry.id] - len(outcomes)
        described = describe(entry.name, entry.kind, quantity, unknown, sizes, hits, len(names))
        return pod_curve(described, sizes, hits, plates.ravel(), settings)
