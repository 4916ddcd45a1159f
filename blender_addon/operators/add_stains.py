"""Operator: water stains on the selected objects."""

import bpy

from ..own_objects.materials import Refusal, stain_object
from ..settings.changes import apply_material
from ..settings.groups import VERSION

WHOLE_SPACE = (
    1.0  # depth jitter: stains everywhere in space, as a body's faces may lie anywhere; a plate's lies at z = 0
)
PLATE = 0.12  # metres; the stains' default sizes are those of drops on a plate as large
LARGE = 5.0  # plates; on larger objects drops of real size would hardly be seen


class STAINLESS_OT_add_stains(bpy.types.Operator):
    """Put water stains on the materials of the selected objects. What is there stays and can be had back exactly"""

    bl_idname = "stainless.add_stains"
    bl_label = "Add Stains"
    bl_options = {"REGISTER", "UNDO"}

    seed_offset: bpy.props.IntProperty(
        name="Seed Offset", description="Which stains these are", default=0, min=-10000, max=10000
    )

    fit: bpy.props.BoolProperty(
        name="Fit to Object",
        description="On objects far larger than a plate, make the stains larger, too, so that they are seen",
        default=True,
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
        stained: dict[bpy.types.Material, float] = {}
        for obj in _chosen(context):
            for result in stain_object(obj):
                if isinstance(result, Refusal):
                    self.report({"WARNING"}, result.reason)
                else:
                    stained[result] = max(stained.get(result, 0.0), _plates(obj))
        for material, plates in stained.items():
            if not material.stainless.version:
                material.stainless.version = VERSION
                material.stainless.stain.seed_offset = self.seed_offset
                material.stainless.stain.depth_jitter = WHOLE_SPACE
                if self.fit and plates > LARGE:
                    _enlarge(material.stainless.stain, plates)
            apply_material(material)
        if not stained:
            return {"CANCELLED"}
        self.report({"INFO"}, f"Stains on {len(stained)} material{'s' if len(stained) > 1 else ''}")
        return {"FINISHED"}


def _chosen(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The selected objects; where nothing is (in the material's properties), the object shown."""
    return list(context.selected_objects) or ([context.object] if context.object else [])


def _plates(obj: bpy.types.Object) -> float:
    """How many plates' widths an object is large."""
    return max(obj.dimensions) * bpy.context.scene.unit_settings.scale_length / PLATE


def _enlarge(stain: bpy.types.PropertyGroup, factor: float) -> None:
    stain.cell_size *= factor  # first, or the stains would be larger than their cells for a moment
    stain.radius *= factor
    stain.amplitude *= factor
    stain.frequency /= factor
    stain.speckle_frequency /= factor
