"""What lies on one side of a plate: its metal, impurities and defects; the order in which they are annotated."""

from dataclasses import dataclass, field

from ..blemishes.bump import BumpParams
from ..blemishes.dent import DentParams
from ..blemishes.fingerprint import FingerprintParams
from ..blemishes.scratch import ScratchParams
from ..blemishes.sticker import StickerParams
from ..definitions.classes import BUMP, DENT, FINGERPRINT, SCRATCH, STICKER
from ..metals.brushed import BrushedMetalParams
from ..metals.milled import MilledMetalParams
from ..metals.sandblasted import SandblastedMetalParams
from ..water_stain.params import WaterStainParams
from ..water_stain.shading import StainShadingParams

MetalParams = BrushedMetalParams | MilledMetalParams | SandblastedMetalParams
Thing = ScratchParams | DentParams | BumpParams | FingerprintParams | StickerParams


@dataclass(frozen=True)
class InspectedSurface:
    """One side of one plate. Where things overlap, a pixel is what comes first here:

    sticker (it hides what lies below), dent, scratch, bump (wide: what lies on it is the clearer find), fingerprint,
    water stain. Of two things of one class the later one in its tuple wins; a later sticker lies above. Instance
    keys count from 1 within a class; a stain's key is its stain id.
    """

    metal: MetalParams
    water_stain: WaterStainParams | None = None
    scratches: tuple[ScratchParams, ...] = ()
    dents: tuple[DentParams, ...] = ()
    bumps: tuple[BumpParams, ...] = ()
    fingerprints: tuple[FingerprintParams, ...] = ()
    stickers: tuple[StickerParams, ...] = ()
    stain_shading: StainShadingParams = field(default_factory=StainShadingParams)

    def of_class(self, class_id: int) -> tuple[Thing, ...]:
        """Return the things of a class that come one by one; the thing with key k is item k - 1."""
        things: dict[int, tuple[Thing, ...]] = {
            BUMP: self.bumps,
            DENT: self.dents,
            FINGERPRINT: self.fingerprints,
            SCRATCH: self.scratches,
            STICKER: self.stickers,
        }
        return things[class_id]
