"""Operator: load a stain preset."""

from pathlib import Path

import bpy

from ..own_objects.size import enlargement
from ..settings.changes import one_change
from ..settings.properties import set_values
from ..settings.target import chosen_owners, stain_owner
from ..water_stain.preset import default_look, enlarged, fitted_to_body, read_preset


class STAINLESS_OT_load_preset(bpy.types.Operator):
    """Apply the look of this preset to the stains of all selected objects; their places do not change"""

    bl_idname = "stainless.load_preset"
    bl_label = "Load Stain Preset"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    filepath: bpy.props.StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the target has stains."""
        return stain_owner(context) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read the preset, or the default without a file; set everything, then apply once."""
        try:
            values = read_preset(Path(self.filepath)) if self.filepath else default_look()
            for owner in chosen_owners(context):
                with one_change(owner):
                    set_values(owner.stainless.stain, _fitted(values, owner, context))
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def _fitted(
    values: dict[str, float], owner: bpy.types.Material | bpy.types.Scene, context: bpy.types.Context
) -> dict[str, float]:
    """Return a preset, which is made for the plate, for its owner.

    A body keeps its depth jitter and gravity. Its stains lie at all depths, so their cells shrink to cover as much of
    the surface as on a plate; on a large body all lengths grow.
    """
    if isinstance(owner, bpy.types.Scene):
        return values
    kept = {"depth_jitter", "follow_gravity"}
    shown = fitted_to_body(values) if owner.stainless.stain.depth_jitter == 1.0 else values
    fitted = {name: value for name, value in shown.items() if name not in kept}
    users = [obj for obj in context.scene.objects if any(slot.material == owner for slot in obj.material_slots)]
    return enlarged(fitted, max((enlargement(obj) for obj in users), default=1.0))
