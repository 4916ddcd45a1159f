"""Patch features of an image of any size, in strips of rows: its own memory does not grow with the image."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import fx

from training.features.backbone_graph import excitation, global_pools, with_scales
from training.features.receptive_field import Reach, grid_sizes, measure_reach
from training.features.tile_plan import Source, block_size, blocks, pixels_for, sources
from training.support.free_memory import release_free_memory
from training.support.user_error import UserError

Window = Callable[[slice, slice], torch.Tensor]
"""The normalised pixels (1, 3, h, w) of a range of rows and of columns."""


class Strip(NamedTuple):
    """Features (rows, w, C) of some rows of patches, from row ``first`` on, of ``height`` rows that the image has."""

    features: torch.Tensor
    first: int
    height: int


@dataclass(frozen=True)
class TileSize:
    """Pixels of a tile (what it must see around it included) and of a row of tiles (without)."""

    tile_pixels: int
    strip_pixels: int


def whole_features(backbone: fx.GraphModule, pixels: torch.Tensor, pooling: int) -> torch.Tensor:
    """Return the features (h, w, C) of normalised pixels (1, 3, H, W), all at once; h, w are the finest layer's."""
    maps = list(backbone(pixels).values())
    sizes = [(m.shape[2], m.shape[3]) for m in maps]
    height, width = _finest(sizes)
    rows, columns = (sources(0, (height, width)[k], [s[k] for s in sizes], (height, width)[k], pooling) for k in (0, 1))
    return _assembled(maps, rows, columns, pooling)


def joined(strip: Strip, beside: Sequence[torch.Tensor]) -> torch.Tensor:
    """Return a strip's features (rows, w, C) and those of other maps (h', w', C') of the whole image, resampled
    bilinearly to the strip's patches: (rows, w, C + C' + ...).
    """
    rows, width = strip.features.shape[:2]
    place = sources(strip.first, strip.first + rows, [len(other) for other in beside], strip.height, pooling=1)
    across = sources(0, width, [other.shape[1] for other in beside], width, pooling=1)
    maps = [other.permute(2, 0, 1)[None] for other in beside]
    return torch.cat([strip.features, _assembled(maps, place, across, pooling=1)], dim=2)


class TiledBackbone:
    """A backbone that takes images in tiles, and gives the features that it would give of the whole, to rounding.

    Squeeze and excitation blocks pool over the whole image; their means are found first, one after the other, by a
    pass each over all tiles that ends there (MobileNetV3, five of them: about four times the work of one pass).
    """

    def __init__(self, backbone: fx.GraphModule, pooling: int, size: TileSize) -> None:
        self.backbone = backbone
        self.pooling = pooling
        self.size = size
        self._reaches: dict[int, list[Reach]] = {}
        self._grids: dict[tuple[int, int, int], list[tuple[int, int]]] = {}

    def strips(self, window: Window, image: tuple[int, int]) -> Iterator[Strip]:
        """Yield the features of an image (H, W), top to bottom. Raises UserError where a feature sees all of it."""
        scales: list[torch.Tensor] = []
        for pool in global_pools(self.backbone):
            mean = self._mean(with_scales(self.backbone, scales), len(scales), window, image)
            scales.append(excitation(pool, self.backbone, mean))
        yield from self._strips(with_scales(self.backbone, scales), len(scales), window, image, self.pooling)

    def _mean(self, stage: fx.GraphModule, number: int, window: Window, image: tuple[int, int]) -> torch.Tensor:
        total, count = torch.zeros(()), 0
        for strip in self._strips(stage, number, window, image, pooling=1):
            total = total + strip.features.sum(dim=(0, 1), dtype=torch.float64).cpu()
            count += strip.features[..., 0].numel()
        return (total / count).float().to(strip.features.device)[None, :, None, None]

    def _strips(
        self, stage: fx.GraphModule, number: int, window: Window, image: tuple[int, int], pooling: int
    ) -> Iterator[Strip]:
        reaches, grids = self._geometry(stage, number, image)
        height, width = _finest(grids)
        row_size, column_size = block_size(
            image, (height, width), reaches, self.size.tile_pixels, self.size.strip_pixels
        )
        for first, end in blocks(height, row_size):
            rows = sources(first, end, [grid[0] for grid in grids], height, pooling)
            top, bottom = pixels_for(rows, reaches, image[0])
            features = torch.empty(0)
            for left_patch, right_patch in blocks(width, column_size):
                columns = sources(left_patch, right_patch, [grid[1] for grid in grids], width, pooling)
                left, right = pixels_for(columns, reaches, image[1])
                maps = list(stage(window(slice(top, bottom), slice(left, right))).values())
                shifted = (_shifted(rows, reaches, top), _shifted(columns, reaches, left))
                tile = _assembled(maps, *shifted, pooling)
                if left_patch == 0:
                    features = tile.new_empty((end - first, width, tile.shape[2]))
                features[:, left_patch:right_patch] = tile
                del maps, tile
                release_free_memory()
            yield Strip(features, first, height)

    def _geometry(
        self, stage: fx.GraphModule, number: int, image: tuple[int, int]
    ) -> tuple[list[Reach], list[tuple[int, int]]]:
        if number not in self._reaches:
            found = measure_reach(stage)
            if found is None:
                raise UserError(
                    "a feature of this backbone sees the whole image, so that a large image cannot be taken in tiles; "
                    "set extractor.tiling=null (it needs the memory), or extractor.resize"
                )
            self._reaches[number] = found
        if (number, *image) not in self._grids:
            self._grids[number, *image] = grid_sizes(stage, *image)
        return self._reaches[number], self._grids[number, *image]


def _finest(sizes: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return max(sizes, key=lambda size: size[0] * size[1])


def _shifted(layers: list[Source], reaches: Sequence[Reach], start: int) -> list[Source]:
    return [layer._replace(raw=layer.raw - start // reach.stride) for layer, reach in zip(layers, reaches, strict=True)]


def _assembled(
    maps: Sequence[torch.Tensor], rows: Sequence[Source], columns: Sequence[Source], pooling: int
) -> torch.Tensor:
    """Return the features (rows, columns, C) from the layers' maps (1, C_l, h_l, w_l)."""
    layers = []
    for feature_map, row, column in zip(maps, rows, columns, strict=True):
        layer = feature_map
        for axis, source in ((2, row), (3, column)):
            layer = layer.index_select(axis, torch.from_numpy(source.raw).to(layer.device))
        if pooling > 1:
            layer = F.avg_pool2d(layer, pooling, stride=1)
        for axis, source in ((2, row), (3, column)):
            if source.weight is not None:
                layer = _between(layer, source, axis)
        layers.append(layer[0].permute(1, 2, 0))
    return torch.cat(layers, dim=2)


def _between(layer: torch.Tensor, source: Source, axis: int) -> torch.Tensor:
    low, high, weight = (torch.from_numpy(part).to(layer.device) for part in source[1:] if part is not None)
    shape = [1, 1, 1, 1]
    shape[axis] = -1
    return torch.lerp(layer.index_select(axis, low), layer.index_select(axis, high), weight.view(shape))
