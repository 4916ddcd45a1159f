"""The inspection camera, from its data sheet: perpendicular to the plate, behind the hole of the ring light."""

import dataclasses
from dataclasses import dataclass

import bpy

from ..definitions.parameter import parameter


@dataclass(frozen=True)
class CameraParams:
    """A camera on the z axis with its focus on the plate (paper, section V-A: one picture of the middle of the plate).

    The default is a 2/3 inch sensor with 2448 x 2050 pixels of 3.45 um and a lens that shows the whole plate. Raises
    ValueError if the lens cannot focus at the distance.
    """

    distance: float = parameter(
        0.30,
        unit="m",
        low=1e-3,
        high=100.0,
        soft=(0.05, 1.5),
        label="Distance",
        description="The lens hangs at this height above the plate",
    )
    sensor_width: float = parameter(
        8.4456e-3,
        unit="m",
        low=1e-4,
        high=1.0,
        soft=(0.001, 0.05),
        label="Sensor Width",
        description="The pixels that make the picture cover this width of the sensor",
    )
    focal_length: float = parameter(
        1.942327e-2,
        unit="m",
        low=1e-4,
        high=10.0,
        soft=(0.002, 0.1),
        label="Focal Length",
        description="A longer lens shows a smaller part of the plate; this is its calibrated focal length",
    )

    def __post_init__(self) -> None:
        if self.focal_length >= self.distance:
            raise ValueError(f"camera: focal_length = {self.focal_length:g} must be below distance = {self.distance:g}")

    @property
    def image_distance(self) -> float:
        """Distance between lens and sensor in metres, with the plate in focus (thin lens)."""
        return self.distance * self.focal_length / (self.distance - self.focal_length)

    @property
    def field_width(self) -> float:
        """Width of the field on the plate in metres."""
        return self.sensor_width * self.distance / self.image_distance


@dataclass(frozen=True)
class CameraPose:
    """The pose of the camera and the ring light around it.

    The optical axis meets the plate at x, y [m]; `turn` [rad] is about that axis.
    """

    x: float = 0.0
    y: float = 0.0
    turn: float = 0.0


OVER_THE_MIDDLE = CameraPose()


def inspection_camera(params: CameraParams, pose: CameraPose, width: int, height: int) -> bpy.types.Object:
    """Add the scene's camera with pictures of width x height pixels; without a turn, image x is plate x."""
    scene = bpy.context.scene
    obj = bpy.data.objects.new("Inspection Camera", bpy.data.cameras.new("Inspection Camera"))
    scene.collection.objects.link(obj)
    scene.camera = obj
    set_camera(scene, obj, params, pose, width, height)
    return obj


def set_camera(
    scene: bpy.types.Scene, obj: bpy.types.Object, params: CameraParams, pose: CameraPose, width: int, height: int
) -> None:
    """Set a camera object and the picture's size in place, as an animation needs it while it renders."""
    data = obj.data
    data.sensor_fit = "HORIZONTAL"
    data.sensor_width = 1000 * params.sensor_width  # Blender's camera lengths are in millimetres
    data.lens = 1000 * params.image_distance
    data.clip_start = params.distance / 100
    data.clip_end = params.distance * 100
    obj.location = (pose.x, pose.y, params.distance)
    obj.rotation_euler = (0.0, 0.0, pose.turn)
    scene.render.resolution_x = width
    scene.render.resolution_y = height
    scene.render.resolution_percentage = 100


def metres_per_pixel(params: CameraParams, width: int) -> float:
    """Return the side of a pixel on the plate in metres."""
    return params.field_width / width


def camera_for_field(params: CameraParams, field_width: float) -> CameraParams:
    """Return the camera with the focal length for a field of `field_width` metres."""
    focal_length = params.distance / (1 + field_width / params.sensor_width)
    return dataclasses.replace(params, focal_length=focal_length)
