"""Parameters of the water stain (paper, section III and algorithm 1), and their random draw.

The texture has three implementations: NumPy (`reference`, the specification), shader nodes (`group`) and OSL
(`water_stain.osl`).
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..definitions.parameter import draw_params, parameter


@dataclass(frozen=True)
class WaterStainParams:
    """A solid texture of water stains.

    The first eight fields are those of algorithm 1; the defaults of the others have no effect. Raises ValueError for a
    value out of range, or if a stain could reach beyond the neighbouring cells, where the search would cut it off.
    """

    cell_size: float = parameter(
        0.02, unit="m", low=1e-5, high=10.0, description="G: side of the grid cells, one stain centre in each"
    )
    radius: float = parameter(0.006, unit="m", low=1e-6, high=10.0, description="r: radius of the unperturbed outline")
    frequency: float = parameter(
        160.0, unit="1/m", low=0.0, high=1e6, description="f: frequency of the Perlin noise that perturbs the outline"
    )
    amplitude: float = parameter(
        0.0015,
        unit="m",
        low=0.0,
        high=10.0,
        description="A: greatest distance by which the noise moves the outline in or out",
    )
    decay: float = parameter(
        5.0,
        unit="1",
        low=0.0,
        high=50.0,
        description="gamma: exponent of the change between centre and edge; larger values concentrate it at the edge",
    )
    intensity: float = parameter(
        -0.35, unit="1", low=-1.0, high=1.0, description="alpha: change of reflectance at the edge; negative darkens"
    )
    seed_offset: int = parameter(
        0,
        unit="count",
        low=-10000,
        high=10000,
        description="Selection of the stains: offset of the cells along the fourth axis of the hash",
    )
    depth_jitter: float = parameter(
        0.2,
        unit="1",
        low=0.0,
        high=1.0,
        description="Greatest height of centres above z = 0, in cells; 1 is the paper's solid grid, 0 the plane",
    )
    explicit_centre: int = parameter(
        0, unit="count", low=0, high=1, description="Single stain at the given centre (1) instead of a grid (0)"
    )
    centre_x: float = parameter(0.0, unit="m", low=-100.0, high=100.0, description="x of the single stain's centre")
    centre_y: float = parameter(0.0, unit="m", low=-100.0, high=100.0, description="y of the single stain's centre")
    centre_z: float = parameter(0.0, unit="m", low=-100.0, high=100.0, description="z of the single stain's centre")
    presence: float = parameter(1.0, unit="1", low=0.0, high=1.0, description="Probability that a cell has a stain")
    radius_variation: float = parameter(
        0.0, unit="1", low=0.0, high=0.95, description="Greatest relative deviation of a stain's radius from r"
    )
    decay_variation: float = parameter(
        0.0, unit="1", low=0.0, high=1.0, description="Greatest relative deviation of a stain's decay from gamma"
    )
    intensity_variation: float = parameter(
        0.0, unit="1", low=0.0, high=1.0, description="Greatest relative deviation of a stain's intensity from alpha"
    )
    rim_width: float = parameter(
        0.12,
        unit="1",
        low=0.001,
        high=1.0,
        description="Width of the dried rim along the outline, relative to the radius",
    )
    rim_intensity: float = parameter(
        0.0, unit="1", low=-1.0, high=1.0, description="Change of reflectance in the middle of the dried rim"
    )
    ring_position: float = parameter(
        0.6, unit="1", low=0.0, high=1.0, description="Normalised distance of the inner ring from the centre"
    )
    ring_width: float = parameter(
        0.1, unit="1", low=0.001, high=1.0, description="Width of the inner ring, relative to the radius"
    )
    ring_intensity: float = parameter(
        0.0, unit="1", low=-1.0, high=1.0, description="Change of reflectance in the middle of the inner ring"
    )
    speckle_frequency: float = parameter(
        1500.0, unit="1/m", low=0.0, high=1e6, description="Frequency of the noise that places mineral speckles"
    )
    speckle_intensity: float = parameter(
        0.0, unit="1", low=-1.0, high=1.0, description="Change of reflectance in a mineral speckle"
    )
    run_off: float = parameter(
        0.0, unit="1", low=0.0, high=5.0, description="Elongation of a stain downstream, relative to r"
    )
    run_off_azimuth: float = parameter(
        -float(np.pi) / 2, unit="rad", low=-7.0, high=7.0, description="Downstream direction in xy, from x towards y"
    )
    run_off_elevation: float = parameter(
        0.0, unit="rad", low=-1.6, high=1.6, description="Angle of the downstream direction above xy"
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, meta = getattr(self, field.name), field.metadata
            if not meta["low"] <= value <= meta["high"]:
                raise ValueError(f"water stain: {field.name} = {value} lies outside [{meta['low']}, {meta['high']}]")
        if not self.explicit_centre and self.reach > self.cell_size:
            raise ValueError(
                f"water stain: stains reach {self.reach:g} m (radius, variation, amplitude, run-off), further than "
                f"cell_size = {self.cell_size:g} m, and would be cut off; reduce these or enlarge the cells"
            )

    @property
    def reach(self) -> float:
        """The greatest distance of a stain's edge from its centre, in metres."""
        return (self.radius * (1 + self.radius_variation) + self.amplitude) * (1 + self.run_off)


def draw_water_stain_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> WaterStainParams:
    """Draw the parameters of one plate's stains from `ranges` (field: number or [a, b]); see `draw_params`.

    Raises ValueError if a drawn value is out of range or if the drawn stains would be cut off.
    """
    return draw_params(WaterStainParams, ranges, rng)
