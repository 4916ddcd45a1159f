"""Property groups: the settings of scenes and materials that Blender stores in files."""

from typing import Any

import bpy
from bpy.props import (
    BoolProperty,
    CollectionProperty,
    EnumProperty,
    FloatProperty,
    FloatVectorProperty,
    IntProperty,
    PointerProperty,
    StringProperty,
)

from ..blemishes.kinds import KINDS
from ..inspection.camera import CameraParams
from ..inspection.lens import LensParams
from ..inspection.placement import PlacementParams
from ..inspection.ring_light import RingLightParams
from ..metals.group import FINISHES, metal_key
from ..plate.mesh import PlateParams
from ..water_stain.params import WaterStainParams
from ..water_stain.ranges import StainRanges
from ..water_stain.shading import StainShadingParams
from .changes import (
    camera_changed,
    light_changed,
    picture_changed,
    placement_changed,
    shading_changed,
    stain_changed,
    surface_changed,
)
from .dataset_group import STAINLESS_Dataset
from .properties import ANIMATES_PARTS, STILL, mixin, property_group
from .random_stain import random_seed_changed

VERSION = 1  # of the settings; see `migration`


def _ignore(_group: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Do nothing: ranges take effect at the next draw, a lens at the next render."""


STAINLESS_Stain = property_group(
    "STAINLESS_Stain", [(WaterStainParams, stain_changed), (StainShadingParams, shading_changed)]
)
STAINLESS_StainRanges = property_group("STAINLESS_StainRanges", [(StainRanges, _ignore)], animated=False)
STAINLESS_Plate = property_group("STAINLESS_Plate", [(PlateParams, surface_changed)], ANIMATES_PARTS)
STAINLESS_Light = property_group("STAINLESS_Light", [(RingLightParams, light_changed)], ANIMATES_PARTS)
STAINLESS_Camera = property_group("STAINLESS_Camera", [(CameraParams, camera_changed)], ANIMATES_PARTS)
STAINLESS_Placement = property_group("STAINLESS_Placement", [(PlacementParams, placement_changed)], ANIMATES_PARTS)
STAINLESS_Lens = property_group("STAINLESS_Lens", [(LensParams, _ignore)], animated=False)
METALS = {  # by the scene's property
    metal_key(name): property_group(f"STAINLESS_{name.title()}Metal", [(kind.params, surface_changed)], ANIMATES_PARTS)
    for name, kind in FINISHES.items()
}
BLEMISHES = {  # by the scene's property
    kind.name: property_group(f"STAINLESS_{kind.name.title()}", [(kind.params, surface_changed)], ANIMATES_PARTS)
    for kind in KINDS
}


_Counts: Any = mixin(
    **{
        kind.plural: IntProperty(
            name=kind.plural.title(),
            description=f"The plate that the scene shows has this many {kind.plural}",
            min=0,
            max=50,
            update=surface_changed,
        )
        for kind in KINDS
    }
)
_Parts: Any = mixin(**{name: PointerProperty(type=group) for name, group in (METALS | BLEMISHES).items()})


class STAINLESS_Picture(bpy.types.PropertyGroup):
    """Size and quality of the picture."""

    width: IntProperty(
        options=STILL,
        name="Width",
        description="The picture is this wide",
        subtype="PIXEL",
        default=2448,
        min=8,
        max=65536,
        soft_min=64,
        soft_max=8192,
        update=picture_changed,
    )
    height: IntProperty(
        options=STILL,
        name="Height",
        description="The picture is this high",
        subtype="PIXEL",
        default=2050,
        min=8,
        max=65536,
        soft_min=64,
        soft_max=8192,
        update=picture_changed,
    )
    samples: IntProperty(
        options=STILL,
        name="Samples",
        description="Each pixel gets this many light paths; 32 show a little grain, 4 suffice for a look",
        default=32,
        min=1,
        soft_max=256,
        update=picture_changed,
    )
    denoise: BoolProperty(
        options=STILL,
        name="Denoise",
        description="Remove grain with OpenImageDenoise, if this Blender has it; this blurs fine brush texture",
        default=False,
        update=picture_changed,
    )


class STAINLESS_Defects(_Counts, bpy.types.PropertyGroup):
    """Numbers of defects on the plate, and their variation."""

    seed: IntProperty(
        name="Seed",
        description="Each number puts the defects in other places",
        min=0,
        soft_max=1000,
        update=surface_changed,
    )
    variation: FloatProperty(
        name="Size Variation",
        description="Defects are larger or smaller than their set size by up to this part of it",
        subtype="FACTOR",
        default=0.3,
        min=0.0,
        max=1.0,
        update=surface_changed,
    )


class STAINLESS_PickedStain(bpy.types.PropertyGroup):
    """A further picked stain."""

    centre: FloatVectorProperty(
        options={"HIDDEN"}, description="Centre in the object's own frame, in metres", size=3, min=-100.0, max=100.0
    )


class STAINLESS_MaterialSettings(bpy.types.PropertyGroup):
    """Stains on one material."""

    version: IntProperty(options={"HIDDEN"})
    hold: BoolProperty(options={"HIDDEN", "SKIP_SAVE"})
    stain: PointerProperty(type=STAINLESS_Stain)
    further: CollectionProperty(
        type=STAINLESS_PickedStain,
        options={"HIDDEN"},
        description="Picked stains beside the explicit centre (settings.picked_stains)",
    )
    ranges: PointerProperty(type=STAINLESS_StainRanges)
    random_seed: IntProperty(
        options=STILL,
        name="Random Seed",
        description="Each number draws other stains from the ranges below; the same number draws the same stains",
        min=0,
        soft_max=1000,
        update=random_seed_changed,
    )
    differ: BoolProperty(
        options=STILL,
        name="Different on Every Object",
        description="Give every object that shows this material other stains; switched off, all of them have the same",
        update=stain_changed,
    )
    origin: StringProperty(
        options={"HIDDEN"}, description="Change of the object's slots that added this material (own_objects.materials)"
    )
    original: PointerProperty(type=bpy.types.Material, description="Original of the stained copy")


class STAINLESS_SceneSettings(_Parts, bpy.types.PropertyGroup):
    """An inspection scene."""

    version: IntProperty(options={"HIDDEN"})
    hold: BoolProperty(options={"HIDDEN", "SKIP_SAVE"})
    stain: PointerProperty(type=STAINLESS_Stain)
    ranges: PointerProperty(type=STAINLESS_StainRanges)
    random_seed: IntProperty(
        options=STILL,
        name="Random Seed",
        description="Each number draws other stains from the ranges below; the same number draws the same stains",
        min=0,
        soft_max=1000,
        update=random_seed_changed,
    )
    water_stains: BoolProperty(
        name="Water Stains",
        description="The plate has stains; a clean plate is the same otherwise",
        default=True,
        update=surface_changed,
    )
    finish: EnumProperty(
        name="Finish",
        description="The metal was finished in this way",
        items=[(name, name.title(), f"{name.title()} metal") for name in FINISHES],
        update=surface_changed,
    )
    plate: PointerProperty(type=STAINLESS_Plate)
    light: PointerProperty(type=STAINLESS_Light)
    defects: PointerProperty(type=STAINLESS_Defects)
    camera: PointerProperty(type=STAINLESS_Camera)
    placement: PointerProperty(type=STAINLESS_Placement)
    lens: PointerProperty(type=STAINLESS_Lens)
    picture: PointerProperty(type=STAINLESS_Picture)
    dataset: PointerProperty(type=STAINLESS_Dataset)
    plate_object: PointerProperty(type=bpy.types.Object)
    light_object: PointerProperty(type=bpy.types.Object)
    camera_object: PointerProperty(type=bpy.types.Object)
    annotation_scene: PointerProperty(type=bpy.types.Scene)


CLASSES = (
    STAINLESS_Stain,
    STAINLESS_StainRanges,
    *METALS.values(),
    STAINLESS_Plate,
    STAINLESS_Light,
    STAINLESS_Camera,
    STAINLESS_Placement,
    STAINLESS_Lens,
    *BLEMISHES.values(),
    STAINLESS_Defects,
    STAINLESS_Picture,
    STAINLESS_Dataset,
    STAINLESS_PickedStain,
    STAINLESS_MaterialSettings,
    STAINLESS_SceneSettings,
)
