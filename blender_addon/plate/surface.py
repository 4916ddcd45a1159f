"""Contents of one side of a plate: metal, water stains and blemishes."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from ..blemishes import kinds
from ..blemishes.kinds import BlemishKind
from ..metals.group import MetalParams
from ..water_stain.params import WaterStainParams
from ..water_stain.shading import StainShadingParams


@dataclass(frozen=True)
class InspectedSurface:
    """One side of one plate.

    `blemishes` holds the parameters of all kinds in any order. Instance keys count from 1 within a class, in the order
    of the tuple; a stain's key is its stain id. Of two overlapping blemishes of one class, the later one is annotated,
    and a later sticker lies above. `surface.scratches` and the other plurals return the blemishes of one kind.
    `stain_preset` names the look of the stains if it was drawn from a list.
    """

    metal: MetalParams
    water_stain: WaterStainParams | None = None
    blemishes: tuple[Any, ...] = ()
    stain_shading: StainShadingParams = field(default_factory=StainShadingParams)
    stain_preset: str = ""

    def of_kind(self, kind: BlemishKind) -> tuple[Any, ...]:
        """Return the blemishes of a kind; the one with key k is item k - 1."""
        return tuple(params for params in self.blemishes if type(params) is kind.params)

    def of_class(self, class_id: int) -> tuple[Any, ...]:
        """Return the blemishes of a class. Raises KeyError for a class that is no blemish's."""
        return self.of_kind({kind.label.id: kind for kind in kinds.KINDS}[class_id])

    def __getattr__(self, name: str) -> tuple[Any, ...]:
        for kind in kinds.KINDS:
            if kind.plural == name:
                return self.of_kind(kind)
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")

    def is_clean(self) -> bool:
        """Return whether the surface has neither stains nor blemishes."""
        return self.water_stain is None and not self.blemishes

    def cleaned(self) -> "InspectedSurface":
        """Return this surface without stains and blemishes."""
        return dataclasses.replace(self, water_stain=None, blemishes=())

    def with_blemishes(self, blemishes: tuple[Any, ...]) -> "InspectedSurface":
        """Return this surface with other blemishes."""
        return dataclasses.replace(self, blemishes=blemishes)
