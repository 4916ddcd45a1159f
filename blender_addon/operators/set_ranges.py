"""Operator: ranges of random stains around what is set."""

import bpy

from ..settings.properties import set_values, values_of
from ..settings.target import stain_owner
from ..water_stain.params import WaterStainParams
from ..water_stain.ranges import RANGED, SPREAD, around


class STAINLESS_OT_set_ranges(bpy.types.Operator):
    """Let random stains be drawn from ranges around the values that are set now"""

    bl_idname = "stainless.set_ranges"
    bl_label = "Ranges Around Values"
    bl_options = {"REGISTER", "UNDO"}

    spread: bpy.props.FloatProperty(
        name="Spread",
        description="How far ranges go below and above a value, as a part of it",
        subtype="FACTOR",
        default=SPREAD,
        min=0.0,
        max=1.0,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be stains."""
        return stain_owner(context) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write both ends of every range."""
        settings = stain_owner(context).stainless
        values = values_of(settings.stain, WaterStainParams)
        for name in RANGED:
            least, most = around(name, values[name], self.spread)
            set_values(settings.ranges, {f"{name}_low": least, f"{name}_high": most})
        return {"FINISHED"}
