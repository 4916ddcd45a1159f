"""The menu of stain presets: those of the add-on and the user's own."""

from pathlib import Path

import bpy
from bl_ui.utils import PresetPanel

from ..operators.load_preset import STAINLESS_OT_load_preset
from ..operators.save_preset import SUBFOLDER, STAINLESS_OT_save_preset
from ..water_stain.preset import SUFFIX

BUILT_IN = Path(__file__).resolve().parent.parent  # Blender appends presets/<subfolder>


class STAINLESS_PT_presets(PresetPanel, bpy.types.Panel):
    """Ready-made looks of stains"""

    bl_space_type = "VIEW_3D"
    bl_region_type = "HEADER"
    bl_label = "Stain Presets"
    preset_subdir = SUBFOLDER
    preset_operator = STAINLESS_OT_load_preset.bl_idname
    preset_add_operator = STAINLESS_OT_save_preset.bl_idname
    preset_extensions = {SUFFIX}
