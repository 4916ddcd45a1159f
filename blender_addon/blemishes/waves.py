"""Waves: a smooth irregular function of the place along a blemish, with a slope that is known exactly.

It is the sum of three sines whose wavelengths have no common multiple of use. A number, the blemish's pattern, sets
their phases. Unlike Perlin noise it can be differentiated in a shader graph, which a slope needs.
"""

import math

from ..nodes.shader_graph import Value

# Frequency [1/m] and amplitude of each sine; the amplitudes sum to 1.
SINES = ((87.0, 0.45), (231.0, 0.33), (613.0, 0.22))
PHASE_STEPS = (0.7548776662466927, 0.5698402909980532, 0.4301597090019468)  # their multiples modulo 1 spread evenly


def waves(along: Value, pattern: Value, number: float) -> tuple[Value, Value]:
    """Return the function at `along` [m], in [-1, 1], and its derivative [1/m].

    `pattern` and `number` choose one of many such functions.
    """
    place = pattern + number
    value: Value | None = None
    slope: Value | None = None
    for (frequency, amplitude), step in zip(SINES, PHASE_STEPS, strict=True):
        turn = (along * frequency + (place * step).math("FRACT")) * (2.0 * math.pi)
        sine = turn.math("SINE") * amplitude
        cosine = turn.math("COSINE") * (amplitude * frequency * 2.0 * math.pi)
        value = sine if value is None else value + sine
        slope = cosine if slope is None else slope + cosine
    assert value is not None  # there are sines
    assert slope is not None
    return value, slope
