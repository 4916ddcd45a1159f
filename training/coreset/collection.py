"""Collection of a coreset: epochs over a stream of patches until one makes no replacement (paper, section IV)."""

import logging
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from training.coreset.checkpoint import Checkpoint, Tensors
from training.coreset.origins import UNKNOWN, Origins
from training.coreset.reservoir import Reservoir
from training.coreset.sequential import SequentialCoreset
from training.coreset.support import SupportCount
from training.support.user_error import UserError

log = logging.getLogger(__name__)


class Patches(Protocol):
    """The patches of one image or of a strip of it.

    Holds features (N, C) float32, the number of patches in a row (``width``), the number of patches left out
    (``ignored``), whether these are the image's last patches, the image's number, and the patches' centres (N, 2), x
    and y [pixels]; None where nobody asks for them.
    """

    @property
    def features(self) -> NDArray[np.float32]: ...  # noqa: D102
    @property
    def width(self) -> int: ...  # noqa: D102
    @property
    def ignored(self) -> int: ...  # noqa: D102
    @property
    def ends_image(self) -> bool: ...  # noqa: D102
    @property
    def image(self) -> int: ...  # noqa: D102
    @property
    def places(self) -> NDArray[np.float32] | None: ...  # noqa: D102


Stream = Callable[[int, int], Iterable[Patches]]
"""``stream(epoch, first)`` yields the images of an epoch from number ``first`` on; both count from 0."""


@dataclass(frozen=True)
class Epoch:
    """The counts of one epoch; ``smallest_distance`` is the paper's d_m at its end."""

    patches: int
    ignored: int
    replacements: int
    tested: bool
    """True if the coreset was full at the start; only such an epoch can end the training by making no replacement."""
    smallest_distance: float


@dataclass
class RunningEpoch:
    """The state of an epoch after some of its images."""

    images: int = 0
    patches: int = 0
    ignored: int = 0
    replacements: int = 0
    tested: bool = False
    """True if the coreset was full at the start, so that the rule tests every patch."""
    squared_radius: float | None = None
    """The largest squared distance of the epoch's patches to the coreset; None unless it was full and unchanged so far.
    """


@dataclass(frozen=True)
class Certificate:
    """Guarantees of the members about the patches of the last epoch, as distances.

    Members lie at least ``smallest_distance`` apart. Every patch lies within ``covering_radius`` of a member (None: not
    measured). After an epoch without replacement (``converged``) the radius is at most the smallest distance. It is
    then at most twice the smallest radius that any M points could have: the farthest patch and the M members are M + 1
    points that lie at least the radius apart, and two of them must share the nearest of those M points.
    """

    smallest_distance: float
    covering_radius: float | None
    converged: bool


