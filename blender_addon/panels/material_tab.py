"""The "Stainless" panel in the material's properties."""

import bpy

from ..operators.add_stains import STAINLESS_OT_add_stains
from ..operators.remove_stains import STAINLESS_OT_remove_stains
from ..settings.target import existing_material, is_inspection, stained_material
from .drawing import problem, split
from .presets import STAINLESS_PT_presets
from .stain_sections import draw_centre, draw_random, draw_rim, draw_run_off, draw_shape


class _MaterialTab:
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "material"


class _OfStain(_MaterialTab):
    bl_parent_id = "STAINLESS_PT_material"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the material has stains."""
        return stained_material(context) is not None


class STAINLESS_PT_material(_MaterialTab, bpy.types.Panel):
    """Water stains on this material"""

    bl_label = "Stainless"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the object can have materials."""
        return context.object is not None and hasattr(context.object.data, "materials")

    def draw_header_preset(self, context: bpy.types.Context) -> None:
        """Draw the preset menu."""
        if stained_material(context):
            STAINLESS_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the parameters of algorithm 1, or the button that adds stains."""
        layout = self.layout
        material = stained_material(context)
        if material is None:
            if is_inspection(context.scene) and context.object == context.scene.stainless.plate_object:
                layout.label(text="The plate is set in the 3D viewport's sidebar", icon="INFO")
            else:
                layout.operator(STAINLESS_OT_add_stains.bl_idname, icon="MATFLUID")
            return
        layout.operator(STAINLESS_OT_remove_stains.bl_idname, icon="X")
        problem(layout, material)
        split(layout)
        draw_shape(layout, material.stainless.stain)


class STAINLESS_PT_material_single(_OfStain, bpy.types.Panel):
    """Stains at chosen places"""

    bl_label = "Picked Stains"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the picked stains."""
        draw_centre(split(self.layout), existing_material(context).stainless)


class STAINLESS_PT_material_rim(_OfStain, bpy.types.Panel):
    """Fine outline, rim, ring and minerals that the water leaves"""

    bl_label = "Outline, Rim and Minerals"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw outline, rim, ring, minerals and shading."""
        draw_rim(split(self.layout), existing_material(context).stainless.stain)


class STAINLESS_PT_material_run_off(_OfStain, bpy.types.Panel):
    """Streaks downstream"""

    bl_label = "Run-off"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the run-off."""
        draw_run_off(split(self.layout), existing_material(context).stainless.stain)


class STAINLESS_PT_material_random(_OfStain, bpy.types.Panel):
    """Random stains within ranges"""

    bl_label = "Randomise"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the seed and the ranges."""
        draw_random(split(self.layout), existing_material(context).stainless)


CLASSES = (
    STAINLESS_PT_material,
    STAINLESS_PT_material_single,
    STAINLESS_PT_material_rim,
    STAINLESS_PT_material_run_off,
    STAINLESS_PT_material_random,
)
