"""What lies on one plate: its metal, the water stains on it and its defects; the order in which they are annotated."""

from dataclasses import dataclass, field

from .brushed_metal import BrushedMetalParams
from .dent import DentParams
from .scratch import ScratchParams
from .water_stain import WaterStainParams


@dataclass(frozen=True)
class InspectedSurface:
    """One plate's surface. Where things overlap, a pixel is the dent's before the scratch's before the stain's.

    Of two defects of one class the later one in its tuple wins. Instance keys count from 1 within a class; a
    stain's key is its stain id.
    """

    metal: BrushedMetalParams
    water_stain: WaterStainParams | None = None
    scratches: tuple[ScratchParams, ...] = field(default=())
    dents: tuple[DentParams, ...] = field(default=())
