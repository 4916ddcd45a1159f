"""Parameters of the water stain's places and outlines: those of algorithm 1, and their variation between stains."""

from dataclasses import dataclass

from ..definitions.parameter import parameter


@dataclass(frozen=True)
class StainOutlineParams:
    """Stains in a grid of cells, or one at a centre; the variations' defaults have no effect."""

    cell_size: float = parameter(
        0.02,
        unit="m",
        low=1e-5,
        high=10.0,
        label="Cell Size",
        description="Every cube of this size holds one stain; larger ones put stains further apart (G in the paper)",
    )
    radius: float = parameter(
        0.006,
        unit="m",
        low=1e-6,
        high=10.0,
        label="Radius",
        description="Stains have this radius before the noise moves their outline (r in the paper)",
    )
    frequency: float = parameter(
        160.0,
        unit="1/m",
        low=0.0,
        high=1e6,
        soft=(20.0, 1000.0),
        label="Outline Detail",
        description="The outline has about this many lobes per metre; low looks round, high ragged (f in the paper)",
        wave="The outline's lobes are about this long; long looks round, short ragged (1/f in the paper)",
    )
    amplitude: float = parameter(
        0.0015,
        unit="m",
        low=0.0,
        high=10.0,
        soft=(0.0, 0.01),
        label="Outline Depth",
        description="The noise moves the outline in or out by at most this distance (A in the paper)",
    )
    decay: float = parameter(
        5.0,
        unit="1",
        low=0.0,
        high=50.0,
        soft=(0.0, 20.0),
        label="Edge Sharpness",
        description="Higher leaves the middle clean and darkens only the edge (gamma in the paper)",
    )
    intensity: float = parameter(
        -0.35,
        unit="1",
        low=-1.0,
        high=1.0,
        soft=(-0.8, 0.8),
        label="Intensity",
        description="The stain's edge is darker by this much if negative, brighter if positive (alpha in the paper)",
    )
    seed_offset: int = parameter(
        0,
        unit="count",
        low=-10000,
        high=10000,
        soft=(0, 1000),
        label="Seed",
        description="Each number is another arrangement of stains with the same look",
    )
    depth_jitter: float = parameter(
        0.2,
        unit="1",
        low=0.0,
        high=1.0,
        label="Depth Scatter",
        description="Stains lie at depths of up to this part of a cell: 0 for flat plates, 1 for solid parts",
    )
    explicit_centre: int = parameter(
        0,
        unit="count",
        low=0,
        high=1,
        label="Single Stain",
        description="A single stain lies at the centre that you choose, in place of many in a grid",
    )
    centre_x: float = parameter(
        0.0, unit="m", low=-100.0, high=100.0, label="Centre X", description="The single stain has its centre at this x"
    )
    centre_y: float = parameter(
        0.0, unit="m", low=-100.0, high=100.0, label="Centre Y", description="The single stain has its centre at this y"
    )
    centre_z: float = parameter(
        0.0, unit="m", low=-100.0, high=100.0, label="Centre Z", description="The single stain has its centre at this z"
    )
    presence: float = parameter(
        1.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Density",
        description="Lower leaves more of the cells without a stain; 1 fills every cell",
    )
    radius_variation: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=0.95,
        label="Size Variety",
        description="Stains are larger or smaller than the radius by up to this part of it",
    )
    decay_variation: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Edge Variety",
        description="Edges are sharper or softer from stain to stain by up to this part",
    )
    intensity_variation: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Tone Variety",
        description="Stains are stronger or fainter than the intensity by up to this part of it",
    )
