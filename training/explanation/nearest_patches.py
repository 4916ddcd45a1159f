"""The patches of an image that matter to an explanation, and the members nearest to each."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from training.explanation.dropping_cost import nearest_few
from training.features.inside_patches import centres_inside, nearest_inside
from training.features.patch_grid import Axis
from training.model.anomaly_model import AnomalyModel, DistanceGrid
from training.support.user_error import UserError

Box = tuple[int, int, int, int]
"""Left, top, width and height [pixels]."""
_APART = 2  # cells: neighbouring patches tell the same


@dataclass(frozen=True)
class SeenImage:
    """The patches of an image: features (h, w, C), distances (h, w) to the nearest member, and their centres."""

    features: NDArray[np.float32]
    grid: DistanceGrid
    counting: NDArray[np.bool_] | None = None
    """The patches (h, w) that lie in the region of interest; None: all."""
    standing: NDArray[np.int64] | None = None
    """(h, w) the patch that stands for each, in a region of interest (``nearest_inside``)."""

    def with_distances(self, distances: NDArray[np.float32]) -> DistanceGrid:
        """Return the grid with other distances (h, w); a patch outside the region has those of the nearest inside."""
        return self.grid._replace(distances=distances if self.standing is None else distances.ravel()[self.standing])

    @property
    def rows(self) -> Axis:
        """The centres along y."""
        return self.grid.rows

    @property
    def columns(self) -> Axis:
        """The centres along x."""
        return self.grid.columns

    def within(self, box: Box | None) -> NDArray[np.bool_]:
        """Return which patches (h, w) lie in a box; the nearest one if none does; all without a box.

        Of a region of interest, those inside only. Raises UserError if the box and the region have no patch in common.
        """
        y, x = self.rows.centres()[:, None], self.columns.centres()[None, :]
        if box is None:
            return np.ones((len(y), x.shape[1]), dtype=np.bool_) if self.counting is None else self.counting
        left, top, width, height = box
        inside = (x >= left) & (x < left + width) & (y >= top) & (y < top + height)
        if not inside.any():
            away = (x - left - width / 2) ** 2 + (y - top - height / 2) ** 2
            inside.flat[int(away.argmin())] = True
        if self.counting is not None:
            inside &= self.counting
            if not inside.any():
                raise UserError(f"box={list(box)} lies outside the model's region of interest, where nothing counts")
        return inside


@dataclass(frozen=True)
class ExplainedPatch:
    """A patch, its centre (x, y) [pixels], and the nearest members (k,) with their distances, the nearest first."""

    place: tuple[float, float]
    members: tuple[int, ...]
    distances: tuple[float, ...]


def see(model: AnomalyModel, image: NDArray[np.uint8], inside: NDArray[np.bool_] | None = None) -> SeenImage:
    """Return the patches of an image (H, W, 3), with its region of interest (H, W).

    Raises UserError for an image that is too small, and for a region without a patch.
    """
    strips = list(model.extractor.strips(image))
    distances = np.concatenate([model.strip_distances(strip) for strip in strips])
    features = np.concatenate([strip.features for strip in strips])
    rows, columns = strips[0].rows, strips[0].columns
    grid = DistanceGrid(distances, rows, columns)
    if inside is None:
        return SeenImage(features, grid)
    seen = SeenImage(features, grid, centres_inside(inside, rows, columns), nearest_inside(inside, rows, columns))
    return replace(seen, grid=seen.with_distances(distances))


def checked_box(box: Box | None, shape: tuple[int, ...]) -> Box | None:
    """Return a box cut to an image (H, W, ...). Raises UserError if it lies outside or is empty."""
    if box is None:
        return None
    left, top, width, height = box
    right, bottom = min(left + width, shape[1]), min(top + height, shape[0])
    left, top = max(left, 0), max(top, 0)
    if right <= left or bottom <= top:
        raise UserError(f"box={list(box)} (left, top, width, height) lies outside the image of {shape[1]} x {shape[0]}")
    return left, top, right - left, bottom - top


def worst_patches(
    seen: SeenImage, features: NDArray[np.float32], box: Box | None, patches: int, members: int
) -> list[ExplainedPatch]:
    """Return the patches with the largest distances, in a box or the whole image, at least three cells apart."""
    left = np.where(seen.within(box), seen.grid.distances, -np.inf)
    found: list[ExplainedPatch] = []
    while len(found) < patches and np.isfinite(left.max()):
        row, column = np.unravel_index(int(left.argmax()), left.shape)
        near, distances = nearest_few(seen.features[row, column][None], features, members)
        place = (float(seen.columns.centres()[column]), float(seen.rows.centres()[row]))
        found.append(ExplainedPatch(place, tuple(near[0].tolist()), tuple(distances[0].tolist())))
        rows, columns = (slice(max(at - _APART, 0), at + _APART + 1) for at in (int(row), int(column)))
        left[rows, columns] = -np.inf
    return found
