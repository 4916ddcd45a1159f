"""Drawing of settings: fields in the scene's units, headings and error messages."""

import bpy

from ..settings.changes import problem_of
from ..settings.properties import SHOWN, WAVE, metres_per_unit


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
    for name in names:
        column.prop(group, shown_name(group, name))


def shown_name(group: bpy.types.PropertyGroup, name: str) -> str:
    """Return the property that shows a setting: itself, or its companion (see `settings.properties`)."""
    known = group.bl_rna.properties
    if name + WAVE in known:
        return name + WAVE
    return name + SHOWN if name + SHOWN in known and metres_per_unit(group) != 1.0 else name


def problem(layout: bpy.types.UILayout, owner: bpy.types.ID) -> None:
    """Draw the contradiction in the settings, because of which they are not applied."""
    words = problem_of(owner)
    if not words:
        return
    box = layout.box().column(align=True)
    box.alert = True
    paragraph(box, words, "ERROR")


def paragraph(layout: bpy.types.UILayout, words: str, icon: str) -> None:
    """Draw words in as many lines as they need, with an icon before the first."""
    for number, line in enumerate(_lines(words)):
        layout.label(text=line, icon=icon if number == 0 else "BLANK1")


def _lines(text: str, width: int = 38) -> list[str]:
    """Return a text in lines that fit the sidebar at its default width."""
    found = [""]
    for word in text.split():
        if found[-1] and len(found[-1]) + 1 + len(word) > width:
            found.append(word)
        else:
            found[-1] = f"{found[-1]} {word}".strip()
    return found
