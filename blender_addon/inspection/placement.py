"""The placement error of the camera: a small shift and turn from the nominal pose, different in each view."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..definitions.parameter import draw_params, parameter
from .camera import CameraPose


@dataclass(frozen=True)
class PlacementParams:
    """The placement error of one view; the default is none."""

    shift_x: float = parameter(
        0.0,
        unit="m",
        low=-1.0,
        high=1.0,
        soft=(-0.05, 0.05),
        label="Shift X",
        description="Camera and ring are shifted along x by this much",
    )
    shift_y: float = parameter(
        0.0,
        unit="m",
        low=-1.0,
        high=1.0,
        soft=(-0.05, 0.05),
        label="Shift Y",
        description="Camera and ring are shifted along y by this much",
    )
    turn: float = parameter(
        0.0,
        unit="rad",
        low=-7.0,
        high=7.0,
        soft=(-0.2, 0.2),
        label="Turn",
        description="Camera and ring are turned about the camera's axis by this angle",
    )


def draw_placement_params(rng: np.random.Generator, ranges: Mapping[str, Any]) -> PlacementParams:
    """Draw one view's placement error from `ranges` (field: number or [a, b]); see `draw_params`."""
    return draw_params(PlacementParams, ranges, rng)


def displaced(pose: CameraPose, error: PlacementParams) -> CameraPose:
    """Return the nominal pose plus its placement error."""
    return CameraPose(pose.x + error.shift_x, pose.y + error.shift_y, pose.turn + error.turn)
