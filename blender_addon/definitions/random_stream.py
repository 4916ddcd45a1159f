"""Streams of random numbers, one for each drawn thing: leaving one out, or adding one, changes nothing else."""

import numpy as np

(
    TEXTURE_STREAM,
    STAIN_STREAM,
    SCRATCH_STREAM,
    DENT_STREAM,
    LIGHT_STREAM,
    BUMP_STREAM,
    FINGERPRINT_STREAM,
    STICKER_STREAM,
    PLACEMENT_STREAM,
    LENS_STREAM,
    NOISE_STREAM,
    SHADING_STREAM,
) = range(12)
SIDE_STEP = 1000  # the streams of a plate's other side lie this much further on


def stream(*key: int) -> np.random.Generator:
    """Return the stream of a key such as (seed, stream, plate, number); numbers count from 1: a last 0 adds nothing."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(key)))
