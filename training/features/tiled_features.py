"""Patch features of an image of any size, in strips of rows, in memory that does not grow with the image."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import fx

from training.features.backbone_graph import excitation, global_pools, with_scales
from training.features.patch_grid import Axis, Lerp, PatchLayout, Source, single_layer, source_of
from training.features.receptive_field import ReceptiveField, grid_sizes, measure_receptive_fields
from training.features.tile_plan import block_size, blocks, pixels_for
from training.support.free_memory import release_free_memory
from training.support.user_error import UserError

Window = Callable[[slice, slice], torch.Tensor]
"""A function that returns the normalised pixels (1, 3, h, w) of a range of rows and of columns."""


class Strip(NamedTuple):
    """Features (n, w, C) of n rows of patches, from row ``first`` on.

    ``rows`` and ``columns`` are the centres [pixels] of all of the image's patches.
    """

    features: torch.Tensor
    first: int
    rows: Axis
    columns: Axis


@dataclass(frozen=True)
class TileSize:
    """Pixels of a tile (including the margin that its patches see) and of a row of tiles (without it)."""

    tile_pixels: int
    strip_pixels: int


def whole_features(backbone: fx.GraphModule, pixels: torch.Tensor, layout: PatchLayout) -> Strip:
    """Return the features of normalised pixels (1, 3, H, W) in one pass, on the layout's common patch centres."""
    maps = list(backbone(pixels).values())
    counts = [[m.shape[2 + k] for m in maps] for k in (0, 1)]
    axes = [layout.common_axis(k, counts[k]) for k in (0, 1)]
    rows, columns = (layout.sources(k, counts[k], 0, axes[k].count) for k in (0, 1))
    return Strip(_assembled(maps, rows, columns, layout.kernels), 0, *axes)


def joined(strip: Strip, beside: Sequence[Strip]) -> torch.Tensor:
    """Return a strip's features (n, w, C) concatenated with other maps (h', w', C') of the whole image.

    The maps are resampled bilinearly at the strip's patch centres. The result is (n, w, C + C' + ...).
    """
    centres = strip.rows.centres(strip.first, strip.first + len(strip.features)), strip.columns.centres()
    maps = [other.features.permute(2, 0, 1)[None] for other in beside]
    rows = [source_of(other.rows, 1, centres[0]) for other in beside]
    columns = [source_of(other.columns, 1, centres[1]) for other in beside]
    return torch.cat([strip.features, _assembled(maps, [rows], [columns], (1,))], dim=2)


