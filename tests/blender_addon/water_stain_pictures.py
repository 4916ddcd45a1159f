"""Float pictures of shader outputs: a part under an emission, one sample through every pixel's centre."""

from pathlib import Path

import bpy
import numpy as np

PLATE = (0.12, 0.10)


def empty_scene(width, height):
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = 1
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.use_denoising = False
    scene.cycles.max_bounces = 0
    scene.cycles.pixel_filter_type = "GAUSSIAN"
    scene.cycles.filter_width = 0.01
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
    scene.render.film_transparent = True
    scene.render.threads_mode = "FIXED"
    scene.render.threads = 2
    scene.view_settings.view_transform = "Raw"
    settings = scene.render.image_settings
    settings.file_format, settings.color_mode, settings.color_depth = "OPEN_EXR", "RGBA", "32"
    return scene


def add_plate():
    x, y = PLATE[0] / 2, PLATE[1] / 2
    mesh = bpy.data.meshes.new("Plate")
    mesh.from_pydata([(-x, -y, 0), (x, -y, 0), (x, y, 0), (-x, y, 0)], [], [(0, 1, 2, 3)])
    return _link(bpy.data.objects.new("Plate", mesh))


def add_sphere(radius=0.05):
    bpy.ops.mesh.primitive_uv_sphere_add(radius=radius, segments=96, ring_count=48)
    return bpy.context.object


def add_camera(kind, distance=0.30, field=0.122, tilt=0.0):
    data = bpy.data.cameras.new("Camera")
    data.type = kind
    data.sensor_fit, data.sensor_width = "HORIZONTAL", 36.0
    data.lens, data.ortho_scale = 36.0 * distance / field, field
    data.clip_start, data.clip_end = distance / 100, distance * 100
    camera = _link(bpy.data.objects.new("Camera", data))
    camera.location = (0.0, -np.sin(tilt) * distance, np.cos(tilt) * distance)
    camera.rotation_euler.x = tilt
    bpy.context.scene.camera = camera
    return camera


def _link(item):
    bpy.context.scene.collection.objects.link(item)
    return item


def emission_tree(part):
    """Give `part` an emission material; return its tree and a function that links a vector socket to the colour."""
    material = bpy.data.materials.new("Emission")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    emission = tree.nodes.new("ShaderNodeEmission")
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])
    part.data.materials.clear()
    part.data.materials.append(material)
    return tree, lambda socket: tree.links.new(socket, emission.inputs["Color"])


def render_floats(folder: Path):
    """Render; return float32 (H, W, 4), first row on top."""
    path = Path(folder) / "picture.exr"
    bpy.context.scene.render.filepath = str(path)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(str(path))
    image.colorspace_settings.name = "Non-Color"
    width, height = image.size
    pixels = np.empty(width * height * 4, np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    path.unlink()
    return pixels.reshape(height, width, 4)[::-1]


def object_position(tree):
    return tree.nodes.new("ShaderNodeTexCoord").outputs["Object"]


def render_positions(part, folder, vector=object_position):
    """Return the points of the part that the pixel centres see, (H, W, 3) float32, and their mask (H, W).

    `vector(tree)` returns the socket of another vector to show instead.
    """
    halves = []
    for sign in (1.0, -1.0):  # emission is never negative
        tree, show = emission_tree(part)
        scale = tree.nodes.new("ShaderNodeVectorMath")
        scale.operation = "SCALE"
        scale.inputs["Scale"].default_value = sign
        tree.links.new(vector(tree), scale.inputs[0])
        show(scale.outputs["Vector"])
        halves.append(render_floats(folder))
    positive, negative = (np.maximum(half[..., :3], 0) for half in halves)
    return positive - negative, halves[0][..., 3] > 0


def render_group(part, group, params, write_inputs, folder, gravity=None):
    """Render a stain group's outputs: reflectance, mask, stain id, normalised distance and crust, each (H, W).

    `gravity(tree)` returns the socket of gravity projected onto the surface.
    """
    pictures = []
    for names in (("Reflectance", "Mask", "Stain ID"), ("Normalised Distance", "Crust", "Mask")):
        tree, show = emission_tree(part)
        node = tree.nodes.new("ShaderNodeGroup")
        node.node_tree = group
        write_inputs(node, params)
        tree.links.new(object_position(tree), node.inputs["Position"])
        if gravity:
            tree.links.new(gravity(tree), node.inputs["Gravity on Surface"])
        shifted = tree.nodes.new("ShaderNodeMath")  # emission is never negative
        shifted.inputs[1].default_value = 2.0 if names[0] == "Reflectance" else 0.0
        tree.links.new(node.outputs[names[0]], shifted.inputs[0])
        combine = tree.nodes.new("ShaderNodeCombineXYZ")
        tree.links.new(shifted.outputs[0], combine.inputs["X"])
        for axis, name in zip("YZ", names[1:], strict=True):
            tree.links.new(node.outputs[name], combine.inputs[axis])
        show(combine.outputs["Vector"])
        pictures.append(render_floats(folder))
    first, second = pictures
    return first[..., 0] - 2.0, first[..., 1], first[..., 2], second[..., 0], second[..., 1]
