"""The NumPy specification against a literal, scalar algorithm 1; nothing here needs Blender."""

import math
import struct

import numpy as np
import pytest

from blender_addon.water_stain import reference as water_stain_reference
from blender_addon.water_stain.noise import signed_perlin, white_noise
from blender_addon.water_stain.params import WaterStainParams, draw_water_stain_params
from blender_addon.water_stain.reference import evaluate_water_stain, searched_cells, stain_centres, stain_ids

WORD = 0xFFFFFFFF
CELLS = np.array([(0, 0, 0), (-1, 0, 0), (2, -3, -1), (-3, 2, 0), (255, 0, 0), (-257, 5, 1), (0, 0, 127)])
GOLDEN_IDS = [1, 256, 8387843, 766, 256, 67072, 8323073]
# Millimetres, in cells of 20 mm. Every Blender version must reproduce these, so must every later version of this file.
GOLDEN_CENTRES = {
    0: [
        (14.77224, 13.32631, 12.65385),
        (-18.83167, 9.465179, 1.800395),
        (52.62537, -40.86809, -15.11443),
        (-48.98706, 44.08342, 7.605653),
        (5109.987, 16.82865, 18.90639),
        (-5135.111, 115.3721, 38.41468),
        (3.997827, 1.311715, 2544.835),
    ],
    -10000: [
        (13.96689, 10.99576, 11.10235),
        (-4.532061, 15.61019, 19.68494),
        (53.62556, -50.07514, -19.88449),
        (-45.05757, 45.14503, 18.94341),
        (5103.617, 17.13958, 13.58958),
        (-5132.688, 117.6018, 20.06632),
        (6.844849, 9.404588, 2545.478),
    ],
}


def lookup3(words):
    """Jenkins' lookup3 (hashword) of three or four words, from its published description."""

    def rot(x, k):
        return ((x << k) | (x >> (32 - k))) & WORD

    a = b = c = (0xDEADBEEF + 4 * len(words) + 13) & WORD
    a, b, c = (a + words[0]) & WORD, (b + words[1]) & WORD, (c + words[2]) & WORD
    if len(words) == 4:
        for k1, k2, k3 in ((4, 6, 8), (16, 19, 4)):
            a = ((a - c) & WORD) ^ rot(c, k1)
            c = (c + b) & WORD
            b = ((b - a) & WORD) ^ rot(a, k2)
            a = (a + c) & WORD
            c = ((c - b) & WORD) ^ rot(b, k3)
            b = (b + a) & WORD
        a = (a + words[3]) & WORD
    for target, source, k in (
        ("c", "b", 14), ("a", "c", 11), ("b", "a", 25), ("c", "b", 16), ("a", "c", 4), ("b", "a", 14), ("c", "b", 24),
    ):  # fmt: skip
        now = {"a": a, "b": b, "c": c}
        now[target] = ((now[target] ^ now[source]) - rot(now[source], k)) & WORD
        a, b, c = now["a"], now["b"], now["c"]
    return c


def white_noise_of(cell, w):
    """The White Noise node's 4-D colour, one cell, from lookup3."""
    x, y, z, w = (struct.unpack("<I", struct.pack("<f", float(number)))[0] for number in (*cell, w))
    return [lookup3(words) / 2**32 for words in ((x, y, z, w), (z, x, w, y), (w, z, y, x))]


def literal_centre(cell, params):
    jitter = white_noise_of(cell, params.seed_offset + 0.5)
    jitter[2] *= params.depth_jitter
    return [(i + j) * params.cell_size for i, j in zip(cell, jitter, strict=True)]


def literal_algorithm_1(p, params):
    """One point, one Python loop over its own cell and the 26 neighbours; returns reflectance, inside, d/r'."""
    own = [math.floor(x / params.cell_size) for x in p]
    shift = np.array([step * params.seed_offset / 4096 % 1 * 16 for step in (1597, 987, 1303)])
    noise = float(signed_perlin((np.array(p) * params.frequency + shift)[:, None])[0])
    radius = params.radius + noise * params.amplitude
    if params.explicit_centre:
        d = math.dist(p, (params.centre_x, params.centre_y, params.centre_z))
    else:
        steps = (-1, 0, 1)
        d = min(
            math.dist(p, literal_centre((own[0] + i, own[1] + j, own[2] + k), params))
            for i in steps
            for j in steps
            for k in steps
        )
    if d <= radius:
        return (d / radius) ** params.decay * params.intensity, True, d / radius
    return 0.0, False, 1.0


def points_near_plane(count, seed, thickness=0.0):
    points = np.random.default_rng(seed).uniform(-0.06, 0.06, (count, 3))
    points[:, 2] *= thickness / 0.06
    return points


