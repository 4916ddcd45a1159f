"""The specification of the water stain (paper, algorithm 1) in NumPy; nodes and OSL compute the same formulas.

In cell units g = p / G. The centre of cell i is i + H(i, seed + 1/2), where H is 4-D White Noise and the depth jitter t
scales its z. The search covers the cells floor(g - s) + n for n in `NEIGHBOURS`. As s is never 0 and n is never
negative, no index is -0.0, which would hash differently from 0.0. The reach R is the greatest distance of a stain's
edge from its centre, divided by G:

- `SLAB`, if t + 2 R <= 1: a point can only be near centres of one layer; 4 cells, s = (1/2, 1/2, -R);
- `BALL`, if R <= 1/2: 8 cells, s = 1/2 on all axes;
- `FULL`, otherwise: the point's own cell and its 26 neighbours, s = 1.

Every search contains all centres within R, so all give the same stains as the 27-cell search. Distances downstream of
a centre are divided by 1 + run-off.

If stains with different radii overlap, the one with the least d/r' covers the point; on ties, the first in the order
of the cells. With equal radii this is the nearest centre of algorithm 1.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import numpy as np

from .noise import signed_perlin, white_noise
from .params import WaterStainParams

SLAB, BALL, FULL = 4, 8, 27
# Cells of the shorter searches come first. The order decides ties.
NEIGHBOURS = tuple(sorted(product((0, 1, 2), repeat=3), key=lambda cell: (max(cell) > 1, cell[2] > 0, cell)))
# Offsets added to the seed for the centre, for radius and presence, and for decay and intensity. They are fractions,
# because White Noise hashes permutations of cell and seed, which must not coincide with those of another cell.
CENTRE_DRAW, STAIN_DRAW, PROFILE_DRAW = 0.5, 0.25, 0.75
SMALLEST_RADIUS = 1e-7  # cells; keeps d/r' finite if the noise reduces the radius to nothing
ID_PERIOD = (256, 256, 128)  # cells along x, y, z after which stain ids repeat; 1 + their product < 2^24
NOISE_STEPS = (1597, 987, 1303)  # shift of the noise per seed, in 1/4096 of NOISE_SPAN; exact in float32
NOISE_SPAN = 16.0
SPECKLE_ONSET, SPECKLE_SLOPE = 0.1, 4.0
CHUNK = 16384  # points per evaluation; they fit into the processor's cache


@dataclass(frozen=True)
class WaterStainField:
    """The texture at N points; arrays of shape (N,).

    `reflectance` is the additive change, 0 outside. `inside` is bool. `stain_id` is int32, from 1, and 0 outside.
    `normalised_distance` is d/r' inside and 1 outside.
    """

    reflectance: np.ndarray
    inside: np.ndarray
    stain_id: np.ndarray
    normalised_distance: np.ndarray


def evaluate_water_stain(points: np.ndarray, params: WaterStainParams, threads: int = 1) -> WaterStainField:
    """Evaluate the texture at `points` (N, 3), metres in object space, in their own precision.

    float32 points are evaluated with the precision of Cycles; float64 points give the reference to compare with.
    Raises ValueError for other shapes or types.
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
    with ThreadPoolExecutor(threads) as pool:  # NumPy releases Python's lock during computation
        chunks = [
            pool.submit(_evaluate, np.ascontiguousarray(points[start : start + CHUNK].T), params, field, start)
            for start in range(0, len(points), CHUNK)
        ]
        for chunk in chunks:
            chunk.result()
    return field


def stain_ids(cells: np.ndarray) -> np.ndarray:
    """Return stain ids of integer cells (N, 3): 1 + x + 256 y + 65536 z, indices wrapped to `ID_PERIOD`; int32."""
    x, y, z = np.mod(np.asarray(cells, np.int64), ID_PERIOD).T
    return (1 + x + ID_PERIOD[0] * (y + ID_PERIOD[1] * z)).astype(np.int32)


