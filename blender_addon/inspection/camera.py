"""The inspection camera by its data sheet: perpendicular to the plate, looking through the ring light's hole."""

import dataclasses
from dataclasses import dataclass

import bpy

from ..definitions.parameter import parameter


@dataclass(frozen=True)
class CameraParams:
    """A camera on the z axis, in focus on the plate (paper, section V-A: one picture of the middle of the plate).

    By default a 2/3 inch sensor with 2448 x 2050 pixels of 3.45 um behind a lens that shows the whole plate.
    Raises ValueError where the lens cannot focus so near.
    """

    distance: float = parameter(
        0.30, unit="m", low=1e-3, high=100.0, description="Working distance: from the plate to the lens"
    )
    sensor_width: float = parameter(
        8.4456e-3, unit="m", low=1e-4, high=1.0, description="Of the pixels that make the picture's width"
    )
    focal_length: float = parameter(1.942327e-2, unit="m", low=1e-4, high=10.0, description="Of the lens, calibrated")

    def __post_init__(self) -> None:
        if self.focal_length >= self.distance:
            raise ValueError(f"camera: focal_length = {self.focal_length:g} must be below distance = {self.distance:g}")

    @property
    def image_distance(self) -> float:
        """Metres from the lens to the sensor when the plate is in focus (thin lens)."""
        return self.distance * self.focal_length / (self.distance - self.focal_length)

    @property
    def field_width(self) -> float:
        """Width of the field on the plate, metres."""
        return self.sensor_width * self.distance / self.image_distance


@dataclass(frozen=True)
class CameraPose:
    """Where a robot holds the camera, and the ring light round it: its axis meets the plate at x, y [m]; `turn` [rad]
    is about that axis.
    """

    x: float = 0.0
    y: float = 0.0
    turn: float = 0.0


OVER_THE_MIDDLE = CameraPose()


def inspection_camera(params: CameraParams, pose: CameraPose, width: int, height: int) -> bpy.types.Object:
    """Add the camera and make it the scene's, with pictures of width x height pixels; unturned, image x is plate x."""
    scene = bpy.context.scene
    data = bpy.data.cameras.new("Inspection Camera")
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = 1000 * params.sensor_width  # Blender's cameras count in millimetres
    data.lens = 1000 * params.image_distance
    data.clip_start = params.distance / 100
    data.clip_end = params.distance * 100
    obj = bpy.data.objects.new("Inspection Camera", data)
    obj.location = (pose.x, pose.y, params.distance)
    obj.rotation_euler.z = pose.turn
    scene.collection.objects.link(obj)
    scene.camera = obj
    scene.render.resolution_x = width
    scene.render.resolution_y = height
    scene.render.resolution_percentage = 100
    return obj


def metres_per_pixel(params: CameraParams, width: int) -> float:
    """Return the side of a pixel on the plate's surface, in metres."""
    return params.field_width / width


def camera_for_field(params: CameraParams, field_width: float) -> CameraParams:
    """Return the camera with the focal length that shows `field_width` metres of the plate."""
    focal_length = params.distance / (1 + field_width / params.sensor_width)
    return dataclasses.replace(params, focal_length=focal_length)
