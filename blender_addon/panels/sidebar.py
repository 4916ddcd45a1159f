"""The "Stainless" tab in the sidebar of the 3D viewport."""

from typing import TypeAlias

import bpy

from ..annotation.preview import is_material_previewed, is_previewed
from ..blemishes.kinds import KINDS, BlemishKind
from ..inspection.camera import CameraParams, metres_per_pixel
from ..job.definition import GRID
from ..metals.group import FINISHES, metal_key
from ..operators.add_inspection_scene import STAINLESS_OT_add_inspection_scene
from ..operators.add_stains import STAINLESS_OT_add_stains
from ..operators.bake_stains import STAINLESS_OT_bake_stains
from ..operators.export_job import STAINLESS_OT_export_job
from ..operators.forget_job import STAINLESS_OT_forget_job
from ..operators.import_job import STAINLESS_OT_import_job
from ..operators.preview_mask import STAINLESS_OT_preview_mask
from ..operators.remove_stains import STAINLESS_OT_remove_stains
from ..operators.render_to_folder import STAINLESS_OT_render_to_folder
from ..operators.set_light import VARIANTS, STAINLESS_OT_set_light
from ..settings.defects import shown_fields
from ..settings.job import kept_of
from ..settings.properties import params_of
from ..settings.target import existing_owner, is_inspection, stain_owner, stained_material
from .dataset_sections import draw_folder, draw_process, draw_results, draw_splits
from .drawing import fields, paragraph, problem, split
from .legend import draw_legend
from .own_parts import draw_own_parts
from .presets import STAINLESS_PT_presets
from .stain_sections import draw_centre, draw_random, draw_rim, draw_run_off, draw_shape

Context: TypeAlias = bpy.types.Context
COUNT_WIDTH = 4.5  # of the number in a heading, in Blender's interface units
HIDDEN_OF_FINISH = {"texture_offset"}  # drawn first


class _Sidebar:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Stainless"


class _Inspection(_Sidebar):
    bl_parent_id = "STAINLESS_PT_sidebar"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Return whether the scene is an inspection scene."""
        return is_inspection(context.scene)


class _OfStain(_Sidebar):
    bl_parent_id = "STAINLESS_PT_stain"
    bl_options = {"DEFAULT_CLOSED"}


class STAINLESS_PT_sidebar(_Sidebar, bpy.types.Panel):
    """Buttons that add scenes and stains"""

    bl_label = "Stainless"

    def draw(self, context: Context) -> None:
        """Draw the buttons and, if any, the contradiction in the settings."""
        layout = self.layout
        column = layout.column(align=True)
        column.operator(STAINLESS_OT_add_inspection_scene.bl_idname, icon="SCENE_DATA")
        column.operator(STAINLESS_OT_add_stains.bl_idname, icon="MATFLUID")
        column.operator(STAINLESS_OT_remove_stains.bl_idname, icon="X")
        draw_own_parts(layout, context)
        owner = stain_owner(context)
        if owner:
            problem(layout, owner)


class STAINLESS_PT_stain(_Sidebar, bpy.types.Panel):
    """The stains of the active material, or of the plate"""

    bl_label = "Stain"
    bl_parent_id = "STAINLESS_PT_sidebar"

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Return whether there are stains or an inspection scene."""
        return stain_owner(context) is not None

    def draw_header(self, context: Context) -> None:
        """Draw the checkbox of the plate's stains."""
        owner = stain_owner(context)
        if isinstance(owner, bpy.types.Scene):
            self.layout.prop(owner.stainless, "water_stains", text="")

    def draw_header_preset(self, _context: Context) -> None:
        """Draw the preset menu."""
        STAINLESS_PT_presets.draw_panel_header(self.layout)

    def draw(self, context: Context) -> None:
        """Draw the parameters of algorithm 1."""
        layout = split(self.layout)
        owner = existing_owner(context)
        icon = "MATERIAL" if isinstance(owner, bpy.types.Material) else "SCENE_DATA"
        layout.label(text=f"of {owner.name}", icon=icon)
        draw_shape(layout, owner.stainless.stain)


