"""Collecting a coreset: epochs over a stream of patches until one of them changes nothing (paper, section IV)."""

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from training.checkpoint import Checkpoint, Tensors
from training.coreset import SequentialCoreset
from training.filling import Reservoir
from training.user_error import UserError

log = logging.getLogger(__name__)


class Patches(Protocol):
    """The patches of one image: features (N, C) float32, rows of ``width``, and how many were left out."""

    @property
    def features(self) -> NDArray[np.float32]: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def ignored(self) -> int: ...  # noqa: D102


Stream = Callable[[int, int], Iterable[Patches]]
"""stream(epoch, first): the images of an epoch, both counted from 0, from number ``first`` on."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch did; smallest_distance is the paper's d_m at its end."""

    patches: int
    ignored: int
    replacements: int
    smallest_distance: float


@dataclass
class RunningEpoch:
    """What is known of an epoch after some of its images."""

    images: int = 0
    patches: int = 0
    ignored: int = 0
    replacements: int = 0
    squared_radius: float | None = None
    """The largest squared distance of its patches to the coreset, while that has been full and has not changed."""


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

    def run(self, stream: Stream, limit: int, measure: bool, checkpoint: Checkpoint | None = None) -> Certificate:
        """Run ``stream`` through the coreset, at most ``limit`` times; stop early after an epoch without replacement.

        ``measure`` asks for the covering radius, which costs another pass where the last epoch made replacements. Goes
        on where a restored state stopped. Raises UserError where the first epoch has too few patches to fill the
        coreset.
        """
        if limit < 1:
            raise UserError(f"coreset.epochs {limit} must be at least 1")
        while not self._is_done(limit):
            self._pass(stream, len(self.epochs), self._train_on, checkpoint)
            self._end_epoch()
        if measure and self.running.squared_radius is None:
            if self.running.images == 0:
                log.info("The last epoch changed the coreset: its covering radius takes another pass")
            self._pass(stream, len(self.epochs) - 1, self._measure_on, checkpoint)
        squared = self.running.squared_radius if measure else None
        radius = None if squared is None else math.sqrt(squared)
        converged = self.epochs[-1].replacements == 0
        return Certificate(self.coreset.smallest_distance, radius, converged)
