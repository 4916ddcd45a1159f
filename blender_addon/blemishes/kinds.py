"""The table of blemish kinds: the classes of defects and impurities whose pieces are placed individually on a plate.

To add a class, write its module and add a row to `KINDS`. Masks, jobs, the JSON Schema, tables, random draws and the
sidebar's section follow from the row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np

from ..definitions.classes import BACKGROUND, DEFECT, IMPURITY, WATER_STAIN, AnnotationClass
from ..definitions.random_stream import SIDE_STEP, stream
from .bump import BumpParams, bump_bounds, bump_group, draw_bump_params
from .dent import DentParams, dent_bounds, dent_group, draw_dent_params
from .fingerprint import FingerprintParams, draw_fingerprint_params, fingerprint_bounds, fingerprint_group
from .scratch import ScratchParams, draw_scratch_params, scratch_bounds, scratch_group
from .sticker import StickerParams, draw_sticker_params
from .sticker_sheet import sticker_sheet

Bounds = tuple[float, float, float, float]  # x_min, x_max, y_min, y_max in metres
SHEET_STEP = 1000  # object indices reserved for each kind that has sheets


@dataclass(frozen=True)
class Relief:
    """A blemish in the plate's surface: a node group and the bounds of one piece.

    The group has the inputs Position and the kind's parameters, and the output Mask. It may have further outputs:
    Height [m], which bends the normal as far as the Bump node sees it, between pixels; the slopes Slope X and Slope Y,
    which bend it exactly; Bare, the part that is left of the metal's grooves; Roughness and Reflectance, which are
    added to the metal's. Where two kinds overlap, the one with the greater `precedence` is annotated.
    `gates` are outputs that are 0 wherever a piece changes nothing, the cheapest first; a script computes them first.
    """

    group: Callable[[], bpy.types.ShaderNodeTree]
    bounds: Callable[[Any], Bounds]
    precedence: int
    gates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A blemish that is an object of its own above the plate; `build` takes the parameters and the key, from 1."""

    build: Callable[[Any, int], bpy.types.Object]


@dataclass(frozen=True)
class BlemishKind:
    """A row of the table.

    `label.name` is the kind's key in a job and `plural` the key of its counts in a job's splits. `label.kind` also
    names the job's seed. `stream` is the random stream. `first` names the parameters at the top of the sidebar's
    section, and `most` is the default of the highest number on a plate of a dataset. `required` tells whether a job
    must contain the kind's key.
    """

    label: AnnotationClass
    plural: str
    params: type
    draw: Callable[[np.random.Generator, Mapping[str, Any]], Any]
    stream: int
    shape: Relief | Sheet
    first: tuple[str, ...] = ()
    most: int = 0
    required: bool = False

    @property
    def name(self) -> str:
        """The kind's name, such as "scratch"."""
        return self.label.name


# In the order of the columns of samples.csv. Masks show sheets first, then reliefs by precedence, then water stains.
KINDS: tuple[BlemishKind, ...] = (
    BlemishKind(
        AnnotationClass(4, "scratch", DEFECT, (240, 228, 66)),
        "scratches",
        ScratchParams,
        draw_scratch_params,
        stream=2,
        shape=Relief(scratch_group, scratch_bounds, precedence=3, gates=("Near", "Mask")),
        first=("length", "width", "depth"),
        most=2,
        required=True,
    ),
    BlemishKind(
        AnnotationClass(2, "dent", DEFECT, (0, 158, 115)),
        "dents",
        DentParams,
        draw_dent_params,
        stream=3,
        shape=Relief(dent_group, dent_bounds, precedence=4),
        first=("radius", "depth"),
        most=2,
        required=True,
    ),
    BlemishKind(
        AnnotationClass(1, "bump", DEFECT, (230, 159, 0)),
        "bumps",
        BumpParams,
        draw_bump_params,
        stream=5,
        shape=Relief(bump_group, bump_bounds, precedence=2),  # low, because a bump is wide and may carry others
        first=("radius", "height"),
    ),
    BlemishKind(
        AnnotationClass(3, "fingerprint", IMPURITY, (204, 121, 167)),
        "fingerprints",
        FingerprintParams,
        draw_fingerprint_params,
        stream=6,
        shape=Relief(fingerprint_group, fingerprint_bounds, precedence=1, gates=("Contact",)),
        first=("width", "height", "prints"),
    ),
    BlemishKind(
        AnnotationClass(5, "sticker", IMPURITY, (86, 180, 233)),
        "stickers",
        StickerParams,
        draw_sticker_params,
        stream=7,
        shape=Sheet(sticker_sheet),
        first=("width", "height"),
    ),
)


def kind_named(name: str) -> BlemishKind:
    """Return the kind with this name. Raises KeyError if there is none."""
    return {kind.name: kind for kind in KINDS}[name]


def reliefs() -> list[tuple[BlemishKind, Relief]]:
    """Return the kinds with a relief in ascending precedence."""
    found = [(kind, kind.shape) for kind in KINDS if isinstance(kind.shape, Relief)]
    return sorted(found, key=lambda pair: pair[1].precedence)


def sheets() -> list[tuple[BlemishKind, Sheet, int]]:
    """Return the kinds with sheets; the object index of a sheet is the returned number plus its key."""
    found = [(kind, kind.shape) for kind in KINDS if isinstance(kind.shape, Sheet)]
    return [(kind, shape, SHEET_STEP * number) for number, (kind, shape) in enumerate(found)]


def annotation_classes() -> tuple[AnnotationClass, ...]:
    """Return all classes of the masks in the order of their ids, which is the paper's (appendix C)."""
    labels = [BACKGROUND, WATER_STAIN, *(kind.label for kind in KINDS)]
    return tuple(sorted(labels, key=lambda label: label.id))


def draw_blemishes(
    kind: BlemishKind, seed: int, plate: int, side: int, count_range: Sequence[int], ranges: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Draw the blemishes of a kind on one side of a plate.

    `count_range` is the least and greatest number. Each piece is drawn from `ranges` (see `draw_params`) with a random
    stream of its own.
    """
    key = (seed, kind.stream + side * SIDE_STEP, plate)
    least, greatest = count_range
    count = int(stream(*key).integers(least, greatest, endpoint=True))
    return tuple(kind.draw(stream(*key, number + 1), ranges) for number in range(count))
