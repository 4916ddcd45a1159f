"""Property group of the dataset: its folder, and the contents of an exported job."""

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ..blemishes.kinds import KINDS
from ..job.definition import GRID, MIDDLE
from .changes import surface_changed
from .properties import STILL, mixin

# Blender draws a path that begins with // red from 4.5 on, unless its property says that it understands it.
RELATIVE_TOO = {"PATH_SUPPORTS_BLEND_RELATIVE"} if bpy.app.version >= (4, 5, 0) else set()

_Most: Any = mixin(
    **{
        kind.plural: IntProperty(
            name=kind.plural.title(),
            description=f"Plates of validation and test have at most this many {kind.plural}",
            options=STILL,
            default=kind.most,
            min=0,
            soft_max=10,
        )
        for kind in KINDS
    }
)
_SplitStains: Any = mixin(
    **{
        f"{split}_stains": BoolProperty(
            options=STILL,
            name=f"Stains in {words}",
            description=f"Put stains on the plates for {words.lower()}; switched off, these plates stay clean",
            default=True,
        )
        for split, words in (("train", "Training"), ("validation", "Validation"), ("test", "Test"))
    }
)


class STAINLESS_Dataset(_Most, _SplitStains, bpy.types.PropertyGroup):
    """The folder of pictures, and the contents of an exported job."""

    folder: StringProperty(
        name="Folder",
        description="Pictures and masks go into this folder; // stands for the folder of the open file, or for your "
        "home folder while the file is not saved",
        subtype="DIR_PATH",
        default="//stainless/",
        options=RELATIVE_TOO,
    )
    name: StringProperty(options=STILL, name="Name", description="The job's dataset has this name", default="plates")
    seed: IntProperty(
        options=STILL,
        name="Seed",
        description="Each number draws another dataset of the same kind, and other impurities on the plate",
        default=0,
        min=0,
        soft_max=1000,
        update=surface_changed,
    )
    imported: StringProperty(options={"HIDDEN"}, description="The imported job (settings.kept_job)")
    after_import: StringProperty(options={"HIDDEN"}, description="The panel's own job right after the import")
    train: IntProperty(
        options=STILL,
        name="Training",
        description="This many plates are for training; none has a defect",
        default=8,
        min=0,
        soft_max=200,
    )
    validation: IntProperty(
        options=STILL,
        name="Validation",
        description="This many plates are for the threshold",
        default=2,
        min=0,
        soft_max=200,
    )
    test: IntProperty(
        options=STILL,
        name="Test",
        description="This many plates are for the evaluation",
        default=4,
        min=0,
        soft_max=200,
    )
    views: EnumProperty(
        options=STILL,
        name="Views",
        description="Each plate of the dataset is seen in one picture, or in a grid of them",
        items=[
            (MIDDLE, "Middle", "One picture, as the scene shows the plate"),
            (GRID, "Grid", "Adjacent pictures that cover the plate, as a robot takes them"),
        ],
    )
    columns: IntProperty(
        options=STILL,
        name="Columns",
        description="This many views lie from left to right",
        default=2,
        min=1,
        max=100,
        soft_max=10,
    )
    rows: IntProperty(
        options=STILL,
        name="Rows",
        description="This many views lie from top to bottom",
        default=2,
        min=1,
        max=100,
        soft_max=10,
    )
    overlap: FloatProperty(
        options=STILL,
        name="Least Overlap",
        description="Neighbouring views overlap by at least this part of their size",
        subtype="FACTOR",
        default=0.1,
        min=0.0,
        max=0.99,
    )
