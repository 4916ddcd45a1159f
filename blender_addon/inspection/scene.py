"""The inspection scene of the paper's section V-A: plate, hexagonal ring light, perpendicular camera, path tracing."""

from dataclasses import dataclass

import bpy

from ..annotation.plate_pass import annotation_scene
from ..annotation.tiled_pass import tile_annotation
from ..blemishes import kinds
from ..plate.groups import NODES, OSL, node_groups, osl_groups
from ..plate.mesh import PlateParams
from ..plate.surface import InspectedSurface
from ..plate.tiles import tiled_plate
from .camera import OVER_THE_MIDDLE, CameraParams, CameraPose, inspection_camera
from .ring_light import RingLightParams, ring_light

SHEET_KEY = "stainless_sheet"  # on every object that is a blemish; the value is its kind


@dataclass(frozen=True)
class PictureParams:
    """Size and quality of a Cycles render."""

    width: int
    height: int
    samples: int
    denoise: bool


@dataclass(frozen=True)
class InspectionScene:
    """Everything that determines a picture; `stain_renderer` is OSL, or else nodes, and affects rounding only."""

    picture: PictureParams
    plate: PlateParams
    camera: CameraParams
    light: RingLightParams
    surface: InspectedSurface
    pose: CameraPose = OVER_THE_MIDDLE
    stain_renderer: str = NODES


@dataclass(frozen=True)
class BuiltScene:
    """The scenes and objects that `build` creates."""

    scene: bpy.types.Scene
    annotation: bpy.types.Scene
    plate: bpy.types.Object
    light: bpy.types.Object
    camera: bpy.types.Object


def apply(description: InspectionScene) -> tuple[bpy.types.Scene, bpy.types.Scene]:
    """Build the description in the current, empty scene; return the scene and its annotation scene.

    Raises OslUnavailableError if the description needs OSL and OSL is not available.
    """
    built = build(description)
    tile_annotation(built.annotation, built.plate, description.plate, description.surface)
    return built.scene, built.annotation


def build(description: InspectionScene) -> BuiltScene:
    """Build the description like `apply`; return all scenes and objects."""
    scene = bpy.context.scene
    path_tracing(scene, description.picture, description.light)
    surface = description.surface
    groups = osl_groups(surface, scene) if description.stain_renderer == OSL else node_groups(surface)
    parts = [tiled_plate(description.plate, surface, groups)]
    parts += sheet_objects(surface)
    light = ring_light(description.light, description.pose)
    picture = description.picture
    camera = inspection_camera(description.camera, description.pose, picture.width, picture.height)
    annotation = annotation_scene(scene, parts, description.plate, surface)
    return BuiltScene(scene, annotation, parts[0], light, camera)


def sheet_objects(surface: InspectedSurface) -> list[bpy.types.Object]:
    """Build the blemishes that are objects; the object index tells the annotation pass their kind and key."""
    built = []
    for kind, sheet, first in kinds.sheets():
        for key, params in enumerate(surface.of_kind(kind), start=1):
            built.append(sheet.build(params, key))
            built[-1].pass_index = first + key
            built[-1][SHEET_KEY] = kind.name
    return built


def path_tracing(scene: bpy.types.Scene, picture: PictureParams, light: RingLightParams) -> None:
    """Set up Cycles for a scene, including every setting whose default differs between Blender versions."""
    scene.render.engine = "CYCLES"
    cycles = scene.cycles
    cycles.device = "CPU"
    cycles.samples = picture.samples
    cycles.use_adaptive_sampling = False
    cycles.use_light_tree = False  # useless with one emitter
    cycles.transmission_bounces = cycles.volume_bounces = 0
    light_paths(scene, light)
    cycles.caustics_reflective = True
    cycles.blur_glossy = 0.0
    cycles.sample_clamp_indirect = 0.0
    cycles.seed = 0
    cycles.pixel_filter_type = "BLACKMAN_HARRIS"
    cycles.filter_width = 1.5
    cycles.use_denoising = picture.denoise
    if picture.denoise:
        cycles.denoiser = "OPENIMAGEDENOISE"
        cycles.denoising_input_passes = "RGB_ALBEDO_NORMAL"
        cycles.denoising_prefilter = "ACCURATE"  # FAST leaves grain in the brush texture
    scene.world = None
    scene.render.film_transparent = False
    scene.render.dither_intensity = 0.0
    scene.view_settings.view_transform = "Standard"
    scene.view_settings.look = "None"
    settings = scene.render.image_settings
    settings.file_format = "PNG"
    settings.color_mode = "RGB"
    settings.color_depth = "8"


def light_paths(scene: bpy.types.Scene, light: RingLightParams) -> None:
    """Set the bounces: from the plate to the light and, if the light reflects, back to the plate and to the light."""
    cycles = scene.cycles
    cycles.max_bounces = cycles.glossy_bounces = 1  # without reflection, 2 bounces render the same bytes
    cycles.diffuse_bounces = 0
    if light.reflectance > 0:
        cycles.max_bounces = 3
        cycles.glossy_bounces, cycles.diffuse_bounces = 2, 1
