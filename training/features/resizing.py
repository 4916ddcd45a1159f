"""Resizing of whole images for the backbone, in bands of rows to avoid a whole float32 image."""

from typing import Any

import torch
import torch.nn.functional as F

from training.features.extractor_settings import ResizeExactly, ResizeSide

BAND_PIXELS = 2**20


def resized_shape(
    shape: tuple[int, int], resize: ResizeSide | ResizeExactly | None, further: float = 1.0
) -> tuple[int, int]:
    """Return the height and width of an image (H, W) after ``extractor.resize``, times ``further``."""
    height, width = shape
    if resize is None:
        scales = (further, further)
    elif isinstance(resize, ResizeSide):
        scale = further * resize.pixels / (min if resize.side == "shorter" else max)(height, width)
        scales = (scale, scale)
    else:
        scales = (further * resize.height / height, further * resize.width / width)
    return max(1, round(height * scales[0])), max(1, round(width * scales[1]))


def resized(pixels: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    """Return uint8 pixels (1, 3, H, W) at another height and width, as float32 in 0..1: bilinear, antialiased.

    Columns are resized first, by bands of rows, then rows.
    """
    height, width = shape
    how: dict[str, Any] = {"mode": "bilinear", "align_corners": False, "antialias": True}
    bands = pixels.split(max(1, BAND_PIXELS // pixels.shape[3]), dim=2)
    narrowed = [F.interpolate(band.float() / 255, (band.shape[2], width), **how) for band in bands]
    return F.interpolate(torch.cat(narrowed, dim=2), (height, width), **how)
