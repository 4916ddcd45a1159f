"""The specification of the water stain (paper, algorithm 1) in NumPy; nodes and OSL compute the same formulas.

In cell units g = p / G. The centre of cell i is i + H(i, seed + 1/2), where H is 4-D White Noise and the depth jitter t
scales its z. The search covers the cells floor(g - s) + n for n in `NEIGHBOURS`. As s is never 0 and n is never
negative, no index is -0.0, which would hash differently from 0.0. The reach R is the greatest distance of a stain's
edge from its centre, divided by G:

- `SLAB`, if t + 2 R <= 1: a point can only be near centres of one layer; 4 cells, s = (1/2, 1/2, -R);
- `BALL`, if R <= 1/2: 8 cells, s = 1/2 on all axes;
- `FULL`, otherwise: the point's own cell and its 26 neighbours, s = 1.

Every search contains all centres within R, so all give the same stains as the 27-cell search. Distances downstream of
a centre are divided by 1 + run-off. The downstream direction is given, or it is gravity projected onto the surface;
then the run-off is multiplied by the length of the projection, the sine of the slope.

The outline is r' = r + A N / (1 + g + g^2), where N is the sum of the octaves and g their gain; with one octave the
divisor is 1.

If stains with different radii overlap, the one with the least d/r' covers the point; on ties, the first in the order
of the cells. With equal radii this is the nearest centre of algorithm 1.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product

import numpy as np

from .deposits import deposits
from .noise import shifted_noise, white_noise
from .params import WaterStainParams

SLAB, BALL, FULL = 4, 8, 27
# Cells of the shorter searches come first. The order decides ties.
NEIGHBOURS = tuple(sorted(product((0, 1, 2), repeat=3), key=lambda cell: (max(cell) > 1, cell[2] > 0, cell)))
# Offsets added to the seed for the centre, for radius and presence, and for decay and intensity. They are fractions,
# because White Noise hashes permutations of cell and seed, which must not coincide with those of another cell.
CENTRE_DRAW, STAIN_DRAW, PROFILE_DRAW = 0.5, 0.25, 0.75
SMALLEST_RADIUS = 1e-7  # cells; keeps d/r' finite if the noise reduces the radius to nothing
ID_PERIOD = (256, 256, 128)  # cells along x, y, z after which stain ids repeat; 1 + their product < 2^24
CHUNK = 16384  # points per evaluation; they fit into the processor's cache


@dataclass(frozen=True)
class WaterStainField:
    """The texture at N points; arrays of shape (N,).

    `reflectance` is the additive change, 0 outside. `inside` is bool. `stain_id` is int32, from 1, and 0 outside.
    `normalised_distance` is d/r' inside and 1 outside. `crust` is 0..1, and 0 outside.
    """

    reflectance: np.ndarray
    inside: np.ndarray
    stain_id: np.ndarray
    normalised_distance: np.ndarray
    crust: np.ndarray


@dataclass(frozen=True)
class _Flow:
    """Unit vectors downstream, (3, 1) or (3, N), and run-off / (1 + run-off), which is 0 where nothing runs."""

    downstream: np.ndarray
    compression: np.ndarray


def evaluate_water_stain(
    points: np.ndarray, params: WaterStainParams, threads: int = 1, gravity: np.ndarray | None = None
) -> WaterStainField:
    """Evaluate the texture at `points` (N, 3), metres in object space, in their own precision.

    float32 points are evaluated with the precision of Cycles; float64 points give the reference to compare with.
    `gravity` (N, 3) is gravity, a unit vector, projected onto the surface at each point; None for a level surface. It
    counts if `params.follow_gravity` is 1. Raises ValueError for other shapes or types.
    """
    points = np.asarray(points)
    if points.ndim != 2 or points.shape[1] != 3 or points.dtype not in (np.float32, np.float64):
        raise ValueError(f"points must be float32 or float64 (N, 3), not {points.dtype} {points.shape}")
    field = WaterStainField(
        np.zeros(len(points), points.dtype),
        np.zeros(len(points), bool),
        np.zeros(len(points), np.int32),
        np.ones(len(points), points.dtype),
        np.zeros(len(points), points.dtype),
    )
    slope = np.zeros((1, 3)) if gravity is None else np.asarray(gravity)
    if slope.ndim != 2 or slope.shape[1] != 3 or len(slope) not in (1, len(points)):
        raise ValueError(f"gravity must be (N, 3) like the points, not {slope.shape}")
    slope = np.broadcast_to(slope.astype(points.dtype), points.shape)
    with ThreadPoolExecutor(threads) as pool:  # NumPy releases Python's lock during computation
        chunks = [
            pool.submit(_evaluate, *_columns(points, slope, start), params, field, start)
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


def _columns(points: np.ndarray, slope: np.ndarray, start: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a chunk of the points and of gravity as columns (3, N)."""
    points, slope = (np.ascontiguousarray(rows[start : start + CHUNK].T) for rows in (points, slope))
    return points, slope


def searched_cells(params: WaterStainParams) -> int:
    """Return the number of cells to search: SLAB, BALL or FULL."""
    reach = params.reach / params.cell_size
    if params.depth_jitter + 2 * reach <= 1:
        return SLAB
    return BALL if reach <= 0.5 else FULL


