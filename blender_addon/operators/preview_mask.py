"""Operator: toggle the mask preview in the viewport."""

import bpy

from ..annotation.preview import is_material_previewed, is_previewed, preview_material
from ..settings.live_scene import show_mask
from ..settings.target import is_inspection, stained_material


class STAINLESS_OT_preview_mask(bpy.types.Operator):
    """Show the mask instead of the surface in the viewport, or return to the surface"""

    bl_idname = "stainless.preview_mask"
    bl_label = "Preview Mask"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether there are stains or an inspection scene."""
        return stained_material(context) is not None or is_inspection(context.scene)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Toggle the mask preview."""
        material = stained_material(context)
        try:
            if material:
                preview_material(material, not is_material_previewed(material))
            else:
                show_mask(context.scene, not is_previewed(context.scene))
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
