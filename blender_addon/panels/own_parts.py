"""The rows of the first panel for an artist's own parts: a doubtful size, and one look for several objects."""

import bpy

from ..operators.copy_stains import STAINLESS_OT_copy_stains
from ..operators.correct_unit import STAINLESS_OT_correct_unit
from ..own_objects.size import is_doubtful, size_of, size_words
from ..settings.target import is_inspection


def draw_own_parts(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Draw the question about a doubtful size, and the copy of stains if several objects are selected."""
    obj = context.object
    if obj is None or is_inspection(context.scene):
        return
    if is_doubtful(obj):
        box = layout.box().column(align=True)
        box.alert = True
        box.label(text=f"{size_words(size_of(obj))} large: wrong unit?", icon="ERROR")
        box.operator_menu_enum(STAINLESS_OT_correct_unit.bl_idname, "unit", text="The Part Was Made in")
    if len(context.selected_objects) > 1 and STAINLESS_OT_copy_stains.poll(context):
        layout.operator(STAINLESS_OT_copy_stains.bl_idname, icon="COPYDOWN")