class TiledBackbone:
    """A backbone that processes images in tiles; the features equal those of the whole image up to rounding.

    Squeeze and excitation blocks pool over the whole image. Their means are computed first, one block after the other,
    each by a pass over all tiles up to that block. (MobileNetV3 has five: about four times the work of one pass.)
    """

    def __init__(self, backbone: fx.GraphModule, layout: PatchLayout, size: TileSize) -> None:
        self.backbone = backbone
        self.layout = layout
        self.size = size
        self._fields: dict[int, list[ReceptiveField]] = {}
        self._grids: dict[tuple[int, int, int], list[tuple[int, int]]] = {}

    def strips(self, window: Window, image: tuple[int, int]) -> Iterator[Strip]:
        """Yield the features of an image (H, W), top to bottom. Raises UserError if a feature sees the whole image."""
        scales: list[torch.Tensor] = []
        for pool in global_pools(self.backbone):
            mean = self._mean(with_scales(self.backbone, scales), len(scales), window, image)
            scales.append(excitation(pool, self.backbone, mean))
        yield from self._strips(with_scales(self.backbone, scales), len(scales), window, image, self.layout)

    def _mean(self, stage: fx.GraphModule, number: int, window: Window, image: tuple[int, int]) -> torch.Tensor:
        total, count = torch.zeros(()), 0
        for strip in self._strips(stage, number, window, image, single_layer()):
            total = total + strip.features.sum(dim=(0, 1), dtype=torch.float64).cpu()
            count += strip.features[..., 0].numel()
        return (total / count).float().to(strip.features.device)[None, :, None, None]

    def _strips(
        self, stage: fx.GraphModule, number: int, window: Window, image: tuple[int, int], layout: PatchLayout
    ) -> Iterator[Strip]:
        fields, grids = self._geometry(stage, number, image)
        counts = [[grid[k] for grid in grids] for k in (0, 1)]
        axes = [layout.common_axis(k, counts[k]) for k in (0, 1)]
        height, width = axes[0].count, axes[1].count
        row_size, column_size = block_size(
            image, (height, width), fields, self.size.tile_pixels, self.size.strip_pixels
        )
        for first, end in blocks(height, row_size):
            rows = layout.sources(0, counts[0], first, end)
            top, bottom = pixels_for(rows, fields, counts[0], image[0])
            features = torch.empty(0)
            for left_patch, right_patch in blocks(width, column_size):
                columns = layout.sources(1, counts[1], left_patch, right_patch)
                left, right = pixels_for(columns, fields, counts[1], image[1])
                maps = list(stage(window(slice(top, bottom), slice(left, right))).values())
                placed = _placed(rows, fields, top), _placed(columns, fields, left)
                tile = _assembled(maps, *placed, layout.kernels)
                if left_patch == 0:
                    features = tile.new_empty((end - first, width, tile.shape[2]))
                features[:, left_patch:right_patch] = tile
                del maps, tile
                release_free_memory()
            yield Strip(features, first, *axes)

    def _geometry(
        self, stage: fx.GraphModule, number: int, image: tuple[int, int]
    ) -> tuple[list[ReceptiveField], list[tuple[int, int]]]:
        if number not in self._fields:
            found = measure_receptive_fields(stage)
            if found is None:
                raise UserError(
                    "a feature of this backbone sees the whole image, so that a large image cannot be taken in tiles; "
                    "set extractor.tiling=null (it needs the memory), or extractor.resize"
                )
            self._fields[number] = found
        if (number, *image) not in self._grids:
            self._grids[number, *image] = grid_sizes(stage, *image)
        return self._fields[number], self._grids[number, *image]


def _placed(sources: Sequence[Sequence[Source]], fields: Sequence[ReceptiveField], start: int) -> list[list[Source]]:
    """Return the sources with indices relative to the first feature of a tile that starts at pixel ``start``."""
    return [
        [layer._replace(raw=layer.raw - start // field.stride) for layer, field in zip(layers, fields, strict=True)]
        for layers in sources
    ]


def _assembled(
    maps: Sequence[torch.Tensor],
    rows: Sequence[Sequence[Source]],
    columns: Sequence[Sequence[Source]],
    kernels: Sequence[int],
) -> torch.Tensor:
    """Return the features (rows, columns, C) from the layers' maps (1, C_l, h_l, w_l), one kernel after the other."""
    parts = []
    for kernel, of_rows, of_columns in zip(kernels, rows, columns, strict=True):
        for feature_map, row, column in zip(maps, of_rows, of_columns, strict=True):
            layer = _with_zeros(_with_zeros(feature_map, row, 2), column, 3)
            if kernel > 1:
                layer = F.avg_pool2d(layer, kernel, stride=1)
            layer = _between(_between(layer, row.lerp, 2), column.lerp, 3)
            parts.append(layer[0].permute(1, 2, 0))
    return torch.cat(parts, dim=2)


def _with_zeros(layer: torch.Tensor, source: Source, axis: int) -> torch.Tensor:
    """Return the features that a source names along an axis, with zeros for those outside the map."""
    first, last, count = int(source.raw[0]), int(source.raw[-1]), layer.shape[axis]
    start, end = max(first, 0), min(last + 1, count)
    before, after = start - first, last + 1 - end
    inside = layer.narrow(axis, start, end - start)
    if not before and not after:
        return inside
    return F.pad(inside, (0, 0, before, after) if axis == 2 else (before, after))


def _between(layer: torch.Tensor, lerp: Lerp | None, axis: int) -> torch.Tensor:
    if lerp is None:
        return layer
    low, high, weight = (torch.from_numpy(part).to(layer.device) for part in lerp)
    shape = [1, 1, 1, 1]
    shape[axis] = -1
    return torch.lerp(layer.index_select(axis, low), layer.index_select(axis, high), weight.view(shape))
