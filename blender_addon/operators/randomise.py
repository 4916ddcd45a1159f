"""Operator: other stains, drawn from ranges."""

import bpy

from ..settings.groups import VERSION
from ..settings.random_stain import randomise
from ..settings.target import stain_owner

NEXT, PREVIOUS = "NEXT", "PREVIOUS"


class STAINLESS_OT_randomise(bpy.types.Operator):
    """Draw other stains from the ranges. The stains of a seed are always the same: step back to have them again"""

    bl_idname = "stainless.randomise"
    bl_label = "Randomise Stains"
    bl_options = {"REGISTER", "UNDO"}

    seed: bpy.props.IntProperty(name="Seed", description="The stains of this seed", default=1, min=0)
    step: bpy.props.EnumProperty(
        name="Step",
        description="From the seed that is set now",
        items=[(NEXT, "Next", "The stains of the next seed"), (PREVIOUS, "Previous", "The stains of the seed before")],
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """There must be stains."""
        return stain_owner(context) is not None

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Tell the two buttons apart."""
        return "The stains of the seed before" if properties.step == PREVIOUS else cls.__doc__

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Step from the seed that is set."""
        now = stain_owner(context).stainless.random_seed
        self.seed = now + 1 if self.step == NEXT else max(now - 1, 0)
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Draw the seed's stains."""
        owner = stain_owner(context)
        settings = owner.stainless
        before = settings.random_seed
        settings.hold = True
        settings.random_seed = self.seed
        settings.hold = False
        try:
            randomise(owner)
        except ValueError as error:
            settings.hold = True
            settings.random_seed = before
            settings.hold = False
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        settings.version = settings.version or VERSION
        return {"FINISHED"}
