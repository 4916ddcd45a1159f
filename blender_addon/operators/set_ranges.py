"""Operator: set the ranges of random stains around the current values."""

import bpy

from ..settings.properties import set_values, values_of
from ..settings.target import existing_owner, stain_owner
from ..water_stain.params import WaterStainParams
from ..water_stain.ranges import RANGED, SPREAD, range_around


class STAINLESS_OT_set_ranges(bpy.types.Operator):
    """Set the ranges of random stains to intervals around the current values"""

    bl_idname = "stainless.set_ranges"
    bl_label = "Ranges Around Values"
    bl_options = {"REGISTER", "UNDO"}

    spread: bpy.props.FloatProperty(
        name="Spread",
        description="Half width of a range, relative to the value",
        subtype="FACTOR",
        default=SPREAD,
        min=0.0,
        max=1.0,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the target has stains."""
        return stain_owner(context) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set both ends of every range."""
        settings = existing_owner(context).stainless
        values = values_of(settings.stain, WaterStainParams)
        for name in RANGED:
            low, high = range_around(name, values[name], self.spread)
            set_values(settings.ranges, {f"{name}_low": low, f"{name}_high": high})
        return {"FINISHED"}
