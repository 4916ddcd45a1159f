"""Annotation classes: their ids in masks, names, kinds and colours.

The blemishes' classes stand in `blemishes.kinds`; this module has what every picture has.
"""

from dataclasses import dataclass
from typing import Any

DEFECT, IMPURITY = "defect", "impurity"


@dataclass(frozen=True)
class AnnotationClass:
    """A class of the masks: id 0..254, name, kind and sRGB colour (0..255), distinct for all colour vision."""

    id: int
    name: str
    kind: str
    colour: tuple[int, int, int]

    def description(self) -> dict[str, Any]:
        """Return the class's entry in dataset.json."""
        return {"id": self.id, "name": self.name, "kind": self.kind, "colour": list(self.colour)}


BACKGROUND = AnnotationClass(0, "background", "background", (0, 0, 0))
WATER_STAIN = AnnotationClass(6, "water_stain", IMPURITY, (213, 50, 40))
IGNORE = 255  # the id of pixels that neither training nor evaluation counts
