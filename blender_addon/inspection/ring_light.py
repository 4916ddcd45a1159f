"""The hexagonal ring light with the camera in its hole (paper, figure 3 and appendix A)."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..definitions.parameter import draw_params, parameter
from .camera import CameraPose
from .ring_radii import ring_mistake


@dataclass(frozen=True)
class RingLightParams:
    """A flat hexagonal ring that shines downwards.

    Appendix A of the paper rotates it by 90 degrees or doubles its size. Raises ValueError if the hole is not smaller
    than the ring.
    """

    distance: float = parameter(
        0.28,
        unit="m",
        low=1e-3,
        high=100.0,
        label="Distance",
        description="The ring hangs at this height above the plate",
    )
    inner_radius: float = parameter(
        0.05,
        unit="m",
        low=1e-4,
        high=100.0,
        label="Inner Radius",
        description="The corners of the ring's hole lie this far from its middle",
    )
    outer_radius: float = parameter(
        0.11,
        unit="m",
        low=1e-4,
        high=100.0,
        label="Outer Radius",
        description="The corners of the ring lie this far from its middle",
    )
    emission: float = parameter(
        1.2,
        unit="1",
        low=0.0,
        high=1e6,
        label="Brightness",
        description="The ring shines this brightly; 1 renders as white",
    )
    rotation: float = parameter(
        0.0,
        unit="rad",
        low=-7.0,
        high=7.0,
        label="Rotation",
        description="The ring is turned by this angle about the camera's axis",
    )
    scale: float = parameter(
        1.0,
        unit="1",
        low=0.01,
        high=100.0,
        soft=(0.1, 4.0),
        label="Scale",
        description="The ring is larger than its radii by this factor",
    )
    reflectance: float = parameter(
        0.0,
        unit="1",
        low=0.0,
        high=1.0,
        label="Reflectance",
        description="The ring's face returns this part of the plate's light to the plate",
    )

    def __post_init__(self) -> None:
        if mistake := ring_mistake(self.inner_radius, self.outer_radius):
            raise ValueError(f"ring light: {mistake}")


def draw_ring_light_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> RingLightParams:
    """Draw one ring light from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(RingLightParams, ranges, rng)


def ring_light(params: RingLightParams, pose: CameraPose) -> bpy.types.Object:
    """Build the ring as a mesh emitter, hidden from the camera; link it to the scene's collection."""
    angles = [params.rotation + math.radians(60 * k) for k in range(6)]
    radii = (params.inner_radius * params.scale, params.outer_radius * params.scale)
    corners = [(r * math.cos(a), r * math.sin(a), 0.0) for r in radii for a in angles]
    faces = [(k, (k + 1) % 6, 6 + (k + 1) % 6, 6 + k) for k in range(6)]
    mesh = bpy.data.meshes.new("Ring Light")
    mesh.from_pydata(corners, [], faces)
    mesh.materials.append(_emitter(params))
    obj = bpy.data.objects.new("Ring Light", mesh)
    obj.location = (pose.x, pose.y, params.distance)
    obj.rotation_euler.z = pose.turn
    obj.visible_camera = False
    bpy.context.scene.collection.objects.link(obj)
    return obj


def _emitter(params: RingLightParams) -> bpy.types.Material:
    material = bpy.data.materials.new("Ring Light")
    material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    emission = tree.nodes.new("ShaderNodeEmission")
    emission.inputs["Strength"].default_value = params.emission
    shader = emission.outputs["Emission"]
    if params.reflectance > 0:
        diffuse = tree.nodes.new("ShaderNodeBsdfDiffuse")
        diffuse.inputs["Color"].default_value = (*(params.reflectance,) * 3, 1.0)
        both = tree.nodes.new("ShaderNodeAddShader")
        tree.links.new(shader, both.inputs[0])
        tree.links.new(diffuse.outputs["BSDF"], both.inputs[1])
        shader = both.outputs["Shader"]
    output = tree.nodes.new("ShaderNodeOutputMaterial")
    tree.links.new(shader, output.inputs["Surface"])
    return material
