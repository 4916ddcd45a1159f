"""The menu of stain presets: the default, those of the add-on, and the user's own, which can be deleted."""

from pathlib import Path

import bpy
from bl_ui.utils import PresetPanel

from ..operators.load_preset import STAINLESS_OT_load_preset
from ..operators.save_preset import SUBFOLDER, STAINLESS_OT_save_preset
from ..water_stain.preset import SUFFIX, shipped_presets

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

    def draw(self, context: bpy.types.Context) -> None:
        """Draw a row for each preset, those of the user with a button that deletes them, and a field for a new one."""
        layout = self.layout
        layout.emboss = "PULLDOWN_MENU"
        layout.operator_context = "EXEC_DEFAULT"
        column = layout.column(align=True)
        column.operator(self.preset_operator, text="Default").filepath = ""
        for path in shipped_presets().values():
            _row(column, self.preset_operator, path)
        for path in own_presets():
            row = column.row(align=True)
            _row(row, self.preset_operator, path)
            remove = row.operator(self.preset_add_operator, text="", icon="REMOVE")
            remove.name, remove.remove_name = path.stem, True
        layout.separator()
        row = layout.row()
        field = row.row()
        field.emboss = "NORMAL"
        field.prop(context.window_manager, "preset_name", text="")
        row.operator(self.preset_add_operator, text="", icon="ADD").name = context.window_manager.preset_name


def own_presets() -> list[Path]:
    """Return the files of the user's presets, by name."""
    shipped = {path.parent for path in shipped_presets().values()}
    folders = [Path(folder) for folder in bpy.utils.preset_paths(SUBFOLDER)]
    files = [path for folder in folders if folder not in shipped for path in folder.glob(f"*{SUFFIX}")]
    return sorted(files, key=lambda path: path.stem.lower())


def _row(layout: bpy.types.UILayout, operator: str, path: Path) -> None:
    name = bpy.path.display_name(path.name, title_case=False)
    layout.operator(operator, text=name, translate=False).filepath = str(path)
