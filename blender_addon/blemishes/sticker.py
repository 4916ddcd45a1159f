"""Parameters of a sticker: a thin paper label with a handwritten number, bubbles below it and a loose corner."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..definitions.parameter import draw_params, parameter


@dataclass(frozen=True)
class StickerParams:
    """One sticker on the plate's upper face."""

    centre_x: float = parameter(
        0.0, unit="m", low=-10.0, high=10.0, label="Centre X", description="The sticker has its centre at this x"
    )
    centre_y: float = parameter(
        0.0, unit="m", low=-10.0, high=10.0, label="Centre Y", description="The sticker has its centre at this y"
    )
    angle: float = parameter(
        0.0, unit="rad", low=-7.0, high=7.0, label="Angle", description="The writing is turned from x by this angle"
    )
    width: float = parameter(
        0.016, unit="m", low=1e-3, high=1.0, label="Width", description="The sticker is this wide, along the writing"
    )
    height: float = parameter(
        0.012, unit="m", low=1e-3, high=1.0, label="Height", description="The sticker is this high, across the writing"
    )
    thickness: float = parameter(
        1.2e-4,
        unit="m",
        low=1e-6,
        high=0.01,
        label="Thickness",
        description="The sticker's face lies this high above the plate",
    )
    edge_waviness: float = parameter(
        2.5e-4, unit="m", low=0.0, high=0.1, label="Edge Waves", description="The cut edge sways by this much"
    )
    edge_phase: float = parameter(
        0.0, unit="rad", low=-7.0, high=7.0, label="Edge Phase", description="The edge's waves begin at this angle"
    )
    lift: float = parameter(
        0.002, unit="m", low=0.0, high=0.1, label="Lift", description="The loose corner stands up by this much"
    )
    loose_corner: int = parameter(
        0,
        unit="count",
        low=0,
        high=3,
        label="Loose Corner",
        description="This corner is loose, counted counterclockwise from the top right",
    )
    number: int = parameter(
        7, unit="count", low=0, high=999, label="Number", description="This number is written on the sticker"
    )
    stroke: float = parameter(
        9e-4, unit="m", low=1e-5, high=0.1, label="Pen Width", description="The marker's stroke is this wide"
    )
    slant: float = parameter(
        0.1,
        unit="1",
        low=-1.0,
        high=1.0,
        soft=(-0.5, 0.5),
        label="Slant",
        description="The writing leans sideways by this much, relative to its height",
    )
    bubble_size: float = parameter(
        2.2e-3,
        unit="m",
        low=1e-5,
        high=0.1,
        label="Bubble Size",
        description="Bubbles below the sticker are at most this wide",
    )
    bubble_height: float = parameter(
        1.2e-4, unit="m", low=0.0, high=0.01, label="Bubble Height", description="The largest bubble is this high"
    )
    bubble_presence: float = parameter(
        0.4,
        unit="1",
        low=0.0,
        high=1.0,
        label="Bubbles",
        description="Higher leaves more bubbles below the sticker; 0 leaves none",
    )
    reflectance: float = parameter(
        0.8, unit="1", low=0.0, high=1.0, label="Whiteness", description="The paper reflects this part of the light"
    )
    roughness: float = parameter(
        0.16, unit="1", low=0.0, high=1.0, label="Roughness", description="Higher makes the paper's coating duller"
    )


def draw_sticker_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> StickerParams:
    """Draw one sticker from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(StickerParams, ranges, rng)
