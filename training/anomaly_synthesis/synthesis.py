"""One training example: an image as it is or changed, what it should be restored to, and the label of each pixel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from training.anomaly_synthesis.blending import KINDS as BLENDINGS
from training.anomaly_synthesis.blending import blended
from training.anomaly_synthesis.content import Picture, RenderedChange, Source
from training.anomaly_synthesis.enhancement import Enhancement, draw_enhancement, enhanced
from training.anomaly_synthesis.masks import MaskParams, build_mask, draw_mask_params
from training.anomaly_synthesis.rendered_source import carried
from training.anomaly_synthesis.settings import SynthesisSettings
from training.anomaly_synthesis.view import Nominal
from training.anomaly_synthesis.visibility import visible_change

SOURCES = ("formula", "own_images", "folder", "labelled", "rendered")
_LABELLED_SHAPE = 0.5  # share of labelled anomalies that keep their own shape
_GREY = np.array([0.299, 0.587, 0.114], dtype=np.float32)


@dataclass(frozen=True)
class SynthesisParams:
    """One draw: the shape, the source and its seed, the way of blending, its strength 0..1 and feather [px].

    ``own_shape``: a labelled anomaly keeps its shape instead of the drawn one.
    """

    mask: MaskParams
    source: str
    source_seed: int
    own_shape: bool
    blending: str
    strength: float
    feather: float
    enhancement: Enhancement


class Example(NamedTuple):
    """``image`` and ``target``, what a reconstruction restores, uint8 (H, W, 3).

    ``label`` uint8 (H, W): 0 sound, 1 anomalous, 255 ignored.
    """

    image: NDArray[np.uint8]
    target: NDArray[np.uint8]
    label: NDArray[np.uint8]


def draw_params(rng: np.random.Generator, settings: SynthesisSettings, progress: float) -> SynthesisParams | None:
    """Draw whether an image is changed at a share (0..1) of the training, and how; None for one that stays whole."""
    return None if rng.random() >= settings.anomalous else draw_change(rng, settings, progress)


def draw_change(rng: np.random.Generator, settings: SynthesisSettings, progress: float) -> SynthesisParams:
    """Draw one anomaly at a share (0..1) of the training."""
    blending = settings.blending
    return SynthesisParams(
        mask=draw_mask_params(rng, settings.masks),
        source=str(rng.choice(SOURCES, p=settings.sources.kinds.shares())),
        source_seed=int(rng.integers(2**63)),
        own_shape=bool(rng.random() < _LABELLED_SHAPE),
        blending=str(rng.choice(BLENDINGS, p=blending.kinds.shares())),
        strength=float(rng.uniform(*blending.strength.range_at(progress))),
        feather=float(rng.uniform(*blending.feather)),
        enhancement=draw_enhancement(rng),
    )


def synthesise(
    nominal: Nominal,
    number: int,
    params: SynthesisParams | None,
    sources: Mapping[str, Source],
    settings: SynthesisSettings,
) -> Example:
    """Return the example of one draw for a nominal image, train image ``number``.

    A pixel is labelled anomalous only if its change is visible; all other pixels are as in the nominal image. Rendered
    impurities are labelled sound and stay in the target.
    """
    image = nominal.image
    if params is None:
        return Example(image, image, np.where(nominal.ignored, np.uint8(255), np.uint8(0)))
    size = (image.shape[0], image.shape[1])
    content = sources[params.source].picture(params.source_seed, size, number)
    if isinstance(content, RenderedChange):
        return _rendered(nominal, content, params.strength, settings)
    own = content.shape if params.own_shape else None
    mask = (build_mask(params.mask, size) if own is None else own) & nominal.foreground
    pixels = image.astype(np.float32) / 255
    picture = _picture(pixels, content, params)
    changed = _eight_bits(blended(pixels, picture, mask, params.blending, params.strength, params.feather))
    return _labelled(nominal, image, changed, mask, settings)


def _picture(pixels: NDArray[np.float32], content: Picture, params: SynthesisParams) -> NDArray[np.float32]:
    """Return what is blended in; grey for a grey image, so that colour alone does not mark an anomaly."""
    picture = enhanced(pixels, params.enhancement) if params.blending == "photometric" else content.pixels
    is_grey = (pixels[..., 0] == pixels[..., 1]).all() and (pixels[..., 1] == pixels[..., 2]).all()
    return np.repeat((picture @ _GREY)[..., None], 3, axis=2) if is_grey else picture


def _labelled(
    nominal: Nominal,
    target: NDArray[np.uint8],
    changed: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    settings: SynthesisSettings,
) -> Example:
    visible = visible_change(target, changed, settings.visibility) & mask & ~nominal.ignored
    label = np.where(nominal.ignored, np.uint8(255), visible.astype(np.uint8))
    return Example(np.where(visible[..., None], changed, target), target, label)


def _rendered(nominal: Nominal, change: RenderedChange, strength: float, settings: SynthesisSettings) -> Example:
    """Return an image with a rendering's impurities, as sound, and its defects, as anomalous.

    Both get the drawn strength, so that strength does not tell them apart.
    """
    pixels = nominal.image.astype(np.float32) / 255
    foreground = nominal.foreground & ~nominal.ignored
    impurity = change.impurity & foreground & settings.sources.impurities
    target = _eight_bits(carried(pixels, change.logarithm * impurity[..., None], strength))
    defect = change.defect & foreground
    both = _eight_bits(carried(target.astype(np.float32) / 255, change.logarithm * defect[..., None], strength))
    return _labelled(nominal, target, both, defect, settings)


def _eight_bits(pixels: NDArray[np.float32]) -> NDArray[np.uint8]:
    return np.asarray(cv2.convertScaleAbs(pixels, alpha=255), dtype=np.uint8)
