"""Entries in Blender's Add and Object menus, which the search (F3) finds, too."""

import bpy

from ..operators.add_inspection_scene import STAINLESS_OT_add_inspection_scene
from ..operators.add_stains import STAINLESS_OT_add_stains
from ..operators.bake_stains import STAINLESS_OT_bake_stains
from ..operators.copy_stains import STAINLESS_OT_copy_stains
from ..operators.correct_unit import STAINLESS_OT_correct_unit
from ..operators.remove_stains import STAINLESS_OT_remove_stains


def draw_add(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Draw the entry of the Add menu."""
    menu.layout.separator()
    menu.layout.operator(STAINLESS_OT_add_inspection_scene.bl_idname, icon="SCENE_DATA")


def draw_object(menu: bpy.types.Menu, _context: bpy.types.Context) -> None:
    """Draw the entries of the Object menu."""
    menu.layout.separator()
    menu.layout.operator(STAINLESS_OT_add_stains.bl_idname, icon="MATFLUID")
    menu.layout.operator(STAINLESS_OT_remove_stains.bl_idname, icon="X")
    menu.layout.operator(STAINLESS_OT_copy_stains.bl_idname, icon="COPYDOWN")
    menu.layout.operator_menu_enum(STAINLESS_OT_correct_unit.bl_idname, "unit", text="Correct the Unit")
    menu.layout.operator(STAINLESS_OT_bake_stains.bl_idname, icon="TEXTURE")


ENTRIES = {"VIEW3D_MT_add": draw_add, "VIEW3D_MT_object": draw_object}
