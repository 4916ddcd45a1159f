"""Where the robot really holds the camera: a little beside where it means to, differently in each view."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..definitions.parameter import draw_params, parameter
from .camera import CameraPose


@dataclass(frozen=True)
class PlacementParams:
    """How far a view is off; by default not at all."""

    shift_x: float = parameter(0.0, unit="m", low=-1.0, high=1.0, description="Of camera and ring over the plate")
    shift_y: float = parameter(0.0, unit="m", low=-1.0, high=1.0, description="Of camera and ring over the plate")
    turn: float = parameter(0.0, unit="rad", low=-7.0, high=7.0, description="Of both about the optical axis")


def draw_placement_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> PlacementParams:
    """Draw one view's misplacement from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(PlacementParams, ranges, rng)


def displaced(pose: CameraPose, off: PlacementParams) -> CameraPose:
    """Return the pose that comes of a meant one."""
    return CameraPose(pose.x + off.shift_x, pose.y + off.shift_y, pose.turn + off.turn)
