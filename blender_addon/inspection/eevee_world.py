"""The ring light as the sky of EEVEE, which shows no reflection of objects outside the picture.

A ray from the camera that the plate reflects meets the ring at the offset t (camera distance + ring distance) from its
middle, where t is the ray's slope. The sky therefore holds the ring's hexagon in the plane of slopes. The world's only
output is EEVEE's, so Cycles, which renders the pictures, sees no world.
"""

import math

import bpy

from ..nodes.shader_graph import Value, assign, separate
from .camera import CameraParams, CameraPose
from .ring_light import RingLightParams

NAME = "Ring Light for EEVEE"
KEY = "stainless_eevee_world"
LEVEL = 1e-3  # of the direction's z; below that, it never meets the ring


def show_ring_to_eevee(
    scene: bpy.types.Scene, light: RingLightParams, camera: CameraParams, pose: CameraPose
) -> bpy.types.World:
    """Give the scene a world of its own that shows the ring to EEVEE alone; set that which it has; return it."""
    world = scene.world
    if world is None or KEY not in world or world.users > 1:
        world = scene.world = bpy.data.worlds.new(NAME)
        world[KEY] = True
    if not world.node_tree:
        world.use_nodes = True
    tree = world.node_tree
    tree.nodes.clear()
    x, y, z = separate(tree, tree.nodes.new("ShaderNodeTexCoord").outputs["Generated"])
    upwards = z.math("GREATER_THAN", LEVEL)
    reach = (camera.distance + light.distance) / (z.math("MAXIMUM", LEVEL) * light.scale)
    from_middle = _hexagon(x * reach, y * reach, light.rotation + pose.turn)
    lit = from_middle.at_most(light.outer_radius) * (1.0 - from_middle.at_most(light.inner_radius)) * upwards
    background = tree.nodes.new("ShaderNodeBackground")
    background.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    assign(tree, background.inputs["Strength"], lit * light.emission)
    output = tree.nodes.new("ShaderNodeOutputWorld")
    output.target = "EEVEE"
    tree.links.new(background.outputs["Background"], output.inputs["Surface"])
    return world


def _hexagon(x: Value, y: Value, rotation: float) -> Value:
    """Return the corner radius of the hexagon about the middle, with a corner at `rotation`, through a point."""
    sides = [rotation + math.radians(angle) for angle in (30, 90, 150)]
    distances = [abs(x * math.cos(side) + y * math.sin(side)) for side in sides]
    farthest = distances[0].math("MAXIMUM", distances[1]).math("MAXIMUM", distances[2])
    return farthest * (1.0 / math.cos(math.radians(30)))
