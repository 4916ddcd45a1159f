"""Operator: the ring light's three variants."""

import math

import bpy

from ..settings import live_scene
from ..settings.changes import one_change
from ..settings.target import is_inspection

VARIANTS = {  # of appendix A: rotation, scale
    "base": ("As Built", "The ring as it was built", 0.0, 1.0),
    "rot90": ("Rotated 90°", "The ring turned by 90 degrees about the camera's axis", math.pi / 2, 1.0),
    "scale2": ("Scaled 2×", "The ring at twice its size", 0.0, 2.0),
}


class STAINLESS_OT_set_light(bpy.types.Operator):
    """Set the ring light to one of the variants that plates were inspected under"""

    bl_idname = "stainless.set_light"
    bl_label = "Ring Light"
    bl_options = {"REGISTER", "UNDO"}

    variant: bpy.props.EnumProperty(
        name="Variant",
        description="Of the ring light",
        items=[(name, label, words) for name, (label, words, _, _) in VARIANTS.items()],
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be a ring."""
        return is_inspection(context.scene)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Tell the buttons apart."""
        return VARIANTS[properties.variant][1]

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Turn and scale the ring."""
        _, _, rotation, scale = VARIANTS[self.variant]
        light = context.scene.stainless.light
        try:
            with one_change(context.scene, live_scene.apply_light):
                light.rotation, light.scale = rotation, scale
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