@pytest.mark.parametrize(
    "params",
    [
        WaterStainParams(depth_jitter=1.0),
        WaterStainParams(depth_jitter=0.2, seed_offset=-1234),
        WaterStainParams(radius=0.011, amplitude=0.004, decay=0.5, intensity=0.2),  # needs all 27 cells
        WaterStainParams(depth_jitter=0.0),
        WaterStainParams(cell_size=0.012, radius=0.004, amplitude=0.0, decay=1.0, depth_jitter=1.0),
        WaterStainParams(explicit_centre=1, centre_x=0.02, centre_y=-0.01, centre_z=0.003, radius=0.03),
    ],
    ids=["8 cells", "4 cells", "27 cells", "centres on the plane", "dense", "explicit centre"],
)
@pytest.mark.parametrize("thickness", [0.0, 0.06], ids=["plane", "solid"])
def test_equals_the_literal_algorithm(params, thickness):
    points = points_near_plane(1200, seed=1, thickness=thickness)
    field = evaluate_water_stain(points, params)
    truth = [literal_algorithm_1(tuple(p), params) for p in points.tolist()]
    reflectance, inside, distance = (np.array(column) for column in zip(*truth, strict=True))
    assert 0.02 < inside.mean() < 0.9
    np.testing.assert_array_equal(field.inside, inside)
    np.testing.assert_allclose(field.reflectance, reflectance, atol=2e-7)
    np.testing.assert_allclose(field.normalised_distance, distance, atol=2e-7)


@pytest.mark.parametrize("depth_jitter", [0.1, 1.0])
def test_neutral_variation_and_heterogeneity_change_no_bit_of_algorithm_1(depth_jitter):
    """Algorithm 1 as the paper has it, 27 cells, in single precision; the fields that are not its own are set oddly."""
    params = WaterStainParams(
        depth_jitter=depth_jitter, rim_width=0.5, ring_position=0.2, ring_width=0.4, speckle_frequency=9e3,
        run_off_azimuth=1.0, run_off_elevation=-0.5, centre_x=0.01, octave_gain=0.8, rim_width_variation=0.9,
        rim_intensity_variation=0.9, contours=6, contour_variation=1.0, crust_intensity=0.5, follow_gravity=1,
    )  # fmt: skip
    points = points_near_plane(20000, seed=9, thickness=0.06).astype(np.float32)
    f32 = np.float32
    inverse = f32(1) / f32(params.cell_size)
    p = points.T * inverse
    distances = []
    for step in ((i, j, k) for i in (-1, 0, 1) for j in (-1, 0, 1) for k in (-1, 0, 1)):
        cell = np.floor(p) + np.array(step, f32)[:, None] + f32(0)
        centre = cell + white_noise(cell, 0.5) * np.array([1, 1, depth_jitter], f32)[:, None]
        x, y, z = p - centre
        distances.append(np.sqrt(x * x + y * y + z * z))
    d = np.min(distances, axis=0)
    noise = signed_perlin(points.T * f32(params.frequency))
    perturbed = noise * (f32(params.amplitude) * inverse) + f32(params.radius) * inverse
    inside = d <= perturbed
    change = np.where(inside, (d / perturbed) ** f32(params.decay) * f32(params.intensity), f32(0))

    field = evaluate_water_stain(points, params)
    assert inside.sum() > 1000
    np.testing.assert_array_equal(field.inside, inside)
    np.testing.assert_array_equal(field.reflectance.view(np.uint32), (change + f32(0)).view(np.uint32))


def test_golden_centres_and_ids():
    np.testing.assert_array_equal(stain_ids(CELLS), GOLDEN_IDS)
    for seed, millimetres in GOLDEN_CENTRES.items():
        params = WaterStainParams(seed_offset=seed, depth_jitter=1.0)
        np.testing.assert_allclose(stain_centres(CELLS, params) * 1e3, millimetres, rtol=1e-6)
        literal = [literal_centre(cell, params) for cell in CELLS.tolist()]
        np.testing.assert_allclose(stain_centres(CELLS, params), literal, atol=5e-9)


@pytest.mark.parametrize(("number", "kwargs"), [(4, {"depth_jitter": 0.15}), (8, {"depth_jitter": 1.0})])
def test_shorter_searches_are_the_long_one(number, kwargs, monkeypatch):
    params = WaterStainParams(radius=0.0085 if number == 8 else 0.007, amplitude=0.0015, **kwargs)
    assert searched_cells(params) == number
    points = points_near_plane(60000, seed=2, thickness=0.06)
    short = evaluate_water_stain(points, params)
    monkeypatch.setattr(water_stain_reference, "searched_cells", lambda _: 27)
    long = evaluate_water_stain(points, params)
    assert short.inside.sum() > 1000
    np.testing.assert_array_equal(short.inside, long.inside)
    np.testing.assert_array_equal(short.stain_id, long.stain_id)
    np.testing.assert_array_equal(short.reflectance, long.reflectance)


