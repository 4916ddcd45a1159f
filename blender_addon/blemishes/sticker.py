"""Parameters of a sticker: a thin paper label with a handwritten number, bubbles below it and a loose corner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..definitions.parameter import draw_params, parameter


@dataclass(frozen=True)
class StickerParams:
    """One sticker on the plate's upper face."""

    centre_x: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="x of the sticker's centre")
    centre_y: float = parameter(0.0, unit="m", low=-10.0, high=10.0, description="y of the sticker's centre")
    angle: float = parameter(0.0, unit="rad", low=-7.0, high=7.0, description="Angle between the writing and x")
    width: float = parameter(0.016, unit="m", low=1e-3, high=1.0, description="Width along the writing")
    height: float = parameter(0.012, unit="m", low=1e-3, high=1.0, description="Height across the writing")
    thickness: float = parameter(
        1.2e-4, unit="m", low=1e-6, high=0.01, description="Height of the sheet's face above the plate"
    )
    edge_waviness: float = parameter(2.5e-4, unit="m", low=0.0, high=0.1, description="Amplitude of the edge's waves")
    edge_phase: float = parameter(0.0, unit="rad", low=-7.0, high=7.0, description="Phase of the edge's waves")
    lift: float = parameter(
        0.002, unit="m", low=0.0, high=0.1, description="Height of the loose corner above the sheet"
    )
    loose_corner: int = parameter(
        0, unit="count", low=0, high=3, description="Number of the loose corner, counterclockwise from the top right"
    )
    number: int = parameter(7, unit="count", low=0, high=999, description="Number written on the sticker")
    stroke: float = parameter(9e-4, unit="m", low=1e-5, high=0.1, description="Width of the marker's stroke")
    slant: float = parameter(
        0.1, unit="1", low=-1.0, high=1.0, description="Slant of the writing, sideways relative to upwards"
    )
    bubble_size: float = parameter(2.2e-3, unit="m", low=1e-5, high=0.1, description="Greatest diameter of a bubble")
    bubble_height: float = parameter(1.2e-4, unit="m", low=0.0, high=0.01, description="Height of the largest bubble")
    bubble_presence: float = parameter(
        0.4, unit="1", low=0.0, high=1.0, description="Probability of a bubble at each possible place"
    )
    reflectance: float = parameter(0.8, unit="1", low=0.0, high=1.0, description="Diffuse reflectance of the paper")
    roughness: float = parameter(0.16, unit="1", low=0.0, high=1.0, description="Roughness of the paper's coating")


def draw_sticker_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> StickerParams:
    """Draw one sticker from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(StickerParams, ranges, rng)
