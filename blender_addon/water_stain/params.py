"""What a water stain is made of (paper, section III and algorithm 1) and how its parameters are drawn.

The texture itself stands three times: in NumPy (`reference`, the specification), as shader nodes
(`group`) and in OSL (`water_stain.osl`).
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..definitions.parameter import draw_params, parameter


@dataclass(frozen=True)
class WaterStainParams:
    """A solid texture of water stains; the first eight fields are algorithm 1's, the others are neutral by default.

    Raises ValueError where a stain could reach beyond its neighbour cells: the search would cut it off.
    """

    cell_size: float = parameter(
        0.02, unit="m", low=1e-5, high=10.0, description="G: side of the grid cells, one stain centre in each"
    )
    radius: float = parameter(0.006, unit="m", low=1e-6, high=10.0, description="r: of the unperturbed outline")
    frequency: float = parameter(
        160.0, unit="1/m", low=0.0, high=1e6, description="f: of the Perlin noise that perturbs the outline"
    )
    amplitude: float = parameter(
        0.0015, unit="m", low=0.0, high=10.0, description="A: how far the noise moves the outline in or out"
    )
    decay: float = parameter(
        5.0, unit="1", low=0.0, high=50.0, description="gamma: how late the change sets in between centre and edge"
    )
    intensity: float = parameter(
        -0.35, unit="1", low=-1.0, high=1.0, description="alpha: change of reflectance at the edge; negative darkens"
    )
    seed_offset: int = parameter(
        0,
        unit="count",
        low=-10000,
        high=10000,
        description="Which stains these are: an offset of the cells along the hash's fourth axis",
    )
    depth_jitter: float = parameter(
        0.2,
        unit="1",
        low=0.0,
        high=1.0,
        description="How far above z = 0 centres may lie, in cells: 1 is the paper's solid grid, 0 all on the plane",
    )
    explicit_centre: int = parameter(
        0, unit="count", low=0, high=1, description="1: a single stain round the given centre, no grid"
    )
    centre_x: float = parameter(0.0, unit="m", low=-100.0, high=100.0, description="Of the single stain")
    centre_y: float = parameter(0.0, unit="m", low=-100.0, high=100.0, description="Of the single stain")
    centre_z: float = parameter(0.0, unit="m", low=-100.0, high=100.0, description="Of the single stain")
    presence: float = parameter(
        1.0, unit="1", low=0.0, high=1.0, description="Probability that a cell's stain is there at all"
    )
    radius_variation: float = parameter(
        0.0, unit="1", low=0.0, high=0.95, description="Each stain's radius is r (1 +- up to this)"
    )
    decay_variation: float = parameter(
        0.0, unit="1", low=0.0, high=1.0, description="Each stain's decay is gamma (1 +- up to this)"
    )
    intensity_variation: float = parameter(
        0.0, unit="1", low=0.0, high=1.0, description="Each stain's intensity is alpha (1 +- up to this)"
    )
    rim_width: float = parameter(
        0.12, unit="1", low=0.001, high=1.0, description="Of the dried rim along the outline, as a part of the radius"
    )
    rim_intensity: float = parameter(
        0.0, unit="1", low=-1.0, high=1.0, description="Change of reflectance in the middle of the dried rim"
    )
    ring_position: float = parameter(
        0.6, unit="1", low=0.0, high=1.0, description="Normalised distance of the second, inner ring"
    )
    ring_width: float = parameter(
        0.1, unit="1", low=0.001, high=1.0, description="Of the inner ring, as a part of the radius"
    )
    ring_intensity: float = parameter(
        0.0, unit="1", low=-1.0, high=1.0, description="Change of reflectance in the middle of the inner ring"
    )
    speckle_frequency: float = parameter(
        1500.0, unit="1/m", low=0.0, high=1e6, description="Of the noise that places mineral speckles"
    )
    speckle_intensity: float = parameter(
        0.0, unit="1", low=-1.0, high=1.0, description="Change of reflectance in a mineral speckle"
    )
    run_off: float = parameter(
        0.0, unit="1", low=0.0, high=5.0, description="How much longer, relative to r, a stain is downstream"
    )
    run_off_azimuth: float = parameter(
        -float(np.pi) / 2, unit="rad", low=-7.0, high=7.0, description="Downstream direction in xy, from x towards y"
    )
    run_off_elevation: float = parameter(
        0.0, unit="rad", low=-1.6, high=1.6, description="Downstream direction's angle above xy"
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, meta = getattr(self, field.name), field.metadata
            if not meta["low"] <= value <= meta["high"]:
                raise ValueError(f"water stain: {field.name} = {value} lies outside [{meta['low']}, {meta['high']}]")
        if not self.explicit_centre and self.reach > self.cell_size:
            raise ValueError(
                f"water stain: stains reach {self.reach:g} m (radius, variation, amplitude, run-off), further than "
                f"cell_size = {self.cell_size:g} m, and would be cut off; reduce them or enlarge the cells"
            )

    @property
    def reach(self) -> float:
        """The furthest from its centre that a stain can be, metres."""
        return (self.radius * (1 + self.radius_variation) + self.amplitude) * (1 + self.run_off)


def draw_water_stain_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> WaterStainParams:
    """Draw the parameters of one plate's stains from `ranges` (field: number or [a, b]); see `draw_params`.

    Raises ValueError where the ranges leave the fields' own, or where the drawn stains would be cut off.
    """
    return draw_params(WaterStainParams, ranges, rng)