def test_ids_are_one_per_stain_and_zero_outside():
    points = points_near_plane(200000, seed=3)
    field = evaluate_water_stain(points, WaterStainParams(depth_jitter=0.0))
    assert np.all((field.stain_id > 0) == field.inside)
    extents = [np.ptp(points[field.stain_id == i], axis=0).max() for i in np.unique(field.stain_id)[1:]]
    assert len(extents) >= 30
    assert max(extents) < 2 * 0.0075
    cells = np.stack(np.meshgrid(*[np.arange(-12, 13)] * 3), axis=-1).reshape(-1, 3)
    assert len(np.unique(stain_ids(cells))) == len(cells)
    assert stain_ids(cells).max() < 2**24


def test_variation_draws_each_stain_from_its_range():
    points = points_near_plane(300000, seed=4)
    plain = WaterStainParams(depth_jitter=0.0, amplitude=0.0, radius=0.004)
    kwargs = {"depth_jitter": 0.0, "amplitude": 0.0, "radius": 0.004}
    radii = evaluate_water_stain(points, WaterStainParams(radius_variation=0.5, **kwargs))
    per_point = 0.12 * 0.12 / len(points)
    areas = np.bincount(radii.stain_id)[1:] * per_point
    drawn = np.sqrt(areas[areas > 0] / np.pi)
    assert drawn.max() < 0.00605
    assert 0.001 < drawn.std() < 0.0016  # uniform in 2..6 mm: 1.15 mm

    strengths = evaluate_water_stain(points, WaterStainParams(intensity_variation=0.4, decay=0.0, **kwargs))
    values = {int(i): np.unique(strengths.reflectance[strengths.stain_id == i]) for i in np.unique(strengths.stain_id)}
    del values[0]
    assert all(len(v) == 1 for v in values.values())
    spread = np.array([v[0] for v in values.values()]) / plain.intensity
    assert 0.6 <= spread.min() < 0.75
    assert 1.25 < spread.max() <= 1.4

    half = evaluate_water_stain(points, WaterStainParams(presence=0.5, **kwargs))
    everyone = evaluate_water_stain(points, plain)
    kept = np.setdiff1d(half.stain_id, 0)
    assert set(kept) < set(everyone.stain_id)
    assert 0.3 < len(kept) / (len(np.unique(everyone.stain_id)) - 1) < 0.7


