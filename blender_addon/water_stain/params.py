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
from .outline_params import StainOutlineParams


@dataclass(frozen=True)
class WaterStainParams(StainOutlineParams):
    """A solid texture of water stains.

    The first eight fields are those of algorithm 1; the defaults of the others have no effect. Raises ValueError for a
    value out of range, or if a stain could reach beyond the neighbouring cells, where the search would cut it off.
    """

    rim_width: float = parameter(
        0.12,
        unit="1",
        low=0.001,
        high=1.0,
        soft=(0.001, 0.5),
        label="Rim Width",
        description="The dried rim along the outline is this wide, relative to the radius",
    )
    rim_intensity: float = parameter(
        0.0,
        unit="1",
        low=-1.0,
        high=1.0,
        soft=(-0.5, 0.5),
        label="Rim Intensity",
        description="The dried rim is darker by this much if negative, brighter if positive",
    )
    ring_position: float = parameter(
        0.6,
        unit="1",
        low=0.0,
        high=1.0,
        label="Ring Position",
        description="The inner ring lies at this part of the way from the centre to the outline",
    )
    ring_width: float = parameter(
        0.1,
        unit="1",
        low=0.001,
        high=1.0,
        soft=(0.001, 0.5),
        label="Ring Width",
        description="The inner ring is this wide, relative to the radius",
    )
    ring_intensity: float = parameter(
        0.0,
        unit="1",
        low=-1.0,
        high=1.0,
        soft=(-0.5, 0.5),
        label="Ring Intensity",
        description="The inner ring is darker by this much if negative, brighter if positive",
    )
    speckle_frequency: float = parameter(
        1500.0,
        unit="1/m",
        low=0.0,
        high=1e6,
        soft=(200.0, 10000.0),
        label="Speck Size",
        description="Mineral specks are this fine; higher values give more and smaller ones",
        wave="Mineral specks are about this large; smaller ones are also more",
    )
    speckle_intensity: float = parameter(
        0.0,
        unit="1",
        low=-1.0,
        high=1.0,
        soft=(-0.5, 0.5),
        label="Speck Intensity",
        description="Mineral specks are darker by this much if negative, brighter if positive",
    )
    run_off: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=5.0,
        soft=(0.0, 3.0),
        label="Run-off",
        description="Water that ran down draws the stain out by this much, relative to the radius",
    )
    run_off_azimuth: float = parameter(
        -float(np.pi) / 2,
        unit="rad",
        low=-7.0,
        high=7.0,
        label="Flow Direction",
        description="The water ran in this direction, measured from x towards y",
    )
    run_off_elevation: float = parameter(
        0.0,
        unit="rad",
        low=-1.6,
        high=1.6,
        label="Flow Rise",
        description="The direction of the water points up from the xy plane by this angle",
    )
    octaves: int = parameter(
        1,
        unit="count",
        low=1,
        high=3,
        label="Outline Layers",
        description="One layer gives the outline smooth lobes; two and three add finer wrinkles",
    )
    octave_gain: float = parameter(
        0.5,
        unit="1",
        low=0.0,
        high=1.0,
        label="Wrinkles",
        description="Each further layer of the outline is this strong, relative to the one before",
    )
    rim_width_variation: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=0.95,
        label="Width Variety",
        description="The rim is wider here and narrower there, by up to this part of its width",
    )
    rim_intensity_variation: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Tone Variety",
        description="The rim is stronger here and fainter there, by up to this part of its intensity",
    )
    rim_variation_frequency: float = parameter(
        250.0,
        unit="1/m",
        low=0.0,
        high=1e6,
        soft=(20.0, 1500.0),
        label="Rim Detail",
        description="The rim changes about this often per metre of the outline",
        wave="The rim changes over about this length of the outline",
    )
    contours: int = parameter(
        3,
        unit="count",
        low=1,
        high=6,
        label="Lines",
        description="A drop that dried in stages left this many lines inside its outline",
    )
    contour_intensity: float = parameter(
        0.0,
        unit="1",
        low=-1.0,
        high=1.0,
        soft=(-0.5, 0.5),
        label="Line Intensity",
        description="These lines are darker by this much if negative, brighter if positive",
    )
    contour_spacing: float = parameter(
        0.14,
        unit="1",
        low=0.02,
        high=1.0,
        soft=(0.02, 0.5),
        label="Line Spacing",
        description="These lines lie this far apart, relative to the radius",
    )
    contour_width: float = parameter(
        0.06,
        unit="1",
        low=0.001,
        high=1.0,
        soft=(0.001, 0.3),
        label="Line Width",
        description="Each of these lines is this wide, relative to the radius, and never wider than the spacing",
    )
    contour_variation: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Line Variety",
        description="These lines are fainter and less evenly spaced by up to this part, in each stain differently",
    )
    crust_coverage: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Crust Cover",
        description="A mineral crust grows from the outline inwards; 0 is none, 1 covers nearly the whole stain",
    )
    crust_frequency: float = parameter(
        600.0,
        unit="1/m",
        low=0.0,
        high=1e6,
        soft=(50.0, 4000.0),
        label="Patch Size",
        description="The crust has about this many patches per metre",
        wave="The crust's patches are about this large",
    )
    crust_intensity: float = parameter(
        0.0,
        unit="1",
        low=-1.0,
        high=1.0,
        soft=(-0.5, 0.5),
        label="Crust Intensity",
        description="The crust is darker by this much if negative, brighter if positive",
    )
    follow_gravity: int = parameter(
        0,
        unit="count",
        low=0,
        high=1,
        label="Follow Gravity",
        description="The water runs down the slope of the surface, not in the given direction",
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, meta = getattr(self, field.name), field.metadata
            if not meta["low"] <= value <= meta["high"]:
                raise ValueError(f"water stain: {field.name} = {value} lies outside [{meta['low']}, {meta['high']}]")
        if not self.explicit_centre and self.reach > self.cell_size:
            raise ValueError(
                f"Stains ({1000 * self.reach:.4g} mm) do not fit their {1000 * self.cell_size:.4g} mm cells: lower "
                "Radius or raise Cell Size (radius with its variation, amplitude and run-off must stay below cell_size)"
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
