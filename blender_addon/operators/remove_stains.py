"""Operator: remove water stains from the selected objects."""

import bpy

from ..annotation.preview import is_material_previewed, preview_material
from ..own_objects.materials import clean_object


class STAINLESS_OT_remove_stains(bpy.types.Operator):
    """Remove water stains from the materials of the selected objects and restore the materials exactly"""

    bl_idname = "stainless.remove_stains"
    bl_label = "Remove Stains"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether there is an object."""
        return bool(_chosen(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove the stains from each material once."""
        cleaned = set()
        for obj in _chosen(context):
            for slot in obj.material_slots:
                if slot.material and is_material_previewed(slot.material) and not slot.material.library:
                    preview_material(slot.material, False)
            for material in clean_object(obj):
                material.property_unset("stainless")
                cleaned.add(material.name)
        self.report({"INFO"}, f"{len(cleaned)} material{'' if len(cleaned) == 1 else 's'} as before")
        return {"FINISHED"}


def _chosen(context: bpy.types.Context) -> list[bpy.types.Object]:
    return list(context.selected_objects) or ([context.object] if context.object else [])
