"""Inference (paper, section IV): the distance of every patch to the coreset, as a map of the image's size."""

from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from training.features.extractor import FeatureExtractor, PatchStrip, build_extractor
from training.features.patch_grid import Axis, lerp_at, nearest_at
from training.model.file import check_fingerprint, load_model
from training.support.user_error import UserError

_BAND_PIXELS = 2**22
UPSAMPLINGS = ("nearest", "bilinear")


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
        *,
        chunk_size: int,
        upsampling: str,
        blur_sigma: float,
        blur_kernel: int,
        score_share: float,
        threshold: float = float("nan"),
        metadata: dict[str, Any] | None = None,
    ) -> None:
        if blur_kernel % 2 == 0 or blur_kernel < 1 or blur_sigma <= 0 or chunk_size < 1:
            raise UserError("anomaly_map: blur_kernel must be odd, blur_sigma and chunk_size positive")
        if upsampling not in UPSAMPLINGS:
            raise UserError(f"anomaly_map.upsampling {upsampling!r} is none of {', '.join(UPSAMPLINGS)}")
        if not 0 <= score_share <= 1:
            raise UserError(f"anomaly_map.score_share {score_share} must lie between 0 (the maximum) and 1 (the mean)")
        self.extractor = extractor
        self.chunk_size = chunk_size
        self.upsampling = upsampling
        self.score_share = score_share
        self.blur_sigma = blur_sigma
        self.blur_kernel = blur_kernel
        self.threshold = threshold
        self.metadata = metadata or {}
        members = torch.from_numpy(features).to(extractor.mean.device)
        self._centre = members.mean(dim=0)
        self._members = members - self._centre
        self._half_norms = (self._members**2).sum(dim=1) / 2

    def anomaly_map(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the anomaly map (H, W), float32 >= 0, of an RGB image (H, W, 3).

        A pixel is predicted anomalous if map >= threshold. Raises UserError for an image that is too small and for
        features that are not finite.
        """
        return self.map_from(self.distance_grid(image), (image.shape[0], image.shape[1]))

    def distance_grid(self, image: NDArray[np.uint8]) -> DistanceGrid:
        """Return every patch's distance to its nearest member. Raises as ``anomaly_map`` does."""
        strips = [(self._distances(strip), strip.rows, strip.columns) for strip in self.extractor.strips(image)]
        distances = np.concatenate([strip[0] for strip in strips])
        if not np.isfinite(distances).all():
            raise UserError("the extractor gives features that are not finite; check its weights")
        return DistanceGrid(distances, *strips[0][1:])

    def map_from(self, grid: DistanceGrid, shape: tuple[int, int]) -> NDArray[np.float32]:
        """Return the anomaly map (H, W) of patch distances.

        The distances are upsampled from the patch centres, then blurred (Gaussian, reflected borders). Bands of rows
        keep all memory except the map itself independent of the image's size.
        """
        height, width = shape
        wide = self._upsampled(grid.distances.T, grid.columns, 0, width).T
        margin = self.blur_kernel // 2
        band = max(_BAND_PIXELS // width, 1)
        found = np.empty((height, width), dtype=np.float32)
        for first in range(0, height, band):
            end = min(first + band, height)
            above, below = min(margin, first), min(margin, height - end)
            blurred = cv2.GaussianBlur(
                self._upsampled(wide, grid.rows, first - above, end + below),
                (self.blur_kernel, self.blur_kernel),
                self.blur_sigma,
                borderType=cv2.BORDER_REFLECT_101,
            )
            found[first:end] = blurred.reshape(-1, width)[above : above + end - first]
        return found

    def image_score(self, anomaly_map: NDArray[np.float32]) -> float:
        """Return the anomaly score of an image: the mean of the map's highest share, or its maximum."""
        count = round(self.score_share * anomaly_map.size)
        if count <= 1:
            return float(anomaly_map.max())
        return float(np.partition(anomaly_map, anomaly_map.size - count, axis=None)[-count:].mean(dtype=np.float64))

    def _upsampled(self, values: NDArray[np.float32], axis: Axis, first: int, end: int) -> NDArray[np.float32]:
        """Return values (n, m) at patch centres as values (end - first, m) at the pixels ``first`` to ``end``."""
        pixels = np.arange(first, end) + 0.5
        if self.upsampling == "nearest":
            return values[nearest_at(axis, pixels)]
        low, high, weight = lerp_at(axis, pixels)
        return values[low] + weight[:, None] * (values[high] - values[low])

    def _distances(self, strip: PatchStrip) -> NDArray[np.float32]:
        rows, width, channels = strip.features.shape
        return self.nearest_distances(strip.features.reshape(-1, channels)).reshape(rows, width)

    @torch.inference_mode()
    def nearest_distances(self, patches: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the Euclidean distances (N,) of patches (N, C) to their nearest member, in chunks of ``chunk_size``.

        A matrix product on centred features finds the nearest member. The distance to it is then computed from the
        difference, because |a|^2 + |b|^2 - 2ab cancels for near neighbours.
        """
        found = []
        for chunk in torch.from_numpy(np.ascontiguousarray(patches)).split(self.chunk_size):
            centred = chunk.to(self._members.device) - self._centre
            nearest = torch.addmm(self._half_norms, centred, self._members.T, alpha=-1).argmin(dim=1)
            found.append(torch.linalg.vector_norm(centred - self._members[nearest], dim=1))
        return torch.cat(found).cpu().numpy()


def load_anomaly_model(run_folder_or_file: str | Path, cfg: DictConfig) -> AnomalyModel:
    """Load a trained model with the extractor that its file describes.

    ``cfg`` has ``device``. Its ``extractor`` and ``anomaly_map``, if present and not null, override the recorded
    settings field by field (for example ``+extractor.weights=...`` for weights that have moved). Raises UserError for a
    damaged file or another extractor.
    """
    features, metadata = load_model(Path(run_folder_or_file))
    extractor = recorded_extractor(metadata, cfg)
    check_fingerprint(metadata, extractor)
    check_channels(features, extractor, str(run_folder_or_file))
    settings = anomaly_map_settings(metadata, cfg)
    return AnomalyModel(extractor, features, **settings, threshold=metadata["threshold"]["value"], metadata=metadata)


def anomaly_map_settings(metadata: dict[str, Any], cfg: DictConfig) -> dict[str, Any]:
    """Return the anomaly-map settings that a model file records, with the fields that ``cfg`` overrides."""
    merged = OmegaConf.merge(metadata["anomaly_map"], cfg.get("anomaly_map") or {})
    settings: dict[str, Any] = OmegaConf.to_container(merged, resolve=True)  # type: ignore[assignment]
    return settings


def recorded_extractor(metadata: dict[str, Any], cfg: DictConfig) -> FeatureExtractor:
    """Build the extractor that a model file records, with the fields that ``cfg.extractor`` overrides."""
    merged = OmegaConf.merge(metadata["extractor_config"], cfg.get("extractor") or {})
    return build_extractor(merged, cfg.device)  # type: ignore[arg-type]


def channels_of(extractor: FeatureExtractor) -> int:
    """Return the number of channels C of the extractor's features."""
    return extractor.patches(np.zeros((64, 64, 3), dtype=np.uint8)).shape[-1]


def check_channels(features: NDArray[np.float32], extractor: FeatureExtractor, name: str) -> None:
    """Raise UserError if the members (M, C) of the model ``name`` differ in C from its extractor's features."""
    if features.shape[1] != channels_of(extractor):
        raise UserError(f"{name}: features have {features.shape[1]} channels, its extractor {channels_of(extractor)}")
