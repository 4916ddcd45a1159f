"""Which pixels a block of patches needs, and how its features are put together from a backbone's maps."""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.features.receptive_field import Reach
from training.support.user_error import UserError


class Source(NamedTuple):
    """Along one axis, what a block of patches takes from one layer's map.

    ``raw``: the map's features under the pooling windows (border features repeated, where a window leaves the map).
    ``low``, ``high``, ``weight``: the two pooled features that each patch lies between, and the share of the higher;
    None where the layer has a feature for each patch.
    """

    raw: NDArray[np.int64]
    low: NDArray[np.int64] | None
    high: NDArray[np.int64] | None
    weight: NDArray[np.float32] | None


def sources(first: int, end: int, sizes: Sequence[int], patches: int, pooling: int) -> list[Source]:
    """Return for each layer, of so many features along the axis, what patches first..end (of ``patches``) take.

    Averages over ``pooling`` features at stride 1, the last ones repeated (``AvgPool2d(2, 1, 1)`` would add a row and
    mix zeros into the border), then bilinear as ``interpolate(align_corners=False)``.
    """
    before, after = (pooling - 1) // 2, pooling // 2
    found = []
    for size in sizes:
        low, high, weight = np.arange(first, end), np.arange(first, end), None
        if size != patches:
            place = np.maximum((np.arange(first, end) + 0.5) * size / patches - 0.5, 0)
            low = place.astype(np.int64)
            high = np.minimum(low + 1, size - 1)
            weight = (place - low).astype(np.float32)
        start = int(low[0])
        raw = np.clip(np.arange(start - before, int(high[-1]) + 1 + after), 0, size - 1)
        found.append(Source(raw, *((None, None, None) if weight is None else (low - start, high - start, weight))))
    return found


def pixels_for(layers: Sequence[Source], reaches: Sequence[Reach], length: int) -> tuple[int, int]:
    """Return the range of pixels, within 0..length, from which all of the sources come out as from the whole image.

    It starts at a multiple of the largest stride, so that the grids of the part and of the whole coincide.
    """
    stride = math.lcm(*(reach.stride for reach in reaches))
    start = min(
        int(layer.raw.min()) * reach.stride - reach.before for layer, reach in zip(layers, reaches, strict=True)
    )
    end = max(int(layer.raw.max()) * reach.stride + reach.after for layer, reach in zip(layers, reaches, strict=True))
    return max(start // stride * stride, 0), min(end, length)


def blocks(patches: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield ranges first..end of at most ``size`` patches, as equal as can be."""
    count = math.ceil(patches / size)
    for number in range(count):
        yield number * patches // count, (number + 1) * patches // count


def block_size(
    image: tuple[int, int], patches: tuple[int, int], reaches: Sequence[Reach], tile_pixels: int, strip_pixels: int
) -> tuple[int, int]:
    """Return rows and columns of patches a tile, for the least work: a tile, with what it must see around it, has
    about ``tile_pixels`` at most; a row of tiles, without, ``strip_pixels``.

    Raises UserError where a tile is smaller than what a single patch sees.
    """
    height, width = image
    margin = max(reach.before for reach in reaches) + max(reach.after for reach in reaches)
    stride = max(height / patches[0], width / patches[1])
    best: tuple[float, int, int] | None = None
    for count in range(1, patches[1] + 1):
        columns = math.ceil(patches[1] / count)
        tile_width = min(columns * stride + margin, width)
        rows = int(min(tile_pixels / tile_width - margin, strip_pixels / width) / stride)
        if rows >= 1:
            work = count * tile_width * (rows * stride + margin) / rows
            best = min(best or (math.inf, 0, 0), (work, rows, columns))
    if best is None:
        raise UserError(
            f"extractor.tiling.tile_pixels={tile_pixels} is too small: "
            f"a patch of this backbone sees {margin} x {margin} pixels"
        )
    return best[1], best[2]
