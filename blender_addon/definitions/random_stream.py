"""Random streams: every drawn quantity has its own, so adding or removing one leaves the others unchanged."""

import numpy as np

# The numbers that are missing here belong to the kinds of blemishes (`blemishes.kinds`). Each number is used once.
TEXTURE_STREAM = 0
STAIN_STREAM = 1
LIGHT_STREAM = 4
PLACEMENT_STREAM = 8
LENS_STREAM = 9
NOISE_STREAM = 10
SHADING_STREAM = 11
PRESET_STREAM = 12
SIDE_STEP = 1000  # offset from a stream of the front to the same stream of the back


def stream(*key: int) -> np.random.Generator:
    """Return the generator of a key such as (seed, stream, plate, number).

    Numbers in a key count from 1, because a trailing 0 does not change the key.
    """
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
