"""Data augmentation (DA; paper, section V-B), drawn per (seed, epoch, image) and applied to image and mask together.

The parameters come from a NumPy generator and go to ``torchvision.transforms.v2.functional``; torchvision's transform
classes would draw from torch's global generator.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torchvision.transforms.v2 import functional as F
from torchvision.tv_tensors import Image, Mask

from training.data.augmentation_settings import AugmentationSettings
from training.data.sample import IGNORE_ID

_BAND_PIXELS = 2**18


@dataclass(frozen=True)
class Border:
    """A region that turns black at one side of the image.

    ``angle`` [rad] is the direction of the edge's normal, which points at the region; ``depth`` is the region's share
    of the image's extent along the normal.
    """

    angle: float
    depth: float
    ignored: bool


@dataclass(frozen=True)
class AugmentationParams:
    """One draw: factors, deviations of blur [pixels] and noise (white = 1), the noise seed, the black border."""

    flip_horizontal: bool
    flip_vertical: bool
    brightness: float
    contrast: float
    blur_sigma: float
    noise_sigma: float
    noise_seed: int
    border: Border | None


class Augmentation:
    """The augmentation that ``conf/augment`` describes: one reproducible draw per (seed, epoch, image)."""

    def __init__(self, settings: AugmentationSettings) -> None:
        self.settings = settings

    def __call__(
        self, image: NDArray[np.uint8], mask: NDArray[np.uint8], epoch: int, sample_id: str
    ) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return the augmented image (H, W, 3) and class ids (H, W) of an epoch; the arguments do not change."""
        rng = np.random.default_rng([self.settings.seed, epoch, *sample_id.encode()])
        return augmented(image, mask, draw_augmentation_params(self.settings, rng))


def draw_augmentation_params(settings: AugmentationSettings, rng: np.random.Generator) -> AugmentationParams:
    """Draw every parameter uniformly from its range in ``conf/augment``."""
    border = settings.border
    return AugmentationParams(
        flip_horizontal=rng.random() < settings.flip_probability,
        flip_vertical=rng.random() < settings.flip_probability,
        brightness=rng.uniform(*settings.brightness),
        contrast=rng.uniform(*settings.contrast),
        blur_sigma=rng.uniform(*settings.blur_sigma),
        noise_sigma=rng.uniform(*settings.noise_sigma),
        noise_seed=int(rng.integers(2**63)),
        border=None
        if border is None
        else Border(
            angle=int(rng.integers(4)) * math.pi / 2 + rng.uniform(*border.tilt),
            depth=rng.uniform(*border.depth),
            ignored=border.ignored,
        ),
    )


def augmented(
    image: NDArray[np.uint8], mask: NDArray[np.uint8], params: AugmentationParams
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Apply one draw to an RGB image (H, W, 3) and its class ids (H, W), and return both.

    The order is flips, brightness, contrast, blur, noise, black border; blur and noise barely affect a real dark
    border. Values are rounded to 8 bits once, at the end. Computation is in bands of rows, which do not change the
    result.
    """
    pixels = Image(torch.from_numpy(image).permute(2, 0, 1))
    ids = Mask(torch.from_numpy(mask))
    if params.flip_horizontal:
        pixels, ids = F.horizontal_flip(pixels), F.horizontal_flip(ids)
    if params.flip_vertical:
        pixels, ids = F.vertical_flip(pixels), F.vertical_flip(ids)
    shown = np.empty_like(image)
    mean = _mean_luminance(pixels, params.brightness)
    radius = min(math.ceil(3 * params.blur_sigma), *(side - 1 for side in image.shape[:2]))
    noise = np.random.default_rng(params.noise_seed)
    for first, end in _bands(image.shape):
        top, bottom = max(first - radius, 0), min(end + radius, len(image))
        band = _brightened(pixels[:, top:bottom], params.brightness)
        band = (
            band.mul_(params.contrast).add_((1 - params.contrast) * mean).clamp_(0, 1)
        )  # the formula of F.adjust_contrast
        if radius > 0:  # reflection limits the radius in a small image
            band = F.gaussian_blur(band, [2 * radius + 1] * 2, [params.blur_sigma] * 2)
        rows = band[:, first - top : end - top].permute(1, 2, 0)
        if params.noise_sigma > 0:
            drawn = torch.from_numpy(noise.standard_normal(tuple(rows.shape), dtype=np.float32))
            rows = (rows + drawn.mul_(params.noise_sigma)).clamp_(0, 1)
        shown[first:end] = rows.mul(255).round_().to(torch.uint8).numpy()
    marked = ids.as_subclass(torch.Tensor).numpy().copy()
    if params.border is not None:
        behind = border_region(marked.shape, params.border)
        shown[behind] = 0
        if params.border.ignored:
            marked[behind] = IGNORE_ID
    return shown, marked


def border_region(shape: tuple[int, ...], border: Border) -> NDArray[np.bool_]:
    """Return a mask (H, W) of the pixels whose centres lie behind the border's edge."""
    height, width = shape
    across, down = math.cos(border.angle), math.sin(border.angle)
    half_extent = (abs(across) * width + abs(down) * height) / 2
    along_rows = across * (np.arange(width) + 0.5 - width / 2)
    still_needed = half_extent * (1 - 2 * border.depth) - down * (np.arange(height) + 0.5 - height / 2)
    return np.asarray(along_rows > still_needed[:, None])


def _bands(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    """Return ranges of rows that limit how much of an image is held as float32 at a time."""
    rows = max(_BAND_PIXELS // shape[1], 1)
    return [(first, min(first + rows, shape[0])) for first in range(0, shape[0], rows)]


def _brightened(pixels: torch.Tensor, factor: float) -> torch.Tensor:
    return F.adjust_brightness(F.to_dtype(pixels.as_subclass(torch.Tensor), torch.float32, scale=True), factor)


def _mean_luminance(pixels: torch.Tensor, brightness: float) -> float:
    """Return the mean grey value of brightened pixels (3, H, W), the fixed point of the contrast change."""
    height, width = pixels.shape[1:]
    total = 0.0
    for first, end in _bands((height, width)):
        grey = F.rgb_to_grayscale(_brightened(pixels[:, first:end], brightness))
        total += float(grey.sum(dtype=torch.float64))
    return total / (height * width)
