"""Operator: draw random stains from the ranges."""

import bpy

from ..settings.groups import VERSION
from ..settings.random_stain import randomise
from ..settings.target import existing_owner, stain_owner

NEXT, PREVIOUS = "NEXT", "PREVIOUS"


class STAINLESS_OT_randomise(bpy.types.Operator):
    """Draw other stains from the ranges. The stains of a seed are always the same, so stepping back restores them"""

    bl_idname = "stainless.randomise"
    bl_label = "Randomise Stains"
    bl_options = {"REGISTER", "UNDO"}

    seed: bpy.props.IntProperty(name="Seed", description="Seed of the stains", default=1, min=0)
    step: bpy.props.EnumProperty(
        name="Step",
        description="Direction from the current seed",
        items=[
            (NEXT, "Next", "The stains of the next seed"),
            (PREVIOUS, "Previous", "The stains of the previous seed"),
        ],
        options={"HIDDEN", "SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the target has stains."""
        return stain_owner(context) is not None

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """Return the tooltip of the button."""
        return "The stains of the previous seed" if properties.step == PREVIOUS else cls.__doc__ or ""

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Step from the current seed."""
        now = existing_owner(context).stainless.random_seed
        self.seed = now + 1 if self.step == NEXT else max(now - 1, 0)
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Draw the seed's stains."""
        owner = existing_owner(context)
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
