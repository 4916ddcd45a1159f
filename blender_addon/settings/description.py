"""From the settings of an inspection scene to its description, which `apply` and headless jobs are given."""

import bpy

from ..inspection.camera import OVER_THE_MIDDLE, CameraParams
from ..inspection.placement import PlacementParams, displaced
from ..inspection.ring_light import RingLightParams
from ..inspection.scene import InspectionScene, PictureParams
from ..metals.brushed import BrushedMetalParams
from ..metals.milled import MilledMetalParams
from ..metals.sandblasted import SandblastedMetalParams
from ..plate.mesh import PlateParams
from ..plate.surface import InspectedSurface, MetalParams
from ..water_stain.params import WaterStainParams
from ..water_stain.shading import StainShadingParams
from .defects import drawn_defects
from .properties import params_of

FINISHES: dict[str, type] = {  # as jobs call them: the parameters of each
    "brushed": BrushedMetalParams,
    "milled": MilledMetalParams,
    "sandblasted": SandblastedMetalParams,
}


def description_of(settings: bpy.types.PropertyGroup) -> InspectionScene:
    """Describe the inspection scene. Raises ValueError, in words, where its settings contradict each other."""
    picture = settings.picture
    return InspectionScene(
        picture=PictureParams(picture.width, picture.height, picture.samples, picture.denoise),
        plate=params_of(settings.plate, PlateParams),
        camera=params_of(settings.camera, CameraParams),
        light=light_of(settings),
        surface=InspectedSurface(
            metal=metal_of(settings),
            water_stain=params_of(settings.stain, WaterStainParams) if settings.water_stains else None,
            stain_shading=params_of(settings.stain, StainShadingParams),
            **drawn_defects(settings),
        ),
        pose=displaced(OVER_THE_MIDDLE, params_of(settings.placement, PlacementParams)),
    )


def metal_of(settings: bpy.types.PropertyGroup) -> MetalParams:
    """Return the parameters of the finish that is chosen."""
    return params_of(getattr(settings, f"{settings.finish}_metal"), FINISHES[settings.finish])


def light_of(settings: bpy.types.PropertyGroup) -> RingLightParams:
    """Return the ring light. Raises ValueError where its hole is not smaller than the ring."""
    light = params_of(settings.light, RingLightParams)
    if light.inner_radius >= light.outer_radius:
        raise ValueError(
            f"ring light: inner_radius = {light.inner_radius:g} must be below outer_radius = {light.outer_radius:g}"
        )
    return light
