"""Inference of a defect map: image, reflected border, networks (in tiles for large images), map of the image's size."""

from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from training.defect_map.network import DefectMapNetwork
from training.defect_map.settings import MapSettings
from training.features.resizing import resized, resized_shape
from training.support.user_error import UserError


class DefectMapModel:
    """A network that gives the anomaly map of an image: -ln(1 - p) of the probability p that a pixel is anomalous."""

    def __init__(self, network: DefectMapNetwork, settings: MapSettings, device: torch.device) -> None:
        self.network = network.to(device).to(memory_format=torch.channels_last).eval().requires_grad_(False)
        self.settings = settings
        self._device = device

    def anomaly_map(self, image: NDArray[np.uint8], inside: NDArray[np.bool_] | None = None) -> NDArray[np.float32]:
        """Return the anomaly map (H, W), float32 >= 0, of an RGB image (H, W, 3).

        A pixel is predicted anomalous if map >= threshold. The map is 0 outside the region of interest ``inside``
        (H, W). Raises UserError if the map is not finite.
        """
        found = self._map_of(image)
        return found if inside is None else np.where(inside, found, np.float32(0))

    def _map_of(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        height, width = image.shape[:2]
        pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
        shape = resized_shape((height, width), self.settings.resize)
        seen = resized(pixels, shape) if shape != (height, width) else pixels
        found = self._map(seen[0].numpy())
        if not np.isfinite(found).all():
            raise UserError("the defect map is not finite; the model file is damaged, or its training diverged")
        if found.shape == (height, width):
            return found
        return np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR))

    def image_score(self, anomaly_map: NDArray[np.float32], inside: NDArray[np.bool_] | None = None) -> float:
        """Return the image's score: the map's maximum, or the maximum of its mean over a square.

        Only pixels inside a region of interest (H, W) count, also in the mean.
        """
        if self.settings.score == "maximum":
            return float(anomaly_map.max())
        height, width = anomaly_map.shape
        rows, columns = resized_shape((height, width), self.settings.resize)
        wide = self.settings.score_window
        window = (max(1, round(wide * width / columns)), max(1, round(wide * height / rows)))
        if inside is None:
            return float(cv2.blur(anomaly_map, window, borderType=cv2.BORDER_REFLECT_101).max())
        counting = inside.astype(np.float32)
        sums, shares = (
            cv2.blur(values, window, borderType=cv2.BORDER_REFLECT_101) for values in (anomaly_map * counting, counting)
        )
        return float((sums[inside] / shares[inside]).max())

    @torch.inference_mode()
    def _map(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Return the map (h, w) of pixels (3, h, w), uint8 or float32 in 0..1, at their own size."""
        height, width = pixels.shape[1:]
        border, stride = self.settings.border, self.network.stride
        below, right = (border + -(side + 2 * border) % stride for side in (height, width))
        padded = np.pad(pixels, ((0, 0), (border, below), (border, right)), mode="symmetric")
        found = np.empty(padded.shape[1:], dtype=np.float32)
        for rows, columns in self._tiles(found.shape):
            found[rows.inner, columns.inner] = self._tile(padded[:, rows.outer, columns.outer])[rows.kept, columns.kept]
        return np.ascontiguousarray(found[border : border + height, border : border + width])

    def _tile(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        batch = torch.from_numpy(np.ascontiguousarray(pixels))[None].to(self._device)
        values = batch.float() / 255 if batch.dtype == torch.uint8 else batch
        return torch.nn.functional.softplus(self.network(values).logits)[0, 0].cpu().numpy()

    def _tiles(self, shape: tuple[int, ...]) -> list[tuple["Span", "Span"]]:
        height, width = shape
        if height * width <= self.settings.tile_pixels:
            return [(Span.whole(height), Span.whole(width))]
        stride = self.network.stride
        halo = -(-self.network.reach // stride) * stride
        side = max(stride, (int(self.settings.tile_pixels**0.5) - 2 * halo) // stride * stride)
        return [(rows, columns) for rows in spans(height, side, halo) for columns in spans(width, side, halo)]


class Span:
    """Parts of an axis: what a tile gives (``inner``), reads (``outer``), and keeps of what it reads (``kept``)."""

    def __init__(self, first: int, end: int, halo: int, length: int) -> None:
        start, stop = max(first - halo, 0), min(end + halo, length)
        self.inner, self.outer = slice(first, end), slice(start, stop)
        self.kept = slice(first - start, end - start)

    @classmethod
    def whole(cls, length: int) -> "Span":
        """Return the span of a whole axis."""
        return cls(0, length, 0, length)


def spans(length: int, side: int, halo: int) -> list[Span]:
    """Return the spans of tiles of ``side`` pixels along an axis, with a halo on both sides where the image goes on."""
    return [Span(first, min(first + side, length), halo, length) for first in range(0, length, side)]