def stain_centres(cells: np.ndarray, params: WaterStainParams) -> np.ndarray:
    """Return the centres of the stains in integer cells (N, 3); float64 (N, 3), metres."""
    return _centres(np.asarray(cells, np.float64).T, params).T * params.cell_size


def shifted_noise(points: np.ndarray, frequency: float, seed_offset: float) -> np.ndarray:
    """Return Perlin noise of `points` (3, N) at `frequency`, shifted by the seed; seed 0 shifts nothing."""
    real = points.dtype.type
    steps = np.array(NOISE_STEPS, real)[:, None] * real(seed_offset) * real(1 / 4096)
    shift = (steps - np.floor(steps)) * real(NOISE_SPAN)
    if frequency > 0:
        points = points + shift / real(frequency)
    return signed_perlin(points * real(frequency))


def searched_cells(params: WaterStainParams) -> int:
    """Return the number of cells to search: SLAB, BALL or FULL."""
    reach = params.reach / params.cell_size
    if params.depth_jitter + 2 * reach <= 1:
        return SLAB
    return BALL if reach <= 0.5 else FULL


def _evaluate(points: np.ndarray, params: WaterStainParams, field: WaterStainField, start: int) -> None:
    """Fill `field` from index `start` for points (3, N); scalars are rounded to the points' precision, as in Cycles."""
    real = points.dtype.type
    inverse = real(1) / real(params.cell_size)
    radius, spread = real(params.radius), real(0)
    if params.explicit_centre:
        centre = np.array([[params.centre_x], [params.centre_y], [params.centre_z]], real)
        apart = _apart(points * inverse - centre * inverse, params)[None]
    else:
        spread = radius * real(params.radius_variation)
        keys, apart = _search(points * inverse, params)

    largest = (radius + spread + real(params.amplitude)) * inverse * real(1.0001)
    near = np.flatnonzero(apart.min(axis=0) <= largest)
    if not len(near):
        return
    apart, points = apart[:, near], points[:, near]
    noise = shifted_noise(points, params.frequency, params.seed_offset)
    perturbation = noise * (real(params.amplitude) * inverse)
    smallest = real(SMALLEST_RADIUS)
    outline = np.maximum(perturbation + radius * inverse, smallest)
    chosen = np.zeros(len(near), np.intp)
    if params.explicit_centre:
        ratio = apart[0] / outline
    else:
        keys = keys[:, near]
        if spread > 0 or params.presence < 1:
            for number, cell in enumerate(NEIGHBOURS[: len(apart)]):
                drawn = white_noise(keys + np.array(cell, real)[:, None], params.seed_offset + STAIN_DRAW).astype(real)
                if spread > 0:
                    own_radius = radius * inverse + spread * inverse * (2 * drawn[0] - 1)
                    apart[number] /= np.maximum(perturbation + own_radius, smallest)
                apart[number][drawn[1] > real(params.presence)] = np.inf
        chosen = apart.argmin(axis=0)
        ratio = np.take_along_axis(apart, chosen[None], axis=0)[0]
        if spread == 0:
            ratio = ratio / outline

    inside = ratio <= 1
    where, ratio = start + near[inside], ratio[inside]
    decay, intensity = real(params.decay), real(params.intensity)
    if params.explicit_centre:
        field.stain_id[where] = 1
    else:
        keys = keys[:, inside] + np.array(NEIGHBOURS, real).T[:, chosen[inside]]
        field.stain_id[where] = stain_ids(keys.T)
        if params.decay_variation > 0 or params.intensity_variation > 0:
            drawn = white_noise(keys, params.seed_offset + PROFILE_DRAW).astype(real)
            decay = decay + decay * real(params.decay_variation) * (2 * drawn[0] - 1)
            intensity = intensity + intensity * real(params.intensity_variation) * (2 * drawn[1] - 1)
    field.inside[where] = True
    field.normalised_distance[where] = ratio
    field.reflectance[where] = intensity * ratio**decay + _heterogeneity(points[:, inside], ratio, params)


