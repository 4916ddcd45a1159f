"""Operator: save or delete a user's stain preset, from the preset menu."""

from pathlib import Path

import bpy

from ..pictures.whole_file import write_whole
from ..settings.properties import values_of
from ..settings.target import existing_owner, stain_owner
from ..water_stain.params import WaterStainParams
from ..water_stain.preset import SUFFIX, preset_text
from ..water_stain.shading import StainShadingParams

SUBFOLDER = "stainless"  # in Blender's preset folders


class STAINLESS_OT_save_preset(bpy.types.Operator):
    """Save the look of these stains as a preset, or delete a preset"""

    bl_idname = "stainless.save_preset"
    bl_label = "Save Stain Preset"
    bl_options = {"REGISTER", "INTERNAL"}

    name: bpy.props.StringProperty(name="Name", description="Name of the preset", maxlen=64, options={"SKIP_SAVE"})
    remove_name: bpy.props.BoolProperty(default=False, options={"HIDDEN", "SKIP_SAVE"})
    remove_active: bpy.props.BoolProperty(default=False, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the target has stains."""
        return stain_owner(context) is not None

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Write or delete the preset's file; presets of the add-on cannot be deleted."""
        name = bpy.path.clean_name(self.name.strip()).strip("_")
        if not name:
            self.report({"ERROR"}, "A preset needs a name")
            return {"CANCELLED"}
        folder = Path(bpy.utils.user_resource("SCRIPTS", path=f"presets/{SUBFOLDER}", create=True))
        path = folder / f"{name}{SUFFIX}"
        try:
            if self.remove_name or self.remove_active:
                if not path.exists():
                    self.report({"ERROR"}, f"{self.name} comes with Stainless and cannot be deleted")
                    return {"CANCELLED"}
                path.unlink()
            else:
                stain = existing_owner(context).stainless.stain
                write_whole(path, preset_text(_values(stain)).encode())
        except (ValueError, OSError) as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def _values(stain: bpy.types.PropertyGroup) -> dict[str, float]:
    return values_of(stain, WaterStainParams) | values_of(stain, StainShadingParams)
