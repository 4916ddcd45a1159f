"""Operator: remove picked stains of a material."""

import bpy

from ..settings.picked_stains import picked_number, remove_centres
from ..settings.target import existing_material, stained_material


class STAINLESS_OT_remove_picked(bpy.types.Operator):
    """Remove the last picked stain, or all of them"""

    bl_idname = "stainless.remove_picked"
    bl_label = "Remove Picked Stains"
    bl_options = {"REGISTER", "UNDO"}

    everything: bpy.props.BoolProperty(
        name="All", description="Remove all picked stains, not only the last", options={"SKIP_SAVE"}
    )

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return the tooltip of a button."""
        if properties.everything:
            return "Remove all picked stains; the stains of the grid come back"
        return "Remove the stain that was picked last; without any, the stains of the grid come back"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the active material has picked stains."""
        material = stained_material(context)
        return material is not None and picked_number(material.stainless) > 0

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Remove the stains; report if those of the grid do not fit their cells."""
        material = existing_material(context)
        try:
            remove_centres(material, picked_number(material.stainless) if self.everything else 1)
        except ValueError as error:
            self.report({"WARNING"}, str(error))
        return {"FINISHED"}
