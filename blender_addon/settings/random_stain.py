"""Random stains from the ranges in the settings of a scene or a material."""

import bpy

from ..water_stain.params import WaterStainParams
from ..water_stain.ranges import StainRanges, draw_stain, ranges_by_field
from .changes import Owner, apply_owner_stain, one_change
from .properties import params_of, set_values, values_of


def randomise(owner: Owner) -> None:
    """Draw the stains of the settings' random seed and apply them.

    Raises ValueError with a message, and changes nothing, if the ranges contradict each other.
    """
    settings = owner.stainless
    ranges = ranges_by_field(params_of(settings.ranges, StainRanges))
    others = values_of(settings.stain, WaterStainParams)
    drawn = draw_stain(ranges, others, settings.random_seed)
    with one_change(owner, apply_owner_stain):
        set_values(settings.stain, {name: getattr(drawn, name) for name in ranges})


def random_seed_changed(group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Draw the stains of a changed seed; change nothing if the ranges contradict each other."""
    if group.hold:
        return
    try:
        randomise(group.id_data)
    except ValueError:
        return
