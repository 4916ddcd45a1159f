"""The cost of dropping members: nominal validation pixels and images that would be raised."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from training.data.dataset import Dataset, Sample, inside_of, read_image, read_mask
from training.features.inside_patches import nearest_inside
from training.features.patch_grid import Axis
from training.model.anomaly_model import AnomalyModel, DistanceGrid
from training.support.progress import with_progress
from training.support.user_error import UserError

KEPT = 16
"""Nearest members that are kept of each validation patch."""


class Raised(NamedTuple):
    """Counts at or above the threshold: nominal pixels, and images without a defect."""

    pixels: int
    images: int


@dataclass(frozen=True)
class _Image:
    members: NDArray[np.int32]
    """(N, KEPT) the nearest members of each patch, the nearest first."""
    distances: NDArray[np.float32]
    """(N, KEPT) their distances."""
    rows: Axis
    columns: Axis
    shape: tuple[int, int]
    nominal: NDArray[np.bool_]
    """(H, W) pixels that show no defect and count."""
    is_nominal: bool
    """True if no pixel shows a defect."""
    standing: NDArray[np.int64] | None
    """(h, w) the patch that stands for each, in a region of interest (``nearest_inside``); None without one."""


class NominalValidation:
    """The validation images and the nearest members of their patches, read once; members can be dropped on trial.

    Memory: 130 bytes per patch and one per pixel. If all ``KEPT`` nearest members of a patch are dropped, the last of
    them stands for the next, which is farther.
    """

    def __init__(self, model: AnomalyModel, features: NDArray[np.float32], dataset: Dataset) -> None:
        self._model = model
        samples = dataset.split("validation")
        self._images = [
            _read(model, features, dataset, sample)
            for sample in with_progress(samples, len(samples), "validation: nearest members")
        ]
        self.nominal_images = sum(image.is_nominal for image in self._images)
        """Number of validation images without a defect."""

    def raised(self, dropped: Collection[int], threshold: float) -> Raised:
        """Return what would be at or above the threshold without some members."""
        pixels, images = 0, 0
        gone = np.fromiter(dropped, dtype=np.int32, count=len(dropped))
        for image in self._images:
            found = image.nominal & (self._model.map_from(_grid_without(image, gone), image.shape) >= threshold)
            pixels += int(found.sum())
            images += bool(image.is_nominal and found.any())
        return Raised(pixels, images)


def nearest_few(
    patches: NDArray[np.float32], features: NDArray[np.float32], count: int
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Return the ``count`` nearest members (N, count) of patches (N, C), the nearest first, and their distances."""
    count = min(count, len(features))
    rows = torch.from_numpy(np.ascontiguousarray(features))
    centre = rows.mean(dim=0)
    rows = rows - centre
    half_norms = (rows**2).sum(dim=1) / 2
    members, distances = [], []
    for chunk in torch.from_numpy(np.ascontiguousarray(patches)).split(2048):
        centred = chunk - centre
        found = torch.addmm(half_norms, centred, rows.T, alpha=-1).topk(count, dim=1, largest=False).indices
        exact = torch.linalg.vector_norm(centred[:, None, :] - rows[found], dim=2)  # the product cancels for near ones
        order = exact.argsort(dim=1, stable=True)
        members.append(found.gather(1, order).to(torch.int32))
        distances.append(exact.gather(1, order))
    return torch.cat(members).numpy(), torch.cat(distances).numpy()


def _read(model: AnomalyModel, features: NDArray[np.float32], dataset: Dataset, sample: Sample) -> _Image:
    image = read_image(sample.image, sample.white_level)
    mask, inside = read_mask(sample, image.shape), inside_of(sample, image.shape)
    strips, members, distances = [], [], []
    try:
        for strip in model.extractor.strips(image):
            found = nearest_few(strip.features.reshape(-1, strip.features.shape[2]), features, KEPT)
            members.append(found[0])
            distances.append(found[1])
            strips.append((strip.rows, strip.columns))
        standing = None if inside is None else nearest_inside(inside, *strips[0])
    except UserError as error:
        raise UserError(f"{sample.image}: {error}") from error
    defect = np.isin(mask, dataset.defect_ids)
    return _Image(
        np.concatenate(members),
        np.concatenate(distances),
        *strips[0],
        (image.shape[0], image.shape[1]),
        ~defect & (mask != dataset.ignore_id),
        not defect.any(),
        standing,
    )


def _grid_without(image: _Image, gone: NDArray[np.int32]) -> DistanceGrid:
    kept = ~np.isin(image.members, gone)
    kept[:, -1] = True
    first = kept.argmax(axis=1)
    distances = image.distances[np.arange(len(first)), first].reshape(image.rows.count, image.columns.count)
    if image.standing is not None:
        distances = distances.ravel()[image.standing]
    return DistanceGrid(distances, image.rows, image.columns)


def each_alone(validation: NominalValidation, members: Sequence[int], threshold: float) -> dict[int, Raised]:
    """Return what dropping each member alone would newly raise."""
    now = validation.raised([], threshold)
    costs = {}
    for member in with_progress(members, len(members), "cost of each member"):
        then = validation.raised([member], threshold)
        costs[member] = Raised(then.pixels - now.pixels, then.images - now.images)
    return costs
