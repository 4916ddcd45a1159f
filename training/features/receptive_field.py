"""Stride and receptive field of a backbone's layers, measured on the backbone itself."""

import copy
from typing import NamedTuple

import torch
from torch import fx

_LENGTHS = (1024, 4096)
_ACROSS = 64


class ReceptiveField(NamedTuple):
    """The receptive field along an axis: feature i sees the pixels i * stride - before up to i * stride + after - 1."""

    stride: int
    before: int
    after: int


def measure_receptive_fields(stage: fx.GraphModule) -> list[ReceptiveField] | None:
    """Return the receptive field of each map of ``stage``, or None if a feature sees the whole image.

    Not-a-number spreads through every layer to exactly the features that depend on it. Half of an image is filled with
    it, and the unaffected features bound the receptive field. Rows and columns are measured; the larger one holds for
    both. The result holds for cuts at multiples of the largest stride, where the grids of a part and of the whole
    coincide.
    """
    stage = copy.deepcopy(stage).cpu()
    for length in _LENGTHS:
        found = [_fields_along(stage, axis, length) for axis in (2, 3)]
        rows, columns = found
        if rows is not None and columns is not None:
            return [
                ReceptiveField(r.stride, max(r.before, c.before), max(r.after, c.after))
                for r, c in zip(rows, columns, strict=True)
            ]
    return None


def strides_of(stage: fx.GraphModule) -> list[int]:
    """Return the stride [pixels] of each map of ``stage``."""
    length = _LENGTHS[0]
    once, twice = grid_sizes(stage, length, length), grid_sizes(stage, 2 * length, 2 * length)
    return [round(length / (more[0] - less[0])) for less, more in zip(once, twice, strict=True)]


def grid_sizes(stage: fx.GraphModule, height: int, width: int) -> list[tuple[int, int]]:
    """Return the size (h, w) of each map of ``stage`` for an image of this size, without computing the map."""
    return [(shape[2], shape[3]) for shape in _shapes(stage, height, width).values()]


def layer_without_map(stage: fx.GraphModule) -> str | None:
    """Return the first layer whose output is not a map (1, C, h, w) that grows with the image, or None.

    Passes on the exception of a backbone that accepts one image size only.
    """
    small, large = _shapes(stage, 128, 160), _shapes(stage, 256, 480)
    for name, shape in small.items():
        later = large[name]
        if len(shape) != 4 or shape[1] != later[1] or shape[2] >= later[2] or shape[3] >= later[3]:
            return name
    return None


def _shapes(stage: fx.GraphModule, height: int, width: int) -> dict[str, tuple[int, ...]]:
    weightless = copy.deepcopy(stage).to("meta")
    maps = weightless(torch.empty((1, 3, height, width), device="meta"))
    return {name: tuple(m.shape) for name, m in maps.items()}


@torch.inference_mode()
def _fields_along(stage: fx.GraphModule, axis: int, length: int) -> list[ReceptiveField] | None:
    shape = [1, 3, _ACROSS, _ACROSS]
    shape[axis] = length
    half = length // 2
    fields = []
    later, earlier = (_clean(stage, shape, axis, filled) for filled in (slice(half, None), slice(0, half)))
    for number, ((first, count), (last, _)) in enumerate(zip(earlier, later, strict=True)):
        twice = [1, 3, *(2 * length if k == axis else _ACROSS for k in (2, 3))]
        stride, rest = divmod(length, grid_sizes(stage, twice[2], twice[3])[number][axis - 2] - count)
        if rest or first >= count or last < 0:
            return None
        fields.append(ReceptiveField(stride, first * stride - half, half - last * stride))
    return fields


def _clean(stage: fx.GraphModule, shape: list[int], axis: int, filled: slice) -> list[tuple[int, int]]:
    """Return, for each map, the unaffected feature next to the filled pixels, and the axis' number of features."""
    pixels = torch.zeros(shape)
    pixels[(slice(None),) * axis + (filled,)] = torch.nan
    found = []
    for feature_map in stage(pixels).values():
        dirty = feature_map.isnan().any(dim=1).any(dim=4 - axis)[0]
        clean = torch.nonzero(~dirty).flatten().tolist()
        if filled.start:
            found.append((clean[-1] if clean else -1, len(dirty)))
        else:
            found.append((clean[0] if clean else len(dirty), len(dirty)))
    return found
