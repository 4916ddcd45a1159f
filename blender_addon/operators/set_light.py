"""Operator: set the ring light to one of its three variants."""

import math

import bpy

from ..settings import live_scene
from ..settings.changes import one_change
from ..settings.target import is_inspection

VARIANTS = {  # label, tooltip, rotation and scale (appendix A)
    "base": ("As Built", "Ring as it was built", 0.0, 1.0),
    "rot90": ("Rotated 90°", "Ring turned by 90 degrees about the camera's axis", math.pi / 2, 1.0),
    "scale2": ("Scaled 2×", "Ring at twice its size", 0.0, 2.0),
}


class STAINLESS_OT_set_light(bpy.types.Operator):
    """Set the ring light to one of the variants of the inspection"""

    bl_idname = "stainless.set_light"
    bl_label = "Ring Light"
    bl_options = {"REGISTER", "UNDO"}

    variant: bpy.props.EnumProperty(
        name="Variant",
        description="Variant of the ring light",
        items=[(name, label, words) for name, (label, words, _, _) in VARIANTS.items()],
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the scene is an inspection scene."""
        return is_inspection(context.scene)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return the tooltip of the button."""
        return VARIANTS[properties.variant][1]

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Set rotation and scale of the ring."""
        _, _, rotation, scale = VARIANTS[self.variant]
        light = context.scene.stainless.light
        try:
            with one_change(context.scene, live_scene.apply_light):
                light.rotation, light.scale = rotation, scale
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
