"""Operator: add a scene for inspection pictures."""

import bpy

from ..settings.groups import VERSION
from ..settings.live_scene import add_inspection_scene


class STAINLESS_OT_add_inspection_scene(bpy.types.Operator):
    """Add a scene with a plate, a hexagonal ring light and a camera in its hole; the current scene does not change"""

    bl_idname = "stainless.add_inspection_scene"
    bl_label = "Add Inspection Scene"
    bl_options = {"REGISTER", "UNDO"}

    name: bpy.props.StringProperty(name="Name", description="Name of the new scene", default="Inspection")
    water_stains: bpy.props.BoolProperty(name="Water Stains", description="Stains on the plate", default=True)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Build the scene and show it through its camera."""
        scene = bpy.data.scenes.new(self.name)
        scene.unit_settings.system = "METRIC"
        scene.unit_settings.length_unit = "MILLIMETERS"
        settings = scene.stainless
        settings.version = VERSION
        settings.water_stains = self.water_stains
        add_inspection_scene(scene)
        if context.window:
            context.window.scene = scene
            _look_through_camera(context)
        return {"FINISHED"}


def _look_through_camera(context: bpy.types.Context) -> None:
    for area in context.screen.areas if context.screen else ():
        if area.type == "VIEW_3D":
            view = area.spaces.active
            view.region_3d.view_perspective = "CAMERA"
            view.clip_start = min(view.clip_start, 0.001)
