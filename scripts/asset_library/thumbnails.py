"""The pictures of the assets: a ball for a material, the bright part of a plate for a metal or a blemish."""

from pathlib import Path

import bpy

from blender_addon.inspection.camera import CameraParams
from blender_addon.inspection.ring_light import RingLightParams
from blender_addon.inspection.scene import InspectionScene, PictureParams, build
from blender_addon.pictures.render import render_file
from blender_addon.plate.mesh import PlateParams
from blender_addon.plate.surface import InspectedSurface

SIZE = 256
SAMPLES = 24
FULL = 1280  # pixels of a whole plate, of which a picture shows a part
BRIGHT = (0.036, 0.0)  # metres from the plate's middle, where the ring light is reflected
BALL = 0.03  # metres


def render_ball(material: bpy.types.Material, target: Path) -> None:
    """Render a ball of 6 cm with a material under two soft lights."""
    scene = _scene("Ball")
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32, radius=BALL)
        ball = scene.view_layers[0].objects.active
        for face in ball.data.polygons:
            face.use_smooth = True
        ball.data.materials.append(material)
        for place, size, power in (((-0.2, -0.2, 0.25), 0.2, 4.0), ((0.25, -0.1, 0.1), 0.15, 1.5)):
            bpy.ops.object.light_add(type="AREA", location=place)
            light = scene.view_layers[0].objects.active
            light.data.size, light.data.energy = size, power
            light.rotation_euler = (-light.location).to_track_quat("-Z", "Y").to_euler()
        bpy.ops.object.camera_add(location=(0.0, -0.25, 0.12))
    camera = scene.view_layers[0].objects.active
    camera.rotation_euler = (-camera.location).to_track_quat("-Z", "Y").to_euler()
    camera.data.lens, camera.data.clip_start = 130.0, 0.01
    scene.camera = camera
    scene.world = bpy.data.worlds.new("Grey")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.35, 0.36, 0.38, 1.0)
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = SAMPLES, False
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    render_file(scene, target)


def render_plate(surface: InspectedSurface, target: Path) -> None:
    """Render the part of an inspected plate in which the ring light is reflected."""
    scene = _scene("Plate")
    camera = CameraParams()
    picture = PictureParams(FULL, FULL, SAMPLES, False)
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        built = build(InspectionScene(picture, PlateParams(), camera, RingLightParams(), surface))
    scene.camera = built.camera
    render, half = scene.render, SIZE / FULL / 2
    middle = [0.5 + part / camera.field_width for part in BRIGHT]
    render.use_border = render.use_crop_to_border = True
    render.border_min_x, render.border_max_x = middle[0] - half, middle[0] + half
    render.border_min_y, render.border_max_y = middle[1] - half, middle[1] + half
    render_file(scene, target)


def _scene(name: str) -> bpy.types.Scene:
    scene = bpy.data.scenes.new(name)
    scene.render.image_settings.file_format = "PNG"
    return scene
