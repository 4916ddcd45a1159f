"""Batches of training examples; each example depends on (seed, step, place in the batch) only."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from training.anomaly_synthesis.nominal_images import NominalImages
from training.anomaly_synthesis.settings import SynthesisSettings
from training.anomaly_synthesis.sources import OpenedSources
from training.anomaly_synthesis.synthesis import Example, draw_change, draw_params, synthesise
from training.anomaly_synthesis.view import Nominal, draw_view_params, viewed
from training.defect_map.settings import DefectMapSettings

_REDRAWS = 3


class Batch(NamedTuple):
    """``image`` and ``target`` (B, 3, H, W) float32 in 0..1, ``label`` (B, 1, H, W) uint8: 0, 1, or 255 for ignored."""

    image: Tensor
    target: Tensor
    label: Tensor


class ExampleMaker:
    """The examples of a training, by step and place."""

    def __init__(
        self,
        images: NominalImages,
        sources: OpenedSources,
        synthesis: SynthesisSettings,
        settings: DefectMapSettings,
    ) -> None:
        self._images, self._sources, self._synthesis = images, sources, synthesis
        self._optimisation, self._seed, self._border = settings.optimisation, settings.seed, settings.map.border

    @property
    def size(self) -> int:
        """The number of examples in a batch."""
        return self._optimisation.batch

    def example(self, step: int, place: int) -> Example:
        """Return one example. A change that cannot be seen anywhere is drawn again, up to three times."""
        rng = self._generator(step, place)
        nominal, number = self._view(step, place, rng)
        progress = step / self._optimisation.steps
        params = draw_params(rng, self._synthesis, progress)
        example = synthesise(nominal, number, params, self._sources.by_kind, self._synthesis)
        for _ in range(_REDRAWS):
            if params is None or (example.label == 1).any() or (example.target != nominal.image).any():
                break
            params = draw_change(rng, self._synthesis, progress)
            example = synthesise(nominal, number, params, self._sources.by_kind, self._synthesis)
        return example

    def nominal(self, step: int, place: int) -> Nominal:
        """Return what an example shows before it is changed."""
        return self._view(step, place, self._generator(step, place))[0]

    def _generator(self, step: int, place: int) -> np.random.Generator:
        return np.random.default_rng([self._seed, 0, step, place])

    def _view(self, step: int, place: int, rng: np.random.Generator) -> tuple[Nominal, int]:
        """Return a view of a train image and its number. Images take turns, in an order drawn for each round."""
        course = self._optimisation
        around, position = divmod(step * course.batch + place, len(self._images))
        order = np.random.default_rng([self._seed, 1, around]).permutation(len(self._images))
        number = int(order[position])
        params = draw_view_params(rng, self._synthesis.sound)
        return viewed(self._images[number], params, (course.crop, course.crop), self._border), number

    def batch(self, step: int) -> Batch:
        """Return the batch of a step."""
        return batch_of([self.example(step, place) for place in range(self._optimisation.batch)])

    def batches(self, steps: range) -> Iterator[Batch]:
        """Yield each step's batch; the next is made meanwhile."""
        with ThreadPoolExecutor(1) as pool:
            coming = [pool.submit(self.batch, step) for step in steps[:1]]
            for step in steps:
                batch = coming.pop().result()
                coming = [pool.submit(self.batch, after) for after in range(step + 1, min(step + 2, steps.stop))]
                yield batch


def batch_of(examples: list[Example]) -> Batch:
    """Return examples of one size as tensors."""
    image, target = (
        torch.from_numpy(np.stack([example[part] for example in examples])).permute(0, 3, 1, 2).float() / 255
        for part in (0, 1)
    )
    return Batch(image, target, torch.from_numpy(np.stack([example.label for example in examples]))[:, None])
