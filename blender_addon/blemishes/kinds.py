"""The things of which a plate has several, drawn from seeds and nothing else, one stream of random numbers for each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..definitions.random_stream import (
    BUMP_STREAM,
    DENT_STREAM,
    FINGERPRINT_STREAM,
    SCRATCH_STREAM,
    SIDE_STEP,
    STICKER_STREAM,
    stream,
)
from .bump import draw_bump_params
from .dent import draw_dent_params
from .fingerprint import draw_fingerprint_params
from .scratch import draw_scratch_params
from .sticker import draw_sticker_params

NONE = (0, 0)  # least and most of what a split does not name


@dataclass(frozen=True)
class Thing:
    """A kind of thing of which a plate has several: its field in InspectedSurface and in a job's splits (the counts),
    its ranges' key in a job, its seed (that of defects or of impurities) and stream, and what draws one.
    """

    field: str
    ranges: str
    seed: str
    stream: int
    draw: Callable[[np.random.Generator, Mapping[str, Any]], Any]


THINGS = (
    Thing("scratches", "scratch", "defect", SCRATCH_STREAM, draw_scratch_params),
    Thing("dents", "dent", "defect", DENT_STREAM, draw_dent_params),
    Thing("bumps", "bump", "defect", BUMP_STREAM, draw_bump_params),
    Thing("fingerprints", "fingerprint", "impurity", FINGERPRINT_STREAM, draw_fingerprint_params),
    Thing("stickers", "sticker", "impurity", STICKER_STREAM, draw_sticker_params),
)


def draw_things(
    thing: Thing, seed: int, plate: int, side: int, least_and_most: Sequence[int], ranges: Mapping[str, Any]
) -> tuple[Any, ...]:
    """Draw the things of a kind that a plate's side has, so many of them, each from `ranges` (see `draw_params`)."""
    key = (seed, thing.stream + side * SIDE_STEP, plate)
    least, most = least_and_most
    count = int(stream(*key).integers(least, most, endpoint=True))
    return tuple(thing.draw(stream(*key, number + 1), ranges) for number in range(count))
