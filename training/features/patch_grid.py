"""The patch grid: the true centre [pixels] of every feature, and resampling between grids.

A position is a continuous pixel coordinate: pixel p covers p to p + 1, so its centre is p + 0.5. This module holds the
geometry of kernel, stride, padding, tiles, further scales and resizing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Axis:
    """Evenly spaced centres along rows or columns: ``count`` of them, at ``first``, ``first + step``, ... [pixels]."""

    first: float
    step: float
    count: int

    def centres(self, first: int = 0, end: int | None = None) -> NDArray[np.float64]:
        """Return the centres ``first`` up to ``end`` (default: all), float64, in pixels."""
        return self.first + self.step * np.arange(first, self.count if end is None else end)

    def pooled(self, kernel: int) -> "Axis":
        """Return the centres after ``AvgPool2d(kernel, stride=1, padding=kernel // 2)``.

        An even kernel moves them to the corners of the cells and adds one.
        """
        even = kernel % 2 == 0
        return Axis(self.first - self.step / 2 if even else self.first, self.step, self.count + even)

    def scaled(self, factor: float) -> "Axis":
        """Return the same centres in an image that is ``factor`` times as long."""
        return Axis(self.first * factor, self.step * factor, self.count)

    def places(self, positions: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return positions [pixels] as indices of centres: 0 at the first, count - 1 at the last, clipped."""
        return np.clip(np.round((positions - self.first) / self.step, 6), 0, self.count - 1)

    def cells(self, length: int) -> list[slice]:
        """Return the pixels that lie nearest to each centre, of ``length`` pixels; partly nearest pixels count.

        The first and the last cell extend to the ends, so every pixel is in a cell. A cell has at least one pixel.
        """
        edges = self.first + self.step * (np.arange(self.count + 1) - 0.5)
        starts, ends = np.floor(edges[:-1]).astype(int), np.ceil(edges[1:]).astype(int)
        starts[0], ends[-1] = 0, length
        starts = np.clip(starts, 0, length - 1)
        ends = np.clip(ends, starts + 1, length)
        return [slice(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]


class Lerp(NamedTuple):
    """Linear interpolation along one axis: neighbours ``low`` and ``high``, and the share ``weight`` of the higher."""

    low: NDArray[np.int64]
    high: NDArray[np.int64]
    weight: NDArray[np.float32]


def lerp_at(axis: Axis, positions: NDArray[np.float64]) -> Lerp:
    """Return the interpolation of values on ``axis`` at positions [pixels]; end values are repeated beyond the ends."""
    place = axis.places(positions)
    low = place.astype(np.int64)
    return Lerp(low, np.minimum(low + 1, axis.count - 1), (place - low).astype(np.float32))


def nearest_at(axis: Axis, positions: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the index of the centre nearest to each position [pixels]; of two equally near the later."""
    return np.minimum(np.floor(axis.places(positions) + 0.5).astype(np.int64), axis.count - 1)


class Source(NamedTuple):
    """The features of one layer's map that a block of patches uses along one axis.

    ``raw``: the features under the pooling windows; indices outside 0..count-1 stand for zeros. ``lerp``: the two
    pooled features that each patch lies between; None if each patch coincides with one.
    """

    raw: NDArray[np.int64]
    lerp: Lerp | None


def source_of(layer: Axis, kernel: int, patches: NDArray[np.float64]) -> Source:
    """Return the features of a layer, averaged over ``kernel``, that patches at these centres [pixels] use."""
    low, high, weight = lerp_at(layer.pooled(kernel), patches)
    start = int(low[0])
    own = not weight.any()
    end = int(low[-1] if own else high[-1])
    raw = np.arange(start - kernel // 2, end - kernel // 2 + kernel)
    one_each = own and np.array_equal(low, np.arange(start, start + len(low)))
    return Source(raw, None if one_each else Lerp(low - start, np.minimum(high, end) - start, weight))


@dataclass(frozen=True)
class PatchLayout:
    """The composition of patches from a backbone's layers.

    ``kernels`` are the average pooling kernels; the features of several are concatenated. ``strides`` [pixels] and
    ``centres`` (y, x) [pixels] of the first feature have one entry per layer.
    """

    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    centres: tuple[tuple[float, float], ...]

    def layer_axis(self, layer: int, axis: int, count: int) -> Axis:
        """Return the centres of a layer's features along rows (axis 0) or columns (axis 1)."""
        return Axis(self.centres[layer][axis], self.strides[layer], count)

    def common_axis(self, axis: int, counts: Sequence[int]) -> Axis:
        """Return the common patch centres: those of the finest layer, pooled by the first kernel."""
        finest = int(np.argmin(self.strides))
        return self.layer_axis(finest, axis, counts[finest]).pooled(self.kernels[0])

    def sources(self, axis: int, counts: Sequence[int], first: int, end: int) -> list[list[Source]]:
        """Return, for each kernel and layer, the source of the patches ``first`` to ``end`` along an axis.

        The layers have ``counts`` features along it.
        """
        patches = self.common_axis(axis, counts).centres(first, end)
        return [
            [source_of(self.layer_axis(layer, axis, count), kernel, patches) for layer, count in enumerate(counts)]
            for kernel in self.kernels
        ]


def single_layer() -> PatchLayout:
    """Return the layout that passes one layer's features unchanged."""
    return PatchLayout(kernels=(1,), strides=(1,), centres=((0.0, 0.0),))
