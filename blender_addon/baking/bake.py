"""The bake of one channel of an object into an array, in a scene of its own; the artist's scene is not changed."""

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np

from ..nodes.object_seed import fix_random, object_random
from .channels import Channel, emitting

MARGIN = 16  # texels around the islands that continue their borders, so that no seam shows


def bake_channel(obj: bpy.types.Object, channel: Channel, uv_map: str, size: int, samples: int) -> np.ndarray:
    """Return a channel of an object's surface on a UV map; float32 (size, size, 3), linear, first row on top.

    Raises RuntimeError with Blender's message if it cannot bake.
    """
    image = bpy.data.images.new("Bake", size, size, float_buffer=True, is_data=True)
    try:
        with _bake_scene(obj, channel, image, samples) as (scene, copy):
            layer = scene.view_layers[0]
            with bpy.context.temp_override(
                scene=scene,
                view_layer=layer,
                active_object=copy,
                object=copy,
                selected_objects=[copy],
                selected_editable_objects=[copy],
            ):
                bpy.ops.object.bake(
                    type="EMIT",
                    target="IMAGE_TEXTURES",
                    uv_layer=uv_map,
                    margin=MARGIN,
                    margin_type="EXTEND",
                    use_clear=True,
                )
        pixels = np.empty(size * size * 4, np.float32)
        image.pixels.foreach_get(pixels)
        return pixels.reshape(size, size, 4)[::-1, :, :3]
    finally:
        bpy.data.images.remove(image)


@contextmanager
def _bake_scene(
    obj: bpy.types.Object, channel: Channel, image: bpy.types.Image, samples: int
) -> Iterator[tuple[bpy.types.Scene, bpy.types.Object]]:
    """Yield a scene with a copy of the object whose materials emit the channel; remove everything at the end."""
    scene = bpy.data.scenes.new(".Stainless Bake")
    copy = obj.copy()
    made: list[bpy.types.ID] = [scene, copy]
    try:
        scene.render.engine = "CYCLES"
        scene.cycles.device = "CPU"
        scene.cycles.samples = 1 if channel.exact else samples
        scene.cycles.use_adaptive_sampling = False
        scene.cycles.use_denoising = False
        scene.cycles.max_bounces = 0
        scene.collection.objects.link(copy)
        copy.hide_render = False
        fix_random(copy, object_random(obj))
        copy.hide_set(False, view_layer=scene.view_layers[0])
        if not copy.material_slots:
            raise RuntimeError(f"{obj.name!r} has no material")
        for slot, before in zip(copy.material_slots, obj.material_slots, strict=True):
            slot.link = "OBJECT"
            slot.material = emitting(before.material, channel, image)
            made.append(slot.material)
        copy.select_set(True, view_layer=scene.view_layers[0])
        scene.view_layers[0].objects.active = copy
        yield scene, copy
    finally:
        bpy.data.batch_remove(made)