def _search(grid: np.ndarray, params: WaterStainParams) -> tuple[np.ndarray, np.ndarray]:
    """Return the first cell's index (3, N) and the distances to the centres of all cells (cells, N), in cells."""
    real = grid.dtype.type
    number = searched_cells(params)
    low = {SLAB: -real(params.reach) * (real(1) / real(params.cell_size)), BALL: 0.5, FULL: 1.0}[number]
    shift = np.array([1.0 if number == FULL else 0.5] * 2 + [low], real)
    keys = np.floor(grid - shift[:, None])
    lowest = keys.min(axis=1, keepdims=True)
    extent = (keys.max(axis=1, keepdims=True) - lowest).astype(np.int64).ravel() + 3
    tabled = extent.prod() * 2 <= grid.shape[1]  # few cells for many points: compute each cell's centre once
    if tabled:
        box = np.indices(tuple(extent)).reshape(3, -1).astype(grid.dtype) + lowest
        table = _centres(box, params)
        strides = np.array([extent[1] * extent[2], extent[2], 1])
        position = strides @ (keys - lowest).astype(np.int64)

    distances = np.empty((number, grid.shape[1]), grid.dtype)
    for row, cell in zip(distances, np.array(NEIGHBOURS[:number]), strict=True):
        if tabled:
            centre = table.take(position + strides @ cell, axis=1)
        else:
            centre = _centres(keys + cell.astype(grid.dtype)[:, None], params)
        row[:] = _apart(grid - centre, params)
    return keys, distances


def _centres(cells: np.ndarray, params: WaterStainParams) -> np.ndarray:
    """Return the centres of cells (3, N) in cell units, in the cells' precision."""
    jitter = np.array([[1.0], [1.0], [params.depth_jitter]], cells.dtype)
    return white_noise(cells, params.seed_offset + CENTRE_DRAW).astype(cells.dtype) * jitter + cells


def _apart(offsets: np.ndarray, params: WaterStainParams) -> np.ndarray:
    """Return the lengths of offsets (3, N) from a centre, compressed downstream by 1 + run-off."""
    real = offsets.dtype.type
    if params.run_off:
        azimuth, elevation = real(params.run_off_azimuth), real(params.run_off_elevation)
        level = np.cos(elevation)
        downstream = np.array([np.cos(azimuth) * level, np.sin(azimuth) * level, np.sin(elevation)], real)
        run_off = real(params.run_off)
        along = np.maximum(downstream @ offsets, 0) * (run_off / (run_off + 1))
        offsets = offsets - downstream[:, None] * along
    x, y, z = offsets
    return np.sqrt(x * x + y * y + z * z)


def _heterogeneity(points: np.ndarray, ratio: np.ndarray, params: WaterStainParams) -> np.ndarray:
    """Return the reflectance added by dried rim, inner ring and mineral speckle; exactly 0 for intensities of 0."""
    real = points.dtype.type
    change = np.zeros_like(ratio)
    rim_width = real(params.rim_width)
    if params.rim_intensity:
        change += real(params.rim_intensity) * _band(ratio, 1 - rim_width * real(0.5), rim_width)
    if params.ring_intensity:
        change += real(params.ring_intensity) * _band(ratio, real(params.ring_position), real(params.ring_width))
    if params.speckle_intensity:
        noise = shifted_noise(points, params.speckle_frequency, params.seed_offset)
        speck = np.clip((noise - real(SPECKLE_ONSET)) * real(SPECKLE_SLOPE), 0, 1)
        change += real(params.speckle_intensity) * (speck * speck)
    return change


def _band(ratio: np.ndarray, centre: float, width: float) -> np.ndarray:
    """Return 1 in the middle of a ring of normalised distances, falling smoothly to 0 at its borders."""
    x = np.maximum(1 - np.abs(ratio - centre) / (width * ratio.dtype.type(0.5)), 0)
    return x * x * (3 - 2 * x)
