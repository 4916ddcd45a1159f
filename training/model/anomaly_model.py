"""Inference (paper, section IV): the distance of every patch to the coreset, as a map of the image's size."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.features.extractor import FeatureExtractor, build_extractor
from training.features.extractor_settings import overridden_extractor_settings
from training.features.inside_patches import centres_inside, nearest_inside
from training.features.patch_grid import Axis, lerp_at, nearest_at
from training.features.patch_strip import PatchStrip
from training.model.file import check_fingerprint, load_model
from training.model.record import ModelRecord, StoredRecord
from training.model.recorded import Recorded
from training.model.settings import AnomalyMapSettings, ModelOverrides, overridden_anomaly_map
from training.support.document import document_of
from training.support.user_error import UserError

_BAND_PIXELS = 2**22


class DistanceGrid(NamedTuple):
    """Distances (h, w) float32 of an image's patches to their nearest members, and the patches' centres [pixels]."""

    distances: NDArray[np.float32]
    rows: Axis
    columns: Axis


class AnomalyModel:
    """An extractor and a coreset that give the anomaly map of an image."""

    def __init__(
        self,
        extractor: FeatureExtractor,
        features: NDArray[np.float32],
        settings: AnomalyMapSettings,
    ) -> None:
        self.extractor = extractor
        self.settings = settings
        members = torch.from_numpy(features).to(extractor.mean.device)
        self.centre = members.mean(dim=0)
        self.centred_members = members - self.centre
        self.half_norms = (self.centred_members**2).sum(dim=1) / 2

    def anomaly_map(self, image: NDArray[np.uint8], inside: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """Return the anomaly map (H, W), float32 >= 0, of an RGB image (H, W, 3).

        A pixel is predicted anomalous if map >= threshold. ``inside`` (H, W) is the region of interest: patches whose
        centres lie outside are not scored, and the map is 0 there. Raises UserError for an image that is too small, a
        region without a patch, and features that are not finite.
        """
        found = self.map_from(self.distance_grid(image, inside), (image.shape[0], image.shape[1]))
        return found if inside is None else np.where(inside, found, np.float32(0))

    def distance_grid(self, image: NDArray[np.uint8], inside: NDArray[np.bool_] | None = None) -> DistanceGrid:
        """Return every patch's distance to its nearest member. Raises as ``anomaly_map`` does."""
        return distance_grids([self], image, inside)[0]

    def map_from(self, grid: DistanceGrid, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Return the anomaly map (H, W) of patch distances.

        The distances are upsampled from the patch centres, then blurred (Gaussian, reflected borders). Bands of rows
        keep all memory except the map itself independent of the image's size.
        """
        height, width = shape
        wide = self._upsampled(grid.distances.T, grid.columns, 0, width).T
        margin = self.settings.blur_kernel // 2
        band = max(_BAND_PIXELS // width, 1)
        found = np.empty((height, width), dtype=np.float32)
        for first in range(0, height, band):
            end = min(first + band, height)
            above, below = min(margin, first), min(margin, height - end)
            blurred = cv2.GaussianBlur(
                self._upsampled(wide, grid.rows, first - above, end + below),
                (self.settings.blur_kernel, self.settings.blur_kernel),
                self.settings.blur_sigma,
                borderType=cv2.BORDER_REFLECT_101,
            )
            found[first:end] = blurred.reshape(-1, width)[above : above + end - first]
        return found

    def image_score(self, anomaly_map: NDArray[np.float32], inside: NDArray[np.bool_] | None = None) -> float:
        """Return the anomaly score of an image: the mean of the map's highest share, or its maximum.

        Only pixels inside a region of interest (H, W) count.
        """
        scores = anomaly_map if inside is None else anomaly_map[inside]
        count = round(self.settings.score_share * scores.size)
        if count <= 1:
            return float(scores.max())
        return float(np.partition(scores, scores.size - count, axis=None)[-count:].mean(dtype=np.float64))

    def _upsampled(self, values: NDArray[np.float32], axis: Axis, first: int, end: int) -> NDArray[np.float32]:
        """Return values (n, m) at patch centres as values (end - first, m) at the pixels ``first`` to ``end``."""
        pixels = np.arange(first, end) + 0.5
        if self.settings.upsampling == "nearest":
            return values[nearest_at(axis, pixels)]
        low, high, weight = lerp_at(axis, pixels)
        return values[low] + weight[:, None] * (values[high] - values[low])

    def strip_distances(self, strip: PatchStrip, kept: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """Return the distances (n, w) of a strip's patches to their nearest members; 0 if not ``kept`` (n, w)."""
        rows, width, channels = strip.features.shape
        if kept is None or kept.all():
            return self.nearest_distances(strip.features.reshape(-1, channels)).reshape(rows, width)
        found = np.zeros((rows, width), dtype=np.float32)
        if kept.any():
            found[kept] = self.nearest_distances(strip.features[kept])
        return found

    @torch.inference_mode()
    def nearest_distances(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the Euclidean distances (N,) of patches (N, C) to their nearest member, in chunks of ``chunk_size``.

        A matrix product on centred features finds the nearest member. The distance to it is then computed from the
        difference, because |a|^2 + |b|^2 - 2ab cancels for near neighbours.
        """
        found = []
        for chunk in torch.from_numpy(np.ascontiguousarray(patches)).split(self.settings.chunk_size):
            centred = chunk.to(self.centred_members.device) - self.centre
            nearest = torch.addmm(self.half_norms, centred, self.centred_members.T, alpha=-1).argmin(dim=1)
            found.append(torch.linalg.vector_norm(centred - self.centred_members[nearest], dim=1))
        return torch.cat(found).cpu().numpy()


def distance_grids(
    models: Sequence[AnomalyModel], image: NDArray[np.uint8], inside: NDArray[np.bool_] | None = None
) -> list[DistanceGrid]:
    """Return the patch distances of several models that share an extractor, which sees the image once.

    A patch outside the region of interest ``inside`` (H, W) has the distance of the nearest patch inside. Raises as
    ``AnomalyModel.anomaly_map`` does.
    """
    strips, places = [], []
    for strip in models[0].extractor.strips(image):
        end = strip.first + len(strip.features)
        kept = None if inside is None else centres_inside(inside, strip.rows, strip.columns)[strip.first : end]
        strips.append([model.strip_distances(strip, kept) for model in models])
        places.append((strip.rows, strip.columns))
    distances = [np.concatenate(parts) for parts in zip(*strips, strict=True)]
    if not all(np.isfinite(values).all() for values in distances):
        raise UserError("the extractor gives features that are not finite; check its weights")
    if inside is not None:
        standing = nearest_inside(inside, *places[0])
        distances = [values.ravel()[standing] for values in distances]
    return [DistanceGrid(values, *places[0]) for values in distances]


class TrainedModel(Recorded[StoredRecord], AnomalyModel):
    """An anomaly model from a model file, with the file's record."""

    def __init__(
        self,
        extractor: FeatureExtractor,
        features: NDArray[np.float32],
        settings: AnomalyMapSettings,
        record: StoredRecord,
    ) -> None:
        super().__init__(extractor, features, settings)
        self.record = record

    @property
    def fingerprint(self) -> dict[str, Any]:
        """Everything that a map depends on besides the image."""
        return {
            "features_sha256": self.record.features_sha256,
            "extractor": self.extractor.fingerprint,
            "anomaly_map": document_of(self.settings),
        }

    @property
    def warnings(self) -> list[str]:
        """Warnings of the model file, then those of the extractor that it does not contain."""
        recorded = super().warnings
        # A recorded warning may contain the extractor's and add a reason, for example why the weights are random.
        return recorded + [text for text in self.extractor.warnings if not any(text in known for known in recorded)]


def load_anomaly_model(run_folder_or_file: str | Path, overrides: ModelOverrides) -> TrainedModel:
    """Load a trained model with the extractor that its file describes.

    ``overrides`` replace recorded settings field by field, for example the path of weights that have moved. Raises
    UserError for a damaged file or another extractor.
    """
    return trained_model(str(run_folder_or_file), load_model(Path(run_folder_or_file)), overrides)


def trained_model(
    name: str, stored: tuple[NDArray[np.float32], StoredRecord], overrides: ModelOverrides
) -> TrainedModel:
    """Return the model of a file's features and record; ``name`` is for messages.

    Raises UserError for another extractor.
    """
    features, record = stored
    extractor = recorded_extractor(record, overrides)
    check_fingerprint(record, extractor)
    check_channels(features, extractor, name)
    settings = overridden_anomaly_map(record.anomaly_map, overrides.anomaly_map)
    return TrainedModel(extractor, features, settings, record)


def recorded_extractor(record: ModelRecord, overrides: ModelOverrides) -> FeatureExtractor:
    """Build the extractor that a model file records, with overrides."""
    settings = overridden_extractor_settings(record.extractor_config, overrides.extractor)
    return build_extractor(settings, overrides.device)


def channels_of(extractor: FeatureExtractor) -> int:
    """Return the number of channels C of the extractor's features."""
    return extractor.patches(np.zeros((64, 64, 3), dtype=np.uint8)).shape[-1]


def check_channels(features: NDArray[np.float32], extractor: FeatureExtractor, name: str) -> None:
    """Raise UserError if the members (M, C) of the model ``name`` differ in C from its extractor's features."""
    if features.shape[1] != channels_of(extractor):
        raise UserError(f"{name}: features have {features.shape[1]} channels, its extractor {channels_of(extractor)}")
