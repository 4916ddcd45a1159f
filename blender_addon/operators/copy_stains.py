"""Operator: copy the stains of the active object to the other selected objects."""

import bpy

from ..own_objects.materials import Refusal, stain_object
from ..settings.changes import one_change
from ..settings.picked_stains import copy_further
from ..settings.properties import set_values, values_of
from ..settings.target import existing_material, stained_material
from ..water_stain.params import WaterStainParams
from ..water_stain.ranges import StainRanges
from ..water_stain.shading import StainShadingParams


class STAINLESS_OT_copy_stains(bpy.types.Operator):
    """Give the stains of the active object to all selected objects; objects without stains get them"""

    bl_idname = "stainless.copy_stains"
    bl_label = "Copy Stains to Selected"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the active object has stains and another object is selected."""
        if stained_material(context) is None:
            cls.poll_message_set("Make an object with stains the active one")
            return False
        if not set(context.selected_objects) - {context.object}:
            cls.poll_message_set("Select other objects, too; the stains of the active one are copied to them")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Stain the other objects and copy every setting; report those that cannot be stained."""
        source = existing_material(context)
        targets: set[bpy.types.Material] = set()
        for obj in context.selected_objects:
            if obj == context.object:
                continue
            for result in stain_object(obj):
                if isinstance(result, Refusal):
                    self.report({"WARNING"}, result.reason)
                elif result != source:
                    targets.add(result)
        try:
            for material in targets:
                _copy(source, material)
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        self.report({"INFO"}, f"Stains copied to {len(targets)} material{'' if len(targets) == 1 else 's'}")
        return {"FINISHED"}


def _copy(source: bpy.types.Material, target: bpy.types.Material) -> None:
    settings, given = target.stainless, source.stainless
    with one_change(target):
        settings.version = given.version
        settings.differ = given.differ
        settings.random_seed = given.random_seed
        for params in (WaterStainParams, StainShadingParams):
            set_values(settings.stain, values_of(given.stain, params))
        set_values(settings.ranges, values_of(given.ranges, StainRanges))
        copy_further(given, settings)
