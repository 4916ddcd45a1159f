"""The controls of stains, shared by the sidebar and the material's properties."""

from typing import TypeAlias

import bpy

from ..operators.pick_centre import STAINLESS_OT_pick_centre
from ..operators.randomise import NEXT, PREVIOUS, STAINLESS_OT_randomise
from ..operators.remove_picked import STAINLESS_OT_remove_picked
from ..operators.set_ranges import STAINLESS_OT_set_ranges
from ..own_objects.picked_centres import MOST
from ..settings.picked_stains import CENTRE, picked_number
from ..settings.properties import MILLIMETRES, label_of
from ..water_stain.ranges import FIELDS, RANGED
from .drawing import fields, shown_name

Layout: TypeAlias = bpy.types.UILayout
Group: TypeAlias = bpy.types.PropertyGroup


def draw_shape(layout: Layout, stain: Group) -> None:
    """Draw size, outline, edge, intensity and places."""
    fields(layout, stain, "radius", "radius_variation")
    fields(layout, stain, "amplitude", "frequency", heading="Outline")
    fields(layout, stain, "decay", "decay_variation", heading="Edge")
    fields(layout, stain, "intensity", "intensity_variation", heading="Intensity")
    if not stain.explicit_centre:
        fields(layout, stain, "cell_size", "presence", "depth_jitter", heading="Spacing")
    fields(layout, stain, "seed_offset", heading="Arrangement")


def draw_centre(layout: Layout, settings: Group) -> None:
    """Draw the centres of picked stains: the plate's only one, or a material's list."""
    stain = settings.stain
    if isinstance(settings.id_data, bpy.types.Material):
        layout.prop(stain, "explicit_centre", text="In Place of the Grid")
        _draw_picked(layout, settings)
    else:
        layout.prop(stain, "explicit_centre")
        if stain.explicit_centre:
            fields(layout, stain, *CENTRE)
    layout.operator(STAINLESS_OT_pick_centre.bl_idname, icon="EYEDROPPER")


def _draw_picked(layout: Layout, settings: Group) -> None:
    """Draw the number and the places of a material's picked stains, and the buttons that remove them."""
    number = picked_number(settings)
    layout.label(text=f"{number} of {MOST} picked")
    if not number:
        return
    fields(layout, settings.stain, *CENTRE, heading="Stain 1")
    column = layout.column(align=True)
    for place, each in enumerate(settings.further, start=2):
        words = ", ".join(f"{MILLIMETRES * part:.1f}" for part in each.centre)
        column.label(text=f"Stain {place}: {words} mm")
    row = layout.row(align=True)
    for label, everything in (("Remove Last", False), ("Remove All", True)):
        row.operator(STAINLESS_OT_remove_picked.bl_idname, text=label).everything = everything


def draw_rim(layout: Layout, stain: Group) -> None:
    """Draw the outline's finer noise, rim, ring, drying stages, speckle, crust and shading.

    The outline's octaves stand here, so that the first panel fits into a window 1000 pixels high.
    """
    fields(layout, stain, "octaves", heading="Outline")
    if stain.octaves > 1:
        fields(layout, stain, "octave_gain")
    fields(layout, stain, "rim_intensity", "rim_width", heading="Rim")
    fields(layout, stain, "rim_intensity_variation", "rim_width_variation", "rim_variation_frequency")
    fields(layout, stain, "ring_intensity", "ring_position", "ring_width", heading="Inner Ring")
    fields(layout, stain, "contour_intensity", "contours", "contour_spacing", heading="Drying Stages")
    fields(layout, stain, "contour_width", "contour_variation")
    fields(layout, stain, "speckle_intensity", "speckle_frequency", heading="Mineral Speckle")
    fields(layout, stain, "crust_coverage", "crust_intensity", "crust_roughness", heading="Mineral Crust")
    fields(layout, stain, "crust_frequency")
    fields(layout, stain, "roughness_gain", "tint_gain", "multiplied", heading="Shading")


def draw_run_off(layout: Layout, stain: Group) -> None:
    """Draw the run-off."""
    fields(layout, stain, "run_off", "follow_gravity")
    if not stain.follow_gravity:
        fields(layout, stain, "run_off_azimuth", "run_off_elevation")


def draw_random(layout: Layout, settings: Group) -> None:
    """Draw the random seed and the ranges."""
    row = layout.row(align=True)
    row.operator(STAINLESS_OT_randomise.bl_idname, text="", icon="TRIA_LEFT").step = PREVIOUS
    row.prop(settings, "random_seed", text="Seed")
    row.operator(STAINLESS_OT_randomise.bl_idname, text="", icon="TRIA_RIGHT").step = NEXT
    if isinstance(settings.id_data, bpy.types.Material):
        layout.prop(settings, "differ")
    layout.operator(STAINLESS_OT_set_ranges.bl_idname)
    for name in RANGED:
        row = layout.row(align=True, heading=label_of(FIELDS[name]))
        ends = (f"{name}_low", f"{name}_high")
        for end in reversed(ends) if FIELDS[name].metadata["wave"] else ends:  # the shorter wave first
            row.prop(settings.ranges, shown_name(settings.ranges, end), text="")