class STAINLESS_PT_single(_OfStain, bpy.types.Panel):
    """Stains at chosen places"""

    bl_label = "Picked Stains"

    def draw(self, context: Context) -> None:
        """Draw the picked stains."""
        draw_centre(split(self.layout), existing_owner(context).stainless)


class STAINLESS_PT_rim(_OfStain, bpy.types.Panel):
    """Fine outline, rim, ring and minerals that the water leaves"""

    bl_label = "Outline, Rim and Minerals"

    def draw(self, context: Context) -> None:
        """Draw outline, rim, ring, minerals and shading."""
        draw_rim(split(self.layout), existing_owner(context).stainless.stain)


class STAINLESS_PT_run_off(_OfStain, bpy.types.Panel):
    """Streaks downstream"""

    bl_label = "Run-off"

    def draw(self, context: Context) -> None:
        """Draw the run-off."""
        draw_run_off(split(self.layout), existing_owner(context).stainless.stain)


class STAINLESS_PT_random(_OfStain, bpy.types.Panel):
    """Random stains within ranges"""

    bl_label = "Randomise"

    def draw(self, context: Context) -> None:
        """Draw the seed and the ranges."""
        draw_random(split(self.layout), existing_owner(context).stainless)


class STAINLESS_PT_surface(_Inspection, bpy.types.Panel):
    """The plate and its metal"""

    bl_label = "Surface"

    def draw(self, context: Context) -> None:
        """Draw the chosen finish and the plate."""
        layout = split(self.layout)
        settings = context.scene.stainless
        layout.prop(settings, "finish")
        metal = getattr(settings, metal_key(settings.finish))
        layout.prop(metal, "texture_offset")
        names = FINISHES[settings.finish].params.__annotations__
        fields(layout, metal, *(name for name in names if name not in HIDDEN_OF_FINISH))
        fields(layout, settings.plate, "width", "height", "thickness", "bevel", heading="Plate")


class STAINLESS_PT_defects(_Inspection, bpy.types.Panel):
    """Defects and impurities of the plate"""

    bl_label = "Defects and Impurities"

    def draw(self, context: Context) -> None:
        """Draw the seed and the variation of all; each kind has a section of its own."""
        fields(split(self.layout), context.scene.stainless.defects, "seed", "variation")


def _section(kind: BlemishKind) -> type[bpy.types.Panel]:
    """Return the section of a kind, a panel inside "Defects and Impurities"."""

    class Section(_Inspection, bpy.types.Panel):
        bl_label = kind.plural.title()
        bl_parent_id = "STAINLESS_PT_defects"

        def draw_header_preset(self, context: Context) -> None:
            """Draw the number on the plate."""
            row = self.layout.row()
            row.ui_units_x = COUNT_WIDTH
            row.prop(context.scene.stainless.defects, kind.plural, text="")

        def draw(self, context: Context) -> None:
            """Draw the shape; places and turns are drawn at random."""
            layout, group = split(self.layout), getattr(context.scene.stainless, kind.name)
            fields(layout, group, *shown_fields(kind))

    Section.__doc__ = f"Number and shape of the {kind.plural} on the plate"
    Section.__name__ = Section.__qualname__ = f"STAINLESS_PT_{kind.plural}"
    return Section


SECTIONS = tuple(_section(kind) for kind in KINDS)


class STAINLESS_PT_light(_Inspection, bpy.types.Panel):
    """The hexagonal ring light"""

    bl_label = "Light"

    def draw(self, context: Context) -> None:
        """Draw the variants and the ring."""
        layout = self.layout
        row = layout.row(align=True)
        for name, (label, _, _, _) in VARIANTS.items():
            row.operator(STAINLESS_OT_set_light.bl_idname, text=label).variant = name
        split(layout)
        names = ("emission", "rotation", "scale", "distance", "inner_radius", "outer_radius", "reflectance")
        fields(layout, context.scene.stainless.light, *names)