@dataclass
class Collection:
    """A coreset during its epochs; the whole state can be saved after any image."""

    coreset: SequentialCoreset
    reservoir: Reservoir | None = None
    """If given, the first epoch only draws the sample that fills the coreset."""
    images: int = 0
    """Number of images of an epoch, for the leave-one-out scores."""
    counts_support: bool = False
    """True if the pass that measures the covering radius also counts the members' support."""
    origins: Origins = field(init=False)
    """The origins of the members."""
    support: SupportCount = field(init=False)
    """The count of the members' support; valid once a run with ``measure`` and ``counts_support`` has ended."""
    epochs: list[Epoch] = field(default_factory=list)
    running: RunningEpoch = field(default_factory=RunningEpoch)
    _within_image: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        self.origins = Origins.unknown(self.coreset.size)
        self.support = self._no_support()
        self._drawn = Origins.unknown(0 if self.reservoir is None else self.reservoir.size)

    def begin_with(self, features: NDArray[np.float32], origins: Origins) -> None:
        """Pass the members (N, C) of another coreset through the rule before any image."""
        replaced = self.coreset.update(features)
        self.origins.put(0, origins.taken(slice(0, self.coreset.size)))
        self.origins.numbers[replaced[:, 1]] = origins.numbers[replaced[:, 0]]
        self.origins.places[replaced[:, 1]] = origins.places[replaced[:, 0]]

    def run(self, stream: Stream, limit: int, measure: bool, checkpoint: Checkpoint | None = None) -> Certificate:
        """Pass ``stream`` through the coreset for at most ``limit`` epochs, or until an epoch makes no replacement.

        ``measure`` requests the covering radius. It costs one more pass if the last epoch made replacements. A restored
        collection continues where its saved state stopped. Raises UserError if the first epoch has too few patches to
        fill the coreset.
        """
        if limit < 1:
            raise UserError(f"coreset.epochs {limit} must be at least 1")
        try:
            return self._run(stream, limit, measure, checkpoint)
        except UserError as error:  # an interruption may come within an image; only whole images are saved
            if checkpoint is None or self._within_image or not (self.epochs or self.running.images):
                raise
            checkpoint.save(*self.state())
            raise checkpoint.with_advice(error) from error

    def state(self) -> tuple[Tensors, dict[str, Any]]:
        """Return arrays and JSON from which ``restore`` continues bit for bit."""
        sampled = self.coreset.features[:0] if self.reservoir is None else self.reservoir.rows
        counts = {
            "patches_seen": self.coreset.patches_seen,
            "replacements": self.coreset.replacements,
            "offered": 0 if self.reservoir is None else self.reservoir.offered,
        }
        epochs = [asdict(epoch) for epoch in self.epochs]
        running = asdict(self.running)
        return {
            "members": self.coreset.features,
            "member_numbers": self.origins.numbers,
            "member_places": self.origins.places,
            "reservoir": sampled,
            "reservoir_numbers": self._drawn.numbers,
            "reservoir_places": self._drawn.places,
            "supports": self.support.supports,
            "company": self.support.company,
            "scores": self.support.scores,
        }, {
            **counts,
            "epochs": epochs,
            "running": running,
        }

    def restore(self, tensors: Tensors, state: dict[str, Any]) -> None:
        """Restore the state that ``state`` returned."""
        self.coreset.restore(tensors["members"], state["patches_seen"], state["replacements"])
        self.origins = Origins(tensors["member_numbers"].copy(), tensors["member_places"].copy())
        self._drawn = Origins(tensors["reservoir_numbers"].copy(), tensors["reservoir_places"].copy())
        self.support.restore(tensors["supports"], tensors["company"], tensors["scores"])
        if self.reservoir is not None:
            self.reservoir.rows, self.reservoir.offered = tensors["reservoir"].copy(), state["offered"]
        self.epochs = [Epoch(**epoch) for epoch in state["epochs"]]
        self.running = RunningEpoch(**state["running"])

    def _run(self, stream: Stream, limit: int, measure: bool, checkpoint: Checkpoint | None) -> Certificate:
        while len(self.epochs) < limit and not self._converged:
            if self.running.images == 0:
                full = self.coreset.is_full
                self.running = RunningEpoch(tested=full, squared_radius=0.0 if full and measure else None)
                self.support = self._no_support()
            self._pass(stream, len(self.epochs), self._train_on, checkpoint)
            self._end_epoch()
        if measure and (self.running.squared_radius is None or self.running.images):
            log.info("The last epoch changed the coreset: one more pass measures its covering radius")
            self.measure(stream, checkpoint)
        squared = self.running.squared_radius if measure else None
        radius = None if squared is None else math.sqrt(squared)
        return Certificate(self.coreset.smallest_distance, radius, self._converged)

    def measure(self, stream: Stream, checkpoint: Checkpoint | None = None) -> None:
        """Measure the covering radius of the full coreset, and count supports if asked for, in one pass."""
        if self.running.images == 0:
            self.running.squared_radius = None
            self.support = self._no_support()
        self._pass(stream, max(len(self.epochs) - 1, 0), self._measure_on, checkpoint)
        self.running.images = 0

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
            entries = self.reservoir.offer(image.features)
            self._enter(self._drawn, entries, image)
        else:
            running.replacements += self._updated(image)
        running.patches += len(image.features)
        running.ignored += image.ignored
        if running.replacements:
            running.squared_radius = None
        if running.squared_radius is not None:
            self._measure_on(image)

    def _measure_on(self, image: Patches) -> None:
        so_far = self.running.squared_radius or 0.0
        if not self.counts_support:
            self.running.squared_radius = self.coreset.cover(image.features, image.width, so_far)
            return
        nearest = self.coreset.nearest(image.features, image.width)
        self.running.squared_radius = max(so_far, float(nearest.squared.max(initial=0.0)))
        own = self.origins.numbers[:, 0] == image.image
        lonely = np.flatnonzero(~self.support.company & ~own)
        self.support.company[lonely] = self.coreset.reached(image.features, lonely, self.coreset.smallest_squared)
        to_others = nearest.squared.copy()
        asked = own[nearest.members]
        to_others[asked] = self.coreset.nearest(image.features[asked], 1, own).squared
        self.support.add(nearest, to_others)
        if image.ends_image:
            self.support.end_image(image.image)

    def _updated(self, image: Patches) -> int:
        """Pass patches through the coreset, record the origins of those that entered; return the replacements."""
        held, before = len(self.coreset.features), self.coreset.patches_seen
        replaced = self.coreset.update(image.features, image.width)
        filled = np.arange(len(self.coreset.features) - held)
        self._enter(self.origins, np.stack([filled, held + filled], axis=1), image)
        self._enter(self.origins, replaced - np.array([before, 0]), image)
        return len(replaced)

    def _enter(self, origins: Origins, entries: NDArray[np.int64], image: Patches) -> None:
        """Record the origins of patches that entered: ``entries`` (R, 2) are their indices in the image and slots."""
        if image.image != UNKNOWN and image.places is not None:
            origins.enter(entries[:, 1], image.image, len(self.epochs), image.places[entries[:, 0]])

    def _no_support(self) -> SupportCount:
        return SupportCount(self.coreset.size, self.images)

    def _end_epoch(self) -> None:
        if self.reservoir is not None and not self.coreset.is_full:
            self.origins.put(len(self.coreset.features), self._drawn.taken(slice(0, len(self.reservoir.rows))))
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
