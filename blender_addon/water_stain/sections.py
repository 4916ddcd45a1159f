"""The sections of the water stain's inputs, as panels of its node."""

import bpy

from ..nodes.group_interface import socket_label

SECTIONS = {  # the first inputs, radius and cell size, stay above all panels
    "Outline": ("amplitude", "frequency", "octaves", "octave_gain", "radius_variation"),
    "Edge and Intensity": ("decay", "decay_variation", "intensity", "intensity_variation"),
    "Places": ("presence", "depth_jitter", "seed_offset"),
    "Single Stain": ("explicit_centre", "centre_x", "centre_y", "centre_z"),
    "Rim": (
        *("rim_intensity", "rim_width", "rim_intensity_variation", "rim_width_variation"),
        *("rim_variation_frequency", "ring_intensity", "ring_position", "ring_width"),
    ),
    "Drying Stages": (*("contour_intensity", "contours", "contour_spacing", "contour_width", "contour_variation"),),
    "Minerals": (*("speckle_intensity", "speckle_frequency", "crust_coverage", "crust_intensity", "crust_frequency"),),
    "Run-off": ("run_off", "follow_gravity", "run_off_azimuth", "run_off_elevation"),
}


def group_into_panels(tree: bpy.types.ShaderNodeTree) -> None:
    """Put the inputs of the water stain's group into panels, all but the first one closed."""
    inputs = {item.name: item for item in tree.interface.items_tree if item.item_type == "SOCKET"}
    for number, (title, names) in enumerate(SECTIONS.items()):
        panel = tree.interface.new_panel(title, default_closed=number > 0)
        for place, name in enumerate(names):
            tree.interface.move_to_parent(inputs[socket_label(name)], panel, place)