class STAINLESS_PT_camera(_Inspection, bpy.types.Panel):
    """The camera and its picture"""

    bl_label = "Camera"

    def draw(self, context: Context) -> None:
        """Draw the camera's data and the resulting field."""
        layout = split(self.layout)
        settings = context.scene.stainless
        fields(layout, settings.camera, "distance", "focal_length", "sensor_width")
        fields(layout, settings.placement, "shift_x", "shift_y", "turn", heading="Place over the Plate")
        names = ("blur", "vignetting", "exposure", "full_well", "read_noise")
        fields(layout, settings.lens, *names, heading="Lens and Sensor, in Rendered Pictures")
        fields(layout, settings.picture, "width", "height", "samples", "denoise", heading="Picture")
        try:
            camera = params_of(settings.camera, CameraParams)
        except ValueError:
            return  # the first panel shows the contradiction
        pixel = 1e6 * metres_per_pixel(camera, settings.picture.width)
        layout.label(text=f"Shows {1000 * camera.field_width:.1f} mm, {pixel:.1f} µm per pixel")


class STAINLESS_PT_annotation(_Sidebar, bpy.types.Panel):
    """Masks of the classes"""

    bl_label = "Annotation"
    bl_parent_id = "STAINLESS_PT_sidebar"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Return whether there are stains or an inspection scene."""
        return stain_owner(context) is not None

    def draw(self, context: Context) -> None:
        """Draw the preview button, the legend and the border."""
        layout = self.layout
        material = stained_material(context)
        shown = is_material_previewed(material) if material else is_previewed(context.scene)
        layout.operator(STAINLESS_OT_preview_mask.bl_idname, icon="MOD_MASK", depress=shown)
        draw_legend(layout, blemishes=is_inspection(context.scene))
        if is_inspection(context.scene):
            split(layout)
            fields(layout, context.scene.stainless.plate, "border")


class STAINLESS_PT_dataset(_Sidebar, bpy.types.Panel):
    """Pictures and jobs"""

    bl_label = "Dataset"
    bl_parent_id = "STAINLESS_PT_sidebar"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: Context) -> bool:
        """Return whether there are stains or an inspection scene."""
        return stain_owner(context) is not None

    def draw(self, context: Context) -> None:
        """Draw the folder, the job of an inspection scene and their buttons."""
        layout = split(self.layout)
        dataset = context.scene.stainless.dataset
        draw_folder(layout, context.scene.stainless)
        layout.operator(STAINLESS_OT_render_to_folder.bl_idname, icon="RENDER_STILL")
        draw_results(layout)
        if not is_inspection(context.scene):
            layout.operator(STAINLESS_OT_bake_stains.bl_idname, icon="TEXTURE")
            return  # jobs describe inspection scenes only
        fields(layout, dataset, "name", "seed", heading="Job")
        draw_splits(layout, dataset)
        fields(layout, dataset, *(kind.plural for kind in KINDS), heading="On a Plate, at Most")
        fields(layout, dataset, "views")
        if dataset.views == GRID:
            fields(layout, dataset, "columns", "rows", "overlap")
        draw_process(layout)
        row = layout.row(align=True)
        row.operator(STAINLESS_OT_export_job.bl_idname, icon="EXPORT")
        row.operator(STAINLESS_OT_import_job.bl_idname, icon="IMPORT")
        if kept := kept_of(context.scene.stainless):
            box = layout.box().column(align=True)
            box.label(text="Also in this job:")
            for words in kept:
                paragraph(box, words, "DOT")
            box.operator(STAINLESS_OT_forget_job.bl_idname, icon="X")


CLASSES = (
    STAINLESS_PT_presets,
    STAINLESS_PT_sidebar,
    STAINLESS_PT_stain,
    STAINLESS_PT_single,
    STAINLESS_PT_rim,
    STAINLESS_PT_run_off,
    STAINLESS_PT_random,
    STAINLESS_PT_surface,
    STAINLESS_PT_defects,
    *SECTIONS,
    STAINLESS_PT_light,
    STAINLESS_PT_camera,
    STAINLESS_PT_annotation,
    STAINLESS_PT_dataset,
)
