"""Drawing of settings: fields in the scene's units, headings and error messages."""

import bpy

from ..settings.changes import problem_of
from ..settings.properties import SHOWN, metres_per_unit


def split(layout: bpy.types.UILayout) -> bpy.types.UILayout:
    """Draw a layout's labels left of its fields, without keyframe buttons; return the layout."""
    layout.use_property_split = True
    layout.use_property_decorate = False
    return layout


def fields(layout: bpy.types.UILayout, group: bpy.types.PropertyGroup, *names: str, heading: str = "") -> None:
    """Draw properties in a column, lengths in the scene's unit."""
    column = layout.column(align=True)
    if heading:
        column.label(text=heading)
    convert = metres_per_unit(group) != 1.0
    for name in names:
        shown = name + SHOWN
        column.prop(group, shown if convert and shown in group.bl_rna.properties else name)


def problem(layout: bpy.types.UILayout, owner: bpy.types.ID) -> None:
    """Draw the contradiction in the settings, because of which they are not applied."""
    words = problem_of(owner)
    if not words:
        return
    box = layout.box().column(align=True)
    box.alert = True
    for number, line in enumerate(lines(words)):
        box.label(text=line, icon="ERROR" if number == 0 else "BLANK1")


def lines(text: str, width: int = 38) -> list[str]:
    """Return a text in lines that fit the sidebar at its default width."""
    found = [""]
    for word in text.split():
        if found[-1] and len(found[-1]) + 1 + len(word) > width:
            found.append(word)
        else:
            found[-1] = f"{found[-1]} {word}".strip()
    return found