def _evaluate(
    points: np.ndarray, slope: np.ndarray, params: WaterStainParams, field: WaterStainField, start: int
) -> None:
    """Fill `field` from index `start` for points (3, N); scalars are rounded to the points' precision, as in Cycles."""
    real = points.dtype.type
    inverse = real(1) / real(params.cell_size)
    radius, spread = real(params.radius), real(0)
    flow = _flow(slope, params)
    if params.explicit_centre:
        centre = np.array([[params.centre_x], [params.centre_y], [params.centre_z]], real)
        apart = _apart(points * inverse - centre * inverse, flow)[None]
    else:
        spread = radius * real(params.radius_variation)
        keys, apart = _search(points * inverse, flow, params)

    largest = (radius + spread + real(params.amplitude)) * inverse * real(1.0001)
    near = np.flatnonzero(apart.min(axis=0) <= largest)
    if not len(near):
        return
    apart, points = apart[:, near], points[:, near]
    noise = shifted_noise(points, params.frequency, params.seed_offset, params.octaves, params.octave_gain)
    perturbation = noise * (real(params.amplitude) * inverse / _octaves_sum(params, real))
    smallest = real(SMALLEST_RADIUS)
    outline = np.maximum(perturbation + radius * inverse, smallest)
    chosen = np.zeros(len(near), np.intp)
    if params.explicit_centre:
        ratio = apart[0] / outline
    else:
        keys = keys[:, near]
        if spread > 0 or params.presence < 1:
            _compare_stains(apart, keys, perturbation, inverse, params)
        chosen = apart.argmin(axis=0)
        ratio = np.take_along_axis(apart, chosen[None], axis=0)[0]
        if spread == 0:
            ratio = ratio / outline

    inside = ratio <= 1
    where, ratio = start + near[inside], ratio[inside]
    decay, intensity = real(params.decay), real(params.intensity)
    keys_inside = None
    if params.explicit_centre:
        field.stain_id[where] = 1
    else:
        keys_inside = keys[:, inside] + np.array(NEIGHBOURS, real).T[:, chosen[inside]]
        field.stain_id[where] = stain_ids(keys_inside.T)
        if params.decay_variation > 0 or params.intensity_variation > 0:
            drawn = white_noise(keys_inside, params.seed_offset + PROFILE_DRAW).astype(real)
            decay = decay + decay * real(params.decay_variation) * (2 * drawn[0] - 1)
            intensity = intensity + intensity * real(params.intensity_variation) * (2 * drawn[1] - 1)
    field.inside[where] = True
    field.normalised_distance[where] = ratio
    left = deposits(points[:, inside], ratio, keys_inside, params)
    field.reflectance[where] = intensity * ratio**decay + left.reflectance
    field.crust[where] = left.crust


def _compare_stains(
    apart: np.ndarray, keys: np.ndarray, perturbation: np.ndarray, inverse: np.floating, params: WaterStainParams
) -> None:
    """Divide the distances `apart` (cells, N) by r' if radii differ; make those of absent stains infinite."""
    real = apart.dtype.type
    radius = real(params.radius)
    spread = radius * real(params.radius_variation)
    for number, cell in enumerate(NEIGHBOURS[: len(apart)]):
        drawn = white_noise(keys + np.array(cell, real)[:, None], params.seed_offset + STAIN_DRAW).astype(real)
        if spread > 0:
            own_radius = radius * inverse + spread * inverse * (2 * drawn[0] - 1)
            apart[number] /= np.maximum(perturbation + own_radius, real(SMALLEST_RADIUS))
        apart[number][drawn[1] > real(params.presence)] = np.inf


def _octaves_sum(params: WaterStainParams, real: type) -> np.floating:
    """Return the sum of the octaves' strengths, by which the noise is divided; exactly 1 for one octave."""
    gain = real(params.octave_gain)
    return real(1) + gain * real(params.octaves > 1) + gain * gain * real(params.octaves > 2)


def _search(grid: np.ndarray, flow: _Flow | None, params: WaterStainParams) -> tuple[np.ndarray, np.ndarray]:
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
        row[:] = _apart(grid - centre, flow)
    return keys, distances


def _centres(cells: np.ndarray, params: WaterStainParams) -> np.ndarray:
    """Return the centres of cells (3, N) in cell units, in the cells' precision."""
    jitter = np.array([[1.0], [1.0], [params.depth_jitter]], cells.dtype)
    return white_noise(cells, params.seed_offset + CENTRE_DRAW).astype(cells.dtype) * jitter + cells


def _flow(slope: np.ndarray, params: WaterStainParams) -> _Flow | None:
    """Return the run-off at points with projected gravity `slope` (3, N); None if there is none."""
    if not params.run_off:
        return None
    real, run_off = slope.dtype.type, np.array([params.run_off], slope.dtype)
    if params.follow_gravity:
        x, y, z = slope
        steepness = np.sqrt(x * x + y * y + z * z)
        run_off = run_off * steepness
        downstream = slope / np.where(steepness > 0, steepness, 1)
    else:
        azimuth, elevation = real(params.run_off_azimuth), real(params.run_off_elevation)
        level = np.cos(elevation)
        downstream = np.array([[np.cos(azimuth) * level], [np.sin(azimuth) * level], [np.sin(elevation)]], real)
    return _Flow(downstream, run_off / (run_off + 1))


def _apart(offsets: np.ndarray, flow: _Flow | None) -> np.ndarray:
    """Return the lengths of offsets (3, N) from a centre, compressed downstream."""
    if flow is not None:
        along = np.maximum((flow.downstream * offsets).sum(axis=0), 0) * flow.compression
        offsets = offsets - flow.downstream * along
    x, y, z = offsets
    return np.sqrt(x * x + y * y + z * z)
