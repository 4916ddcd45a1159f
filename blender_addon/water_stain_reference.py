"""The specification of the water stain (paper, algorithm 1) in NumPy; nodes and OSL compute the same formulas.

In cell units g = p / G. The search starts at the cell b = floor(g - s) and covers n cells along each axis, in the order
of `NEIGHBOURS`. Where no stain reaches further than G/2, s = 1/2 and n = 2: these 8 are all the cells whose centres the
point can be near enough to, so the result is exactly the 27-cell search's; otherwise s = 1 and n = 3, the point's own
cell and its 26 neighbours. The centre of cell i is i + H(i + 1/2 + seed), H being White Noise (half-integers, because
0.0 and -0.0 hash differently), its z scaled by the depth jitter. Downstream of its centre a stain's distances are
divided by 1 + run-off.

Where stains overlap and their radii differ, the one with the least d/r' covers the point, on ties the first in the
order of the cells; with one radius for all this is the nearest centre of algorithm 1.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np

from .water_stain import WaterStainParams
from .water_stain_noise import signed_perlin, white_noise

# The eight cells of the short search first; the order decides ties.
NEIGHBOURS = tuple(sorted(product((0, 1, 2), repeat=3), key=lambda cell: (max(cell) > 1, cell)))
SHORT_SEARCH = 8
CELL_KEY, STAIN_KEY, PROFILE_KEY = 0.5, 0.25, 0.125  # added to cell indices before hashing, each to the one before
SMALLEST_RADIUS = 1e-9  # metres; keeps d/r' finite where the noise eats up the whole stain
ID_PERIOD = (256, 256, 128)  # cells along x, y, z after which stain ids repeat; 1 + their product < 2^24
NOISE_STEPS = (1597, 987, 1303)  # of the noise's shift from seed to seed, in 1/4096 of NOISE_SPAN, exact in float32
NOISE_SPAN = 16.0
SPECKLE_ONSET, SPECKLE_SLOPE = 0.3, 3.0
CHUNK = 16384  # points evaluated at a time: they stay in the processor's cache


@dataclass(frozen=True)
class WaterStainField:
    """The texture at N points: float (N,), bool (N,), int32 (N,), float (N,).

    Reflectance is the additive change, 0 outside; stain ids are 0 outside and count from 1; the normalised distance
    is d/r' inside and 1 outside.
    """

    reflectance: np.ndarray
    inside: np.ndarray
    stain_id: np.ndarray
    normalised_distance: np.ndarray


def evaluate_water_stain(points: np.ndarray, params: WaterStainParams) -> WaterStainField:
    """Evaluate the texture at `points` (N, 3), metres in object space, in their own precision.

    float32 points are computed like Cycles computes, float64 points give the truth to compare with.
    """
    points = np.asarray(points)
    if points.ndim != 2 or points.shape[1] != 3 or points.dtype not in (np.float32, np.float64):
        raise ValueError(f"points must be float32 or float64 (N, 3), not {points.dtype} {points.shape}")
    field = WaterStainField(
        np.zeros(len(points), points.dtype),
        np.zeros(len(points), bool),
        np.zeros(len(points), np.int32),
        np.ones(len(points), points.dtype),
    )
    for start in range(0, len(points), CHUNK):
        _evaluate(points[start : start + CHUNK], params, field, start)
    return field


def stain_ids(cells: np.ndarray) -> np.ndarray:
    """Number the stains of integer cells (N, 3): 1 + x + 256 y + 65536 z, indices wrapped to `ID_PERIOD`; int32."""
    x, y, z = np.mod(np.asarray(cells, np.int64), ID_PERIOD).T
    return (1 + x + ID_PERIOD[0] * (y + ID_PERIOD[1] * z)).astype(np.int32)


def stain_centres(cells: np.ndarray, params: WaterStainParams) -> np.ndarray:
    """The centres of the stains in integer cells (N, 3); float64 (N, 3), metres."""
    keys = np.asarray(cells, np.float64) + CELL_KEY + params.seed_offset
    return (cells + white_noise(keys) * np.array([1.0, 1.0, params.depth_jitter])) * params.cell_size


def noise_offset(seed_offset: float, dtype: type) -> np.ndarray:
    """How far a seed shifts the noise that perturbs outlines, in lattice units; seed 0 not at all."""
    steps = np.array(NOISE_STEPS, dtype) * dtype(seed_offset) * dtype(1 / 4096)
    return (steps - np.floor(steps)) * dtype(NOISE_SPAN)


def _evaluate(points: np.ndarray, params: WaterStainParams, field: WaterStainField, start: int) -> None:
    """Fill `field` from index `start` on. Every scalar is rounded to the points' precision, as in a renderer."""
    real = points.dtype.type
    seed = real(params.seed_offset)
    inverse = real(1) / real(params.cell_size)
    grid = points * inverse
    radius = real(params.radius)
    if params.explicit_centre:
        spread = real(0)
        centre = np.array([params.centre_x, params.centre_y, params.centre_z], real)
        apart = _apart(grid - centre * inverse, params)[None]
    else:
        spread = radius * real(params.radius_variation)
        short = params.reach <= params.cell_size / 2
        cells = NEIGHBOURS[: SHORT_SEARCH if short else None]
        base = np.floor(grid - real(0.5 if short else 1.0))
        apart = _distances(grid - base, base + (real(CELL_KEY) + seed), cells, params)

    largest = (radius + spread + real(params.amplitude)) * inverse * real(1.0001)
    near = np.flatnonzero(apart.min(axis=0) <= largest)
    if not len(near):
        return
    apart, points = apart[:, near], points[near]
    shift = noise_offset(params.seed_offset, real)
    perturbation = signed_perlin(points * real(params.frequency) + shift) * real(params.amplitude)
    keys = None if params.explicit_centre else base[near] + (real(CELL_KEY) + seed)

    best, chosen = np.full(len(near), np.inf, real), np.zeros(len(near), np.intp)
    for number, distance in enumerate(apart):
        own_radius, absent = radius, None
        if not params.explicit_centre and (spread > 0 or params.presence < 1):
            drawn = white_noise(keys + np.array(cells[number], real) + real(STAIN_KEY))
            own_radius = radius + spread * (2 * drawn[:, 0].astype(real) - 1)
            absent = drawn[:, 1] > real(params.presence)
        ratio = distance / (np.maximum(own_radius + perturbation, real(SMALLEST_RADIUS)) * inverse)
        better = ratio < best if absent is None else (ratio < best) & ~absent
        best[better], chosen[better] = ratio[better], number

    inside = best <= 1
    covered = near[inside]
    where = start + covered
    ratio = best[inside]
    decay, intensity = real(params.decay), real(params.intensity)
    if params.explicit_centre:
        field.stain_id[where] = 1
    else:
        keys = keys[inside] + np.array(cells, real)[chosen[inside]]
        field.stain_id[where] = stain_ids(np.rint(keys - (real(CELL_KEY) + seed)))
        if params.decay_variation > 0 or params.intensity_variation > 0:
            drawn = white_noise(keys + real(PROFILE_KEY)).astype(real)
            decay = decay + decay * real(params.decay_variation) * (2 * drawn[:, 0] - 1)
            intensity = intensity + intensity * real(params.intensity_variation) * (2 * drawn[:, 1] - 1)
    field.inside[where] = True
    field.normalised_distance[where] = ratio
    field.reflectance[where] = intensity * ratio**decay + _heterogeneity(points[inside], ratio, shift, params)


