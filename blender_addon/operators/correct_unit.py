"""Operator: scale imported parts whose file was made in another unit."""

import bpy

from ..own_objects.size import size_of, size_words
from ..own_objects.stain_layer import is_stained
from ..settings.changes import one_change
from ..settings.properties import set_values, values_of
from ..water_stain.params import WaterStainParams
from ..water_stain.preset import enlarged

UNITS = {
    "MILLIMETRE": (0.001, "Millimetres", "The file was made in millimetres, as most CAD programs do"),
    "CENTIMETRE": (0.01, "Centimetres", "The file was made in centimetres"),
    "INCH": (0.0254, "Inches", "The file was made in inches"),
}
GIANT = 0.1  # metres; larger stains were fitted to the wrong size and shrink with the part


class STAINLESS_OT_correct_unit(bpy.types.Operator):
    """Scale the selected parts, and the distances between them, to the unit in which their file was made"""

    bl_idname = "stainless.correct_unit"
    bl_label = "Correct the Unit"
    bl_options = {"REGISTER", "UNDO"}

    unit: bpy.props.EnumProperty(
        name="Made in",
        description="The unit of the file that the parts come from",
        items=[(name, label, words) for name, (_, label, words) in UNITS.items()],
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether there is an object to scale."""
        return bool(_chosen(context))

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Scale objects about the world's origin, and stains that were fitted to the wrong size."""
        factor = UNITS[self.unit][0]
        chosen = _chosen(context)
        for obj in chosen:
            if obj.parent not in chosen:  # children follow their parents
                obj.location = [factor * part for part in obj.location]
                obj.scale = [factor * part for part in obj.scale]
        materials = {slot.material for obj in chosen for slot in obj.material_slots if slot.material}
        try:
            for material in materials:
                if not material.library and is_stained(material):
                    _shrink(material, factor)
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        context.view_layer.update()
        self.report({"INFO"}, f"{chosen[0].name!r} is {size_words(size_of(chosen[0]))} large now")
        return {"FINISHED"}


def _chosen(context: bpy.types.Context) -> list[bpy.types.Object]:
    return list(context.selected_objects) or ([context.object] if context.object else [])


def _shrink(material: bpy.types.Material, factor: float) -> None:
    stain = material.stainless.stain
    if stain.radius > GIANT:
        with one_change(material):
            set_values(stain, enlarged(values_of(stain, WaterStainParams), factor))
