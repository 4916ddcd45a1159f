"""The legend of the masks: a swatch in the colour of each class beside its name."""

import bpy
import bpy.utils.previews

from ..annotation.preview import IGNORED_COLOUR
from ..blemishes.kinds import annotation_classes
from ..definitions.classes import BACKGROUND, WATER_STAIN

Colour = tuple[int, int, int]
SIDE, EDGE = 32, 4  # pixels of a swatch's icon and of the transparent edge around it
IGNORED = ("Ignored", IGNORED_COLOUR)

_icons: dict[str, bpy.utils.previews.ImagePreviewCollection] = {}  # one collection under the key "icons"


def draw_legend(layout: bpy.types.UILayout, blemishes: bool) -> None:
    """Draw the swatches of stains and ignored pixels, and with `blemishes` those of all classes."""
    classes = [label for label in annotation_classes() if label != BACKGROUND and (blemishes or label == WATER_STAIN)]
    rows = [(label.name.replace("_", " ").capitalize(), label.colour) for label in classes]
    grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
    for name, colour in [*rows, IGNORED]:
        grid.label(text=name, icon_value=_swatch(name, colour))


def free_legend() -> None:
    """Free the icons; the next draw makes them anew."""
    for collection in _icons.values():
        bpy.utils.previews.remove(collection)
    _icons.clear()


def _swatch(name: str, colour: Colour) -> int:
    """Return the icon of a colour."""
    if "icons" not in _icons:
        _icons["icons"] = bpy.utils.previews.new()
    icons = _icons["icons"]
    if name not in icons:
        icon = icons.new(name)
        icon.icon_size = (SIDE, SIDE)
        shown = [channel / 255 for channel in colour]
        inner = range(EDGE, SIDE - EDGE)
        icon.icon_pixels_float = [
            value
            for y in range(SIDE)
            for x in range(SIDE)
            for value in ((*shown, 1.0) if x in inner and y in inner else (0.0, 0.0, 0.0, 0.0))
        ]
    return icons[name].icon_id
