"""Collecting a coreset: epochs over a stream of patches until one of them changes nothing (paper, section IV)."""

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from training.coreset.checkpoint import Checkpoint, Tensors
from training.coreset.reservoir import Reservoir
from training.coreset.sequential import SequentialCoreset
from training.support.user_error import UserError

log = logging.getLogger(__name__)


class Patches(Protocol):
    """The patches of one image, or of a strip of it: features (N, C) float32, rows of ``width``, how many were left
    out, and whether the image ends with them.
    """

    @property
    def features(self) -> NDArray[np.float32]: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def ignored(self) -> int: ...  # noqa: D102
    @property
    def ends_image(self) -> bool: ...  # noqa: D102


Stream = Callable[[int, int], Iterable[Patches]]
"""stream(epoch, first): the images of an epoch, both counted from 0, from number ``first`` on."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch did; smallest_distance is the paper's d_m at its end."""

    patches: int
    ignored: int
    replacements: int
    tested: bool
    """Whether the coreset was full when it began: only then does an epoch without replacement end the training."""
    smallest_distance: float


@dataclass
class RunningEpoch:
    """What is known of an epoch after some of its images."""

    images: int = 0
    patches: int = 0
    ignored: int = 0
    replacements: int = 0
    tested: bool = False
    """Whether the coreset was full when it began, so that every patch is tested by the rule."""
    squared_radius: float | None = None
    """The largest squared distance of its patches to the coreset, as long as that has been full and unchanged."""


@dataclass(frozen=True)
class Certificate:
    """What the members promise about the patches of the last epoch, as distances.

    Members lie at least ``smallest_distance`` apart. Every patch lies within ``covering_radius`` of one (None: not
    measured). After an epoch without replacement (``converged``) the radius is at most the smallest distance, and so
    at most twice the smallest radius that any M points could have: M + 1 points, the farthest patch and the members,
    are at least the radius apart, and two of them must share the nearest of those M points.
    """

    smallest_distance: float
    covering_radius: float | None
    converged: bool


@dataclass
class Collection:
    """A coreset on its way through the epochs; all of its state can be saved after any image."""

    coreset: SequentialCoreset
    reservoir: Reservoir | None = None
    """Where given, the first epoch only samples what fills the coreset."""
    epochs: list[Epoch] = field(default_factory=list)
    running: RunningEpoch = field(default_factory=RunningEpoch)
    _within_image: bool = field(default=False, init=False)

    def run(self, stream: Stream, limit: int, measure: bool, checkpoint: Checkpoint | None = None) -> Certificate:
        """Run ``stream`` through the coreset, at most ``limit`` times; stop early after an epoch without replacement.

        ``measure`` asks for the covering radius, which costs another pass where the last epoch made replacements. Goes
        on where a restored state stopped. Raises UserError where the first epoch has too few patches to fill the
        coreset.
        """
        if limit < 1:
            raise UserError(f"coreset.epochs {limit} must be at least 1")
        try:
            return self._run(stream, limit, measure, checkpoint)
        except UserError as error:  # it mostly comes between two images; an interruption may come within one
            if checkpoint is None or self._within_image or not (self.epochs or self.running.images):
                raise
            checkpoint.save(*self.state())
            raise checkpoint.told(error) from error

    def state(self) -> tuple[Tensors, dict[str, Any]]:
        """Return arrays and JSON from which ``restore`` continues to the same bits."""
        sampled = self.coreset.features[:0] if self.reservoir is None else self.reservoir.rows
        counts = {
            "patches_seen": self.coreset.patches_seen,
            "replacements": self.coreset.replacements,
            "offered": 0 if self.reservoir is None else self.reservoir.offered,
        }
        epochs = [asdict(epoch) for epoch in self.epochs]
        running = asdict(self.running)
        return {"members": self.coreset.features, "reservoir": sampled}, {
            **counts,
            "epochs": epochs,
            "running": running,
        }

    def restore(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Take over what ``state`` returned."""
        self.coreset.restore(tensors["members"], state["patches_seen"], state["replacements"])
        if self.reservoir is not None:
            self.reservoir.rows, self.reservoir.offered = tensors["reservoir"].copy(), state["offered"]
        self.epochs = [Epoch(**epoch) for epoch in state["epochs"]]
        self.running = RunningEpoch(**state["running"])

    def _run(self, stream: Stream, limit: int, measure: bool, checkpoint: Checkpoint | None) -> Certificate:
        while len(self.epochs) < limit and not self._converged:
            if self.running.images == 0:
                full = self.coreset.is_full
                self.running = RunningEpoch(tested=full, squared_radius=0.0 if full and measure else None)
            self._pass(stream, len(self.epochs), self._train_on, checkpoint)
            self._end_epoch()
        if measure and (self.running.squared_radius is None or self.running.images):
            log.info("The last epoch changed the coreset: one more pass measures its covering radius")
            self._pass(stream, len(self.epochs) - 1, self._measure_on, checkpoint)
            self.running.images = 0
        squared = self.running.squared_radius if measure else None
        radius = None if squared is None else math.sqrt(squared)
        return Certificate(self.coreset.smallest_distance, radius, self._converged)

    @property
    def _converged(self) -> bool:
        return bool(self.epochs) and self.epochs[-1].tested and self.epochs[-1].replacements == 0

    def _pass(self, stream: Stream, epoch: int, step: Callable[[Patches], None], checkpoint: Checkpoint | None) -> None:
        for image in stream(epoch, self.running.images):
            step(image)
            self._within_image = not image.ends_image
            if self._within_image:
                continue
            self.running.images += 1
            if checkpoint is not None and checkpoint.is_due():
                checkpoint.save(*self.state())

    def _train_on(self, image: Patches) -> None:
        running = self.running
        if self.reservoir is not None and not self.coreset.is_full:
            self.reservoir.offer(image.features)
        else:
            running.replacements += len(self.coreset.update(image.features, image.width))
        running.patches += len(image.features)
        running.ignored += image.ignored
        if running.replacements:
            running.squared_radius = None
        if running.squared_radius is not None:
            self._measure_on(image)

    def _measure_on(self, image: Patches) -> None:
        so_far = self.running.squared_radius or 0.0
        self.running.squared_radius = self.coreset.cover(image.features, image.width, so_far)

    def _end_epoch(self) -> None:
        if self.reservoir is not None and not self.coreset.is_full:
            self.coreset.update(self.reservoir.rows)
        if not self.coreset.is_full:
            raise UserError(
                f"too few patches to fill the coreset: {len(self.coreset.features)} for "
                f"coreset.size={self.coreset.size}; give more or larger images, or a smaller coreset.size"
            )
        running = self.running
        done = Epoch(
            running.patches, running.ignored, running.replacements, running.tested, self.coreset.smallest_distance
        )
        self.epochs.append(done)
        self.running = RunningEpoch(squared_radius=running.squared_radius)
        log.info(
            "Epoch %d: %d patches (%d more ignored), %d replacements, smallest distance in the coreset %.6g",
            *(len(self.epochs), done.patches, done.ignored, done.replacements, done.smallest_distance),
        )
