"""The pixels that a block of patches needs, and the sizes of the blocks."""

import math
from collections.abc import Iterator, Sequence

from training.features.patch_grid import Source
from training.features.receptive_field import ReceptiveField
from training.support.user_error import UserError


def pixels_for(
    sources: Sequence[Sequence[Source]], fields: Sequence[ReceptiveField], counts: Sequence[int], length: int
) -> tuple[int, int]:
    """Return the range of pixels, within 0..length, from which all sources are the same as from the whole image.

    ``sources`` has one entry per kernel and layer; the layers have ``counts`` features along the axis. The range starts
    at a multiple of the largest stride, so that the grids of the part and of the whole coincide.
    """
    stride = math.lcm(*(field.stride for field in fields))
    starts, ends = [], []
    for layers in sources:
        for layer, field, count in zip(layers, fields, counts, strict=True):
            starts.append(max(int(layer.raw[0]), 0) * field.stride - field.before)
            ends.append(min(int(layer.raw[-1]), count - 1) * field.stride + field.after)
    return max(min(starts) // stride * stride, 0), min(max(ends), length)


def blocks(patches: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield ranges first..end of at most ``size`` patches, as equal as possible."""
    count = math.ceil(patches / size)
    for number in range(count):
        yield number * patches // count, (number + 1) * patches // count


def block_size(
    image: tuple[int, int],
    patches: tuple[int, int],
    fields: Sequence[ReceptiveField],
    tile_pixels: int,
    strip_pixels: int,
) -> tuple[int, int]:
    """Return rows and columns of patches in a tile, for the least computation.

    A tile, including the margin that its patches see, has about ``tile_pixels`` at most; a row of tiles, without
    margin, has ``strip_pixels``. Raises UserError if a tile is smaller than the receptive field of a patch.
    """
    height, width = image
    margin = max(field.before for field in fields) + max(field.after for field in fields)
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
