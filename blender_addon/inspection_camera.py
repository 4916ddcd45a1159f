"""The inspection camera: perpendicular to the plate, looking through the ring light's hole."""

from dataclasses import dataclass

import bpy

from .parameter import parameter

SENSOR_WIDTH_MM = 36.0  # only the ratio of sensor to focal length matters for a pinhole


@dataclass(frozen=True)
class CameraParams:
    """A pinhole camera on the z axis (paper, section V-A: one picture of the middle of the plate)."""

    distance: float = parameter(0.30, unit="m", low=1e-3, high=100.0, description="Height above the plate")
    field_width: float = parameter(0.122, unit="m", low=1e-4, high=100.0, description="Width of the field on the plate")


def inspection_camera(params: CameraParams, width: int, height: int) -> bpy.types.Object:
    """Add the camera and make it the scene's, with pictures of width x height pixels; image x is the plate's x."""
    scene = bpy.context.scene
    data = bpy.data.cameras.new("Inspection Camera")
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = SENSOR_WIDTH_MM
    data.lens = SENSOR_WIDTH_MM * params.distance / params.field_width
    data.clip_start = params.distance / 100
    data.clip_end = params.distance * 100
    obj = bpy.data.objects.new("Inspection Camera", data)
    obj.location.z = params.distance
    scene.collection.objects.link(obj)
    scene.camera = obj
    scene.render.resolution_x = width
    scene.render.resolution_y = height
    scene.render.resolution_percentage = 100
    return obj


def metres_per_pixel(params: CameraParams, width: int) -> float:
    """Return the side of a pixel on the plate's surface, in metres."""
    return params.field_width / width
