"""Blender's White Noise and Perlin noise in NumPy, with the exact hashes of Cycles and Open Shading Language.

Points and keys are columns, (3, N), which is several times faster than (N, 3).
"""

from itertools import product

import numpy as np

NOISE_STEPS = (1597, 987, 1303)  # shift of the noise per seed, in 1/4096 of NOISE_SPAN; exact in float32
NOISE_SPAN = 16.0
_LOOKUP3 = 0xDEADBEEF
_SIGNED_PERLIN_SCALE = 0.9820  # factor of Blender and OSL on three-dimensional Perlin noise


def _rotate(x: np.ndarray, k: int) -> np.ndarray:
    rotated = x << np.uint32(k)
    rotated |= x >> np.uint32(32 - k)
    return rotated


def _final(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> np.ndarray:
    c = (c ^ b) - _rotate(b, 14)
    a = (a ^ c) - _rotate(c, 11)
    b = (b ^ a) - _rotate(a, 25)
    c = (c ^ b) - _rotate(b, 16)
    a = (a ^ c) - _rotate(c, 4)
    b = (b ^ a) - _rotate(a, 14)
    return (c ^ b) - _rotate(b, 24)


def _mix(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    a = (a - c) ^ _rotate(c, 4)
    c = c + b
    b = (b - a) ^ _rotate(a, 6)
    a = a + c
    c = (c - b) ^ _rotate(b, 8)
    b = b + a
    a = (a - c) ^ _rotate(c, 16)
    c = c + b
    b = (b - a) ^ _rotate(a, 19)
    a = a + c
    c = (c - b) ^ _rotate(b, 4)
    b = b + a
    return a, b, c


def hash3(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return Jenkins' lookup3 hash of three uint32 arrays of one shape; uint32."""
    start = np.uint32((_LOOKUP3 + (3 << 2) + 13) & 0xFFFFFFFF)
    return _final(x + start, y + start, z + start)


def hash4(x: np.ndarray, y: np.ndarray, z: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Return Jenkins' lookup3 hash of four uint32 arrays that broadcast; uint32."""
    start = np.uint32((_LOOKUP3 + (4 << 2) + 13) & 0xFFFFFFFF)
    a, b, c = _mix(x + start, y + start, z + start)
    return _final(a + w, b, c)


def white_noise(keys: np.ndarray, w: float | np.ndarray) -> np.ndarray:
    """Return the 4-D colour of the White Noise node: three numbers in [0, 1] per key, float32 (3, N).

    `keys` are (3, N), `w` is a number or (N,). Both are hashed by their float32 bit patterns, so -0.0 and 0.0 differ.
    In OSL:
    noise("hash", point(x, y, z), w), noise("hash", point(z, x, w), y), noise("hash", point(w, z, y), x).
    """
    x, y, z = np.ascontiguousarray(keys, np.float32).view(np.uint32)
    bits = np.atleast_1d(np.asarray(w, np.float32)).view(np.uint32)
    words = (hash4(x, y, z, bits), hash4(z, x, bits, y), hash4(bits, z, y, x))
    return np.stack([word.astype(np.float32) * np.float32(2.0**-32) for word in words])


def signed_perlin(points: np.ndarray) -> np.ndarray:
    """Return Blender's signed 3-D Perlin noise, which is OSL's snoise and the Noise node at detail 0, not normalised.

    `points` are (3, N) in lattice units, float32 or float64, and far below 1e5, where Blender repeats the noise.
    Returns (N,) of their dtype, about -0.95..0.95.
    """
    lower = np.floor(points)
    cell = lower.astype(np.int64).astype(np.uint32)
    fx, fy, fz = points - lower
    u, v, w = (t * t * t * (t * (t * 6 - 15) + 10) for t in (fx, fy, fz))
    corner = {}
    for i, j, k in product((0, 1), repeat=3):
        word = hash3(*(cell + np.array([[i], [j], [k]], np.uint32)))
        corner[i, j, k] = _gradient(word, fx - i, fy - j, fz - k)
    along_x = {(j, k): _lerp(corner[0, j, k], corner[1, j, k], u) for j in (0, 1) for k in (0, 1)}
    along_y = {k: _lerp(along_x[0, k], along_x[1, k], v) for k in (0, 1)}
    return _lerp(along_y[0], along_y[1], w) * points.dtype.type(_SIGNED_PERLIN_SCALE)


def shifted_noise(
    points: np.ndarray, frequency: float, seed_offset: float, octaves: int = 1, gain: float = 0.5
) -> np.ndarray:
    """Return the sum of `octaves` of Perlin noise of `points` (3, N); seed 0 shifts nothing.

    The first octave has `frequency`, in 1/m. Each further one has twice the frequency of the one before and `gain`
    times its strength. One octave is about -0.95..0.95.
    """
    real = points.dtype.type
    steps = np.array(NOISE_STEPS, real)[:, None] * real(seed_offset) * real(1 / 4096)
    shift = (steps - np.floor(steps)) * real(NOISE_SPAN)
    if frequency > 0:
        points = points + shift / real(frequency)
    lattice = points * real(frequency)
    total, strength = signed_perlin(lattice), real(1)
    for octave in range(1, octaves):
        strength = strength * real(gain)
        total = total + signed_perlin(lattice * real(2**octave)) * strength
    return total


def _lerp(a: np.ndarray, b: np.ndarray, t: np.ndarray) -> np.ndarray:
    return (1 - t) * a + t * b


def _gradient(word: np.ndarray, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Return the dot product with one of Perlin's twelve gradients, selected by the low four bits of `word`."""
    h = (word & np.uint32(15)).astype(np.uint8)
    first = np.where(h < 8, x, y)
    second = np.where(h < 4, y, np.where((h & 13) == 12, x, z))
    return np.where(h & 1, -first, first) + np.where(h & 2, -second, second)
