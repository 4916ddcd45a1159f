"""Operator: add water stains to the selected objects."""

import bpy

from ..own_objects.materials import Refusal, stain_object
from ..own_objects.size import enlargement, is_doubtful, size_of, size_words
from ..settings.changes import apply_material
from ..settings.groups import VERSION
from ..settings.properties import set_values, values_of
from ..water_stain.params import WaterStainParams
from ..water_stain.preset import enlarged

WHOLE_SPACE = (
    1.0  # depth jitter: stains everywhere in space, because a body's faces may lie anywhere; a plate's lies in z = 0
)


class STAINLESS_OT_add_stains(bpy.types.Operator):
    """Add water stains to the materials of the selected objects. Remove Stains restores the materials exactly"""

    bl_idname = "stainless.add_stains"
    bl_label = "Add Stains"
    bl_options = {"REGISTER", "UNDO"}

    seed_offset: bpy.props.IntProperty(
        name="Seed Offset", description="Selection of the stains", default=0, min=-10000, max=10000
    )

    fit: bpy.props.BoolProperty(
        name="Fit to Object",
        description="Enlarge the stains on objects far larger than a plate, so that they are visible",
        default=True,
    )

    differ: bpy.props.BoolProperty(
        name="Different on Every Object",
        description="Give every object that shows the material other stains",
        default=True,
    )

    multiplied: bpy.props.BoolProperty(
        name="Keep the Hue",
        description="Multiply the surface's colour in place of adding to it: for painted and coloured surfaces",
        default=False,
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether there is an object to stain."""
        if not _chosen(context):
            cls.poll_message_set("Select an object with a surface first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Stain the objects; report those that cannot be stained."""
        stained: dict[bpy.types.Material, float] = {}
        for obj in _chosen(context):
            for result in stain_object(obj):
                if isinstance(result, Refusal):
                    self.report({"WARNING"}, result.reason)
                else:
                    stained[result] = max(stained.get(result, 1.0), enlargement(obj))
            if is_doubtful(obj):
                self.report({"WARNING"}, f"{obj.name!r} is {size_words(size_of(obj))} large: wrong unit?")
        for material, factor in stained.items():
            if not material.stainless.version:
                material.stainless.version = VERSION
                material.stainless.stain.seed_offset = self.seed_offset
                material.stainless.stain.depth_jitter = WHOLE_SPACE
                material.stainless.stain.follow_gravity = True  # once there is a run-off
                material.stainless.stain.multiplied = self.multiplied
                material.stainless.differ = self.differ
                if self.fit and factor > 1.0:
                    _enlarge(material.stainless.stain, factor)
            apply_material(material)
        if not stained:
            return {"CANCELLED"}
        self.report({"INFO"}, f"Stains on {len(stained)} material{'s' if len(stained) > 1 else ''}")
        return {"FINISHED"}


def _chosen(context: bpy.types.Context) -> list[bpy.types.Object]:
    """Return the selected objects, or the object of the material's properties if none is selected."""
    return list(context.selected_objects) or ([context.object] if context.object else [])


def _enlarge(stain: bpy.types.PropertyGroup, factor: float) -> None:
    set_values(stain, enlarged(values_of(stain, WaterStainParams), factor))  # cells first: stains never exceed them