def test_covering_stain_has_the_least_ratio_of_distance_to_radius():
    """Literal check of the rule with radii of their own: all 27 cells, all ratios, the least wins."""
    params = WaterStainParams(radius=0.009, radius_variation=0.6, amplitude=0.002, depth_jitter=0.3)
    points = points_near_plane(400, seed=5)
    field = evaluate_water_stain(points, params)
    noise = signed_perlin(points.T * params.frequency) * params.amplitude
    for point, bump, inside, number, distance in zip(
        points, noise, field.inside, field.stain_id, field.normalised_distance, strict=True
    ):
        own = np.floor(point / params.cell_size)
        best, winner = math.inf, None
        for i in range(27):
            cell = own + np.array([i // 9, i // 3 % 3, i % 3]) - 1
            draw = white_noise_of(cell.tolist(), params.seed_offset + 0.25)[0]
            radius = params.radius * (1 + params.radius_variation * (2 * draw - 1))
            ratio = math.dist(point, literal_centre(cell.astype(int).tolist(), params)) / (radius + bump)
            if ratio < best:
                best, winner = ratio, cell
        assert inside == (best <= 1)
        if inside:
            assert number == stain_ids(winner[None])[0]
            assert distance == pytest.approx(best, abs=1e-6)


def test_heterogeneity_adds_nothing_at_neutral_and_what_it_says_otherwise():
    points = points_near_plane(50000, seed=6).astype(np.float32)
    plain = evaluate_water_stain(points, WaterStainParams())
    neutral = WaterStainParams(
        rim_width=0.5, ring_position=0.2, ring_width=0.4, speckle_frequency=9e3, run_off_azimuth=1.0
    )
    np.testing.assert_array_equal(evaluate_water_stain(points, neutral).reflectance, plain.reflectance)

    rim = evaluate_water_stain(points, WaterStainParams(rim_intensity=-0.2, rim_width=0.2))
    added = (rim.reflectance - plain.reflectance)[plain.inside]
    distance = plain.normalised_distance[plain.inside]
    assert np.all(added[distance < 0.8] == 0)
    assert np.all(added[np.abs(distance - 0.9) < 0.005] < -0.19)
    np.testing.assert_array_equal(rim.inside, plain.inside)


def test_run_off_draws_stains_out_downstream():
    params = WaterStainParams(amplitude=0.0, radius=0.004, depth_jitter=0.0, run_off=1.0)
    points = points_near_plane(300000, seed=7)
    field = evaluate_water_stain(points, params)
    cells = np.array([(i, j, 0) for i in range(-2, 2) for j in range(-2, 2)])
    seen = 0
    for number, centre in zip(stain_ids(cells), stain_centres(cells, params), strict=True):
        others = np.delete(stain_centres(cells, params), np.flatnonzero(stain_ids(cells) == number), axis=0)
        if np.linalg.norm(others - centre, axis=1).min() < 0.014:
            continue  # overlapped
        seen += 1
        extent = points[field.stain_id == number] - centre
        assert extent[:, 1].min() == pytest.approx(-0.008, abs=5e-4)  # downstream is -y
        assert extent[:, 1].max() == pytest.approx(0.004, abs=5e-4)
        assert np.ptp(extent[:, 0]) == pytest.approx(0.008, abs=5e-4)
    assert seen >= 3


def test_float32_agrees_with_float64():
    points = points_near_plane(100000, seed=8)
    params = WaterStainParams(radius_variation=0.2, rim_intensity=-0.1, ring_intensity=0.05)
    single = evaluate_water_stain(points.astype(np.float32), params)
    double = evaluate_water_stain(points.astype(np.float32).astype(np.float64), params)
    assert single.reflectance.dtype == np.float32
    differing = single.inside != double.inside
    assert differing.sum() <= 2
    np.testing.assert_allclose(single.reflectance[~differing], double.reflectance[~differing], atol=1e-5)


def test_draws_are_repeatable_and_within_their_ranges():
    ranges = {"radius": [0.003, 0.006], "seed_offset": [-10000, 10000], "decay": 2.0}
    draws = [draw_water_stain_params(np.random.default_rng(i), ranges) for i in range(50)]
    assert draws == [draw_water_stain_params(np.random.default_rng(i), ranges) for i in range(50)]
    assert len({d.seed_offset for d in draws}) > 45
    assert all(0.003 <= d.radius <= 0.006 and d.decay == 2.0 and isinstance(d.seed_offset, int) for d in draws)


@pytest.mark.parametrize(
    ("kwargs", "words"),
    [
        ({"radius": 0.019}, "do not fit their"),
        ({"radius": 0.012, "run_off": 0.8}, "do not fit their"),
        ({"radius": -0.001}, "radius = -0.001 lies outside"),
        ({"presence": 1.5}, "presence = 1.5 lies outside"),
    ],
)
def test_impossible_stains_are_refused(kwargs, words):
    with pytest.raises(ValueError, match=words):
        WaterStainParams(**kwargs)


def test_points_of_another_shape_or_type_are_refused():
    with pytest.raises(ValueError, match="points must be"):
        evaluate_water_stain(np.zeros((4, 2)), WaterStainParams())
    with pytest.raises(ValueError, match="points must be"):
        evaluate_water_stain(np.zeros((4, 3), int), WaterStainParams())
    with pytest.raises(ValueError, match="gravity must be"):
        evaluate_water_stain(np.zeros((4, 3)), WaterStainParams(), gravity=np.zeros((2, 3)))


def test_centres_are_evenly_and_independently_distributed():
    cells = np.stack(np.meshgrid(*[np.arange(-8, 8)] * 3), axis=-1).reshape(-1, 3)
    params = WaterStainParams(depth_jitter=1.0)
    jitter = stain_centres(cells, params) / params.cell_size - cells
    np.testing.assert_allclose(jitter.mean(axis=0), 0.5, atol=0.02)
    np.testing.assert_allclose(jitter.var(axis=0), 1 / 12, atol=0.004)
    assert len(np.unique(jitter)) > jitter.size - 20  # 24 random bits: a few pairs coincide
    other = stain_centres(cells, WaterStainParams(depth_jitter=1.0, seed_offset=1)) / params.cell_size - cells
    upper = cells + np.array([0, 0, 1])
    above = stain_centres(upper, params) / params.cell_size - upper
    for columns in (jitter, other, above):
        correlation = (
            np.corrcoef(np.hstack([jitter, columns]).T)[:3, 3:] if columns is not jitter else np.corrcoef(jitter.T)
        )
        assert np.abs(correlation - (np.eye(3) if columns is jitter else 0)).max() < 0.06
