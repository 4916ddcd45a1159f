"""Operator: put a stain where the artist clicks on the surface."""

import bpy
from bpy_extras.view3d_utils import region_2d_to_origin_3d, region_2d_to_vector_3d
from mathutils import Vector

from ..own_objects.picked_centres import MOST
from ..own_objects.stain_layer import is_stained
from ..settings.changes import apply_owner_stain, one_change
from ..settings.picked_stains import CENTRE, add_centre, full_words
from ..settings.properties import set_values
from ..settings.target import existing_owner, is_inspection, stain_owner

PROMPT = "Click on the surface to put a stain there; right click or Esc: cancel"


class STAINLESS_OT_pick_centre(bpy.types.Operator):
    """Put a stain where the artist clicks; the tooltip is `bl_description`, which names the most"""

    bl_idname = "stainless.pick_centre"
    bl_label = "Pick Stain Centre"
    bl_description = (
        "Put a stain at a click on the surface instead of the grid. On your own objects each pick adds one more, up to "
        f"{MOST}. The plate of an inspection scene has one, which each pick moves, because a job holds one centre"
    )
    bl_options = {"REGISTER", "UNDO"}

    centre: bpy.props.FloatVectorProperty(
        name="Centre",
        description="Centre in the object's own frame, in metres",
        size=3,
        precision=5,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Return whether the target has stains."""
        return stain_owner(context) is not None

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Wait for the click."""
        if context.area is None or context.area.type != "VIEW_3D":
            self.report({"ERROR"}, "Pick the centre in a 3D viewport")
            return {"CANCELLED"}
        if words := full_words(existing_owner(context)):
            self.report({"ERROR"}, words)
            return {"CANCELLED"}
        context.window.cursor_modal_set("EYEDROPPER")
        context.workspace.status_text_set(PROMPT)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Set the centre on a click; pass other events, such as zoom and orbit, on to Blender."""
        if event.type in {"ESC", "RIGHTMOUSE"}:
            _leave(context)
            return {"CANCELLED"}
        if event.type != "LEFTMOUSE" or event.value != "PRESS":
            return {"PASS_THROUGH"}
        region = next(region for region in context.area.regions if region.type == "WINDOW")
        place = (event.mouse_x - region.x, event.mouse_y - region.y)
        point = surface_point(context, region, place)
        if isinstance(point, str):
            self.report({"WARNING"}, point)
            return {"RUNNING_MODAL"}
        _leave(context)
        self.centre = point
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add a stain to a material, or set the centre of the plate's."""
        owner = existing_owner(context)
        try:
            if isinstance(owner, bpy.types.Material):
                add_centre(owner, tuple(self.centre))
            else:
                values = dict(zip(CENTRE, self.centre, strict=True))
                with one_change(owner, apply_owner_stain):
                    set_values(owner.stainless.stain, {"explicit_centre": True, **values})
        except ValueError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        return {"FINISHED"}


def surface_point(
    context: bpy.types.Context, region: bpy.types.Region, place: tuple[float, float]
) -> tuple[float, float, float] | str:
    """Return the hit point of the ray through a pixel of the region on a stained surface.

    The point is in metres in the object's frame. If the ray hits no stained surface, return a message instead.
    """
    view = context.space_data.region_3d
    origin = region_2d_to_origin_3d(region, view, place)
    direction = region_2d_to_vector_3d(region, view, place)
    return ray_point(context, origin, direction)


def ray_point(context: bpy.types.Context, origin: Vector, direction: Vector) -> tuple[float, float, float] | str:
    """Return the hit point of a ray of the scene as `surface_point` does."""
    scene = context.scene
    found, location, _, face, obj, matrix = scene.ray_cast(context.evaluated_depsgraph_get(), origin, direction)
    if obj is not None and is_inspection(scene) and obj.original == scene.stainless.light_object:
        # The ring light lies between the viewer and the plate, so the ray continues behind it.
        beyond = location + direction * 1e-5
        return ray_point(context, beyond, direction)
    if not found:
        return "There is no surface here"
    owner = existing_owner(context)
    if isinstance(owner, bpy.types.Material):
        shown = _material_at(obj, face)
        if shown is None or shown.name != owner.name or not is_stained(shown):
            return f"{obj.name!r} does not show the material {owner.name!r} here"
    elif obj.original != scene.stainless.plate_object:
        return f"{obj.name!r} is not the plate"
    local = matrix.inverted() @ location
    stretch = matrix.to_3x3()
    unit = scene.unit_settings.scale_length
    x, y, z = (part * stretch.col[axis].length * unit for axis, part in enumerate(local))
    return (x, y, z)


def _material_at(obj: bpy.types.Object, face: int) -> bpy.types.Material | None:
    mesh = obj.data
    if not obj.material_slots:
        return None
    index = mesh.polygons[face].material_index if isinstance(mesh, bpy.types.Mesh) and face >= 0 else 0
    return obj.material_slots[min(index, len(obj.material_slots) - 1)].material


def _leave(context: bpy.types.Context) -> None:
    context.window.cursor_modal_restore()
    context.workspace.status_text_set(None)
