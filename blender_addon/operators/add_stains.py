"""Operator: water stains on the selected objects."""

import bpy

from ..settings.changes import apply_material
from ..settings.groups import VERSION
from ..surface_of_object import Refusal, stain_object

WHOLE_SPACE = (
    1.0  # depth jitter: stains everywhere in space, as a body's faces may lie anywhere; a plate's lies at z = 0
)


class STAINLESS_OT_add_stains(bpy.types.Operator):
    """Put water stains on the materials of the selected objects. What is there stays and can be had back exactly"""

    bl_idname = "stainless.add_stains"
    bl_label = "Add Stains"
    bl_options = {"REGISTER", "UNDO"}

    seed_offset: bpy.props.IntProperty(
        name="Seed Offset", description="Which stains these are", default=0, min=-10000, max=10000
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Ask for objects."""
        if not _chosen(context):
            cls.poll_message_set("Select an object with a surface first")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Stain what can be, say what cannot."""
        stained: list[bpy.types.Material] = []
        for obj in _chosen(context):
            for result in stain_object(obj):
                if isinstance(result, Refusal):
                    self.report({"WARNING"}, result.reason)
                elif result not in stained:
                    stained.append(result)
        for material in stained:
            if not material.stainless.version:
                material.stainless.version = VERSION
                material.stainless.stain.seed_offset = self.seed_offset
                material.stainless.stain.depth_jitter = WHOLE_SPACE
            apply_material(material)
        if not stained:
            return {"CANCELLED"}
        self.report({"INFO"}, f"Stains on {len(stained)} material{'s' if len(stained) > 1 else ''}")
        return {"FINISHED"}


def _chosen(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The selected objects; where nothing is (in the material's properties), the object shown."""
    return list(context.selected_objects) or ([context.object] if context.object else [])