def _distances(local: np.ndarray, keys: np.ndarray, cells: tuple, params: WaterStainParams) -> np.ndarray:
    """Distances of points to the centres in `cells`, counted from their base cell: (cells, N), in cell units."""
    real = local.dtype.type
    depth = np.array([1, 1, params.depth_jitter], real)
    return np.stack(
        [
            _apart(
                (local - np.array(cell, real)) - white_noise(keys + np.array(cell, real)).astype(real) * depth, params
            )
            for cell in cells
        ]
    )


def _apart(offsets: np.ndarray, params: WaterStainParams) -> np.ndarray:
    """Length of the offsets (N, 3) from a centre, compressed downstream by 1 + run-off."""
    real = offsets.dtype.type
    if params.run_off:
        azimuth, elevation = real(params.run_off_azimuth), real(params.run_off_elevation)
        level = np.cos(elevation)
        downstream = np.array([np.cos(azimuth) * level, np.sin(azimuth) * level, np.sin(elevation)], real)
        run_off = real(params.run_off)
        along = np.maximum(offsets @ downstream, 0) * (run_off / (run_off + 1))
        offsets = offsets - along[:, None] * downstream
    x, y, z = offsets.T
    return np.sqrt(x * x + y * y + z * z)


def _heterogeneity(points: np.ndarray, ratio: np.ndarray, shift: np.ndarray, params: WaterStainParams) -> np.ndarray:
    """What dried rim, inner ring and mineral speckle add to the reflectance; exactly 0 where their intensity is."""
    real = points.dtype.type
    change = np.zeros_like(ratio)
    rim_width = real(params.rim_width)
    if params.rim_intensity:
        change += real(params.rim_intensity) * _band(ratio, 1 - rim_width * real(0.5), rim_width)
    if params.ring_intensity:
        change += real(params.ring_intensity) * _band(ratio, real(params.ring_position), real(params.ring_width))
    if params.speckle_intensity:
        noise = signed_perlin(points * real(params.speckle_frequency) + shift)
        speck = np.clip((noise - real(SPECKLE_ONSET)) * real(SPECKLE_SLOPE), 0, 1)
        change += real(params.speckle_intensity) * (speck * speck)
    return change


def _band(ratio: np.ndarray, centre: float, width: float) -> np.ndarray:
    """1 in the middle of a ring of normalised distances, smoothly 0 at its borders."""
    x = np.maximum(1 - np.abs(ratio - centre) / (width * ratio.dtype.type(0.5)), 0)
    return x * x * (3 - 2 * x)
