"""Operator: load a stain preset."""

from pathlib import Path

import bpy

from ..settings.changes import one_change
from ..settings.properties import set_values
from ..settings.target import existing_owner, stain_owner
from ..water_stain.preset import default_look, read_preset


class STAINLESS_OT_load_preset(bpy.types.Operator):
    """Apply the look of this preset to the stains; their places do not change"""

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
        owner = existing_owner(context)
        try:
            values = read_preset(Path(self.filepath)) if self.filepath else default_look()
            if isinstance(owner, bpy.types.Material):
                del (
                    values["depth_jitter"],
                    values["follow_gravity"],
                )  # presets are made for plates; a body keeps its own
            with one_change(owner):
                set_values(owner.stainless.stain, values)
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}
