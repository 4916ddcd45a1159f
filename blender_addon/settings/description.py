"""Conversion of the settings of an inspection scene into its description, which is also what a job's sample has."""

import bpy

from ..inspection.camera import OVER_THE_MIDDLE, CameraParams
from ..inspection.placement import PlacementParams, displaced
from ..inspection.ring_light import RingLightParams
from ..inspection.scene import InspectionScene, PictureParams
from ..metals.group import FINISHES, MetalParams, metal_key
from ..plate.mesh import PlateParams
from ..plate.surface import InspectedSurface
from ..water_stain.params import WaterStainParams
from ..water_stain.shading import StainShadingParams
from .defects import drawn_blemishes
from .properties import params_of


def description_of(settings: bpy.types.PropertyGroup) -> InspectionScene:
    """Return the description of the scene. Raises ValueError with a message if its settings contradict each other."""
    picture = settings.picture
    return InspectionScene(
        picture=PictureParams(picture.width, picture.height, picture.samples, picture.denoise),
        plate=params_of(settings.plate, PlateParams),
        camera=params_of(settings.camera, CameraParams),
        light=params_of(settings.light, RingLightParams),
        surface=InspectedSurface(
            metal=metal_of(settings),
            water_stain=params_of(settings.stain, WaterStainParams) if settings.water_stains else None,
            stain_shading=params_of(settings.stain, StainShadingParams),
            blemishes=drawn_blemishes(settings),
        ),
        pose=displaced(OVER_THE_MIDDLE, params_of(settings.placement, PlacementParams)),
    )


def metal_of(settings: bpy.types.PropertyGroup) -> MetalParams:
    """Return the parameters of the chosen finish."""
    return params_of(getattr(settings, metal_key(settings.finish)), FINISHES[settings.finish].params)
