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
        description="G: One stain lies in every cube of this side, so larger cubes put the stains further apart",
    )
    radius: float = parameter(
        0.006,
        unit="m",
        low=1e-6,
        high=10.0,
        description="r: Stains have this radius before the noise moves their outline",
    )
    frequency: float = parameter(
        160.0,
        unit="1/m",
        low=0.0,
        high=1e6,
        description="f: The outline has about this many lobes per metre; low values look round, high ones ragged",
    )
    amplitude: float = parameter(
        0.0015,
        unit="m",
        low=0.0,
        high=10.0,
        description="A: The noise moves the outline in or out by at most this distance",
    )
    decay: float = parameter(
        5.0,
        unit="1",
        low=0.0,
        high=50.0,
        description="gamma: High values keep the stain's middle clear, low ones fill the whole stain",
    )
    intensity: float = parameter(
        -0.35,
        unit="1",
        low=-1.0,
        high=1.0,
        description="alpha: The edge of the stain becomes darker by this much if negative, brighter if positive",
    )
    seed_offset: int = parameter(
        0, unit="count", low=-10000, high=10000, description="Each number shows other stains with the same look"
    )
    depth_jitter: float = parameter(
        0.2,
        unit="1",
        low=0.0,
        high=1.0,
        description="Centres lie up to this height above z = 0, in cells; 0 suits a plate, 1 (as in the paper) a body",
    )
    explicit_centre: int = parameter(
        0,
        unit="count",
        low=0,
        high=1,
        description="A single stain lies at the centre that you choose, in place of many in a grid",
    )
    centre_x: float = parameter(
        0.0, unit="m", low=-100.0, high=100.0, description="The single stain has its centre at this x"
    )
    centre_y: float = parameter(
        0.0, unit="m", low=-100.0, high=100.0, description="The single stain has its centre at this y"
    )
    centre_z: float = parameter(
        0.0, unit="m", low=-100.0, high=100.0, description="The single stain has its centre at this z"
    )
    presence: float = parameter(
        1.0,
        unit="1",
        low=0.0,
        high=1.0,
        description="A cell has a stain with this probability; lower it for fewer stains",
    )
    radius_variation: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=0.95,
        description="Stains are larger or smaller than the radius by up to this part of it",
    )
    decay_variation: float = parameter(
        0.0, unit="1", low=0.0, high=1.0, description="The decay differs from stain to stain by up to this part of it"
    )
    intensity_variation: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        description="The intensity differs from stain to stain by up to this part of it",
    )
