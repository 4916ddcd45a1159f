"""Octaves, rims, drying stages, crust and gravity of the NumPy specification; nothing here needs Blender."""

import dataclasses

import numpy as np

from blender_addon.water_stain.noise import signed_perlin
from blender_addon.water_stain.params import WaterStainParams
from blender_addon.water_stain.reference import evaluate_water_stain
from tests.blender_addon.water_stain.test_reference import points_near_plane


def test_octaves_wrinkle_the_outline_within_its_amplitude():
    """The outline of a single stain, found along rays, against the sum of the octaves written out."""
    params = WaterStainParams(
        explicit_centre=1, radius=0.02, amplitude=0.004, frequency=90.0, octaves=3, octave_gain=0.6, seed_offset=5
    )
    points = points_near_plane(200000, seed=11)
    field = evaluate_water_stain(points, params)
    shift = np.array([step * params.seed_offset / 4096 % 1 * 16 for step in (1597, 987, 1303)])[:, None]
    lattice = points.T * params.frequency + shift
    octaves = [signed_perlin(lattice), 0.6 * signed_perlin(2 * lattice), 0.36 * signed_perlin(4 * lattice)]
    radius = 0.02 + 0.004 * sum(octaves) / 1.96
    np.testing.assert_array_equal(field.inside, np.linalg.norm(points, axis=1) <= radius)
    assert np.abs(radius - 0.02).max() < 0.004
    smooth = evaluate_water_stain(points, dataclasses.replace(params, octaves=1))
    assert (smooth.inside != field.inside).mean() > 0.002


def test_drying_stages_are_lines_at_equal_steps_unless_they_vary():
    points = points_near_plane(200000, seed=12)
    plain = {"depth_jitter": 0.0, "amplitude": 0.0, "intensity": 0.0, "radius": 0.009}
    lines = {"contours": 3, "contour_intensity": -0.2, "contour_spacing": 0.2, "contour_width": 0.1}
    field = evaluate_water_stain(points, WaterStainParams(**plain, **lines))
    d, change = field.normalised_distance, field.reflectance
    for place, value in ((0.8, -0.2), (0.6, -0.2), (0.4, -0.2), (0.2, 0.0), (0.7, 0.0), (0.5, 0.0), (0.95, 0.0)):
        near = field.inside & (np.abs(d - place) < 0.002)
        assert near.sum() > 50
        np.testing.assert_allclose(change[near], value, atol=0.003)

    varied = evaluate_water_stain(points, WaterStainParams(**plain, **lines, contour_variation=1.0))
    strongest, places = [], []
    for number in np.unique(varied.stain_id)[1:]:
        own = (varied.stain_id == number) & (varied.normalised_distance > 0.7)
        if own.sum() > 500:
            strongest.append(varied.reflectance[own].min())
            places.append(varied.normalised_distance[own][varied.reflectance[own].argmin()])
    assert len(strongest) >= 15
    assert -0.2 <= min(strongest) < -0.15
    assert max(strongest) > -0.08  # faded
    assert np.ptp(places) > 0.06  # moved, but not out of their own part
    assert min(places) >= 0.75
    assert max(places) <= 0.85


def test_crust_grows_with_its_coverage_from_the_outline_inwards():
    points = points_near_plane(100000, seed=13)
    shares, last = [], 0.0
    for coverage in (0.2, 0.5, 0.8, 1.0):
        params = WaterStainParams(crust_coverage=coverage, crust_intensity=0.1, intensity=0.0)
        field = evaluate_water_stain(points, params)
        np.testing.assert_allclose(field.reflectance, 0.1 * field.crust, atol=1e-12)
        assert not field.crust[~field.inside].any()
        outer = field.inside & (field.normalised_distance > 0.8)
        inner = field.inside & (field.normalised_distance < 0.5)
        assert field.crust[outer].mean() > field.crust[inner].mean()
        assert field.crust[outer].mean() > last
        last = field.crust[outer].mean()
        shares.append(last)
    assert shares[0] < 0.25
    assert shares[-1] > 0.7
    assert not evaluate_water_stain(points, WaterStainParams(crust_intensity=0.1)).crust.any()


def test_rim_varies_along_the_outline_within_its_bounds():
    points = points_near_plane(200000, seed=14)
    plain = {"intensity": 0.0, "rim_intensity": -0.2, "rim_width": 0.2}
    even = evaluate_water_stain(points, WaterStainParams(**plain))
    varied = evaluate_water_stain(points, WaterStainParams(**plain, rim_width_variation=0.8))
    assert np.all(varied.reflectance[even.normalised_distance < 1 - 0.2 * 1.8] == 0)
    widest = (even.normalised_distance < 0.78) & even.inside
    assert varied.reflectance[widest].min() < -0.05  # beyond the even rim
    middle = even.inside & (np.abs(even.normalised_distance - 0.9) < 0.005)
    faded = evaluate_water_stain(points, WaterStainParams(**plain, rim_intensity_variation=1.0)).reflectance[middle]
    assert np.ptp(even.reflectance[middle]) < 0.01
    assert -0.4 <= faded.min() < -0.3
    assert -0.1 < faded.max() <= 0.0


def test_run_off_follows_gravity_and_its_slope():
    points = points_near_plane(100000, seed=15)
    params = WaterStainParams(amplitude=0.0, radius=0.004, depth_jitter=0.0, run_off=1.0, follow_gravity=1)
    given = dataclasses.replace(params, follow_gravity=0, run_off_azimuth=0.6)
    steep = np.tile([np.cos(0.6), np.sin(0.6), 0.0], (len(points), 1))
    along = evaluate_water_stain(points, params, gravity=steep)
    np.testing.assert_array_equal(along.inside, evaluate_water_stain(points, given).inside)
    gentle = evaluate_water_stain(points, params, gravity=0.5 * steep)
    half = dataclasses.replace(given, run_off=0.5)
    np.testing.assert_array_equal(gentle.inside, evaluate_water_stain(points, half).inside)
    level = evaluate_water_stain(points, params)
    still = evaluate_water_stain(points, dataclasses.replace(given, run_off=0.0))
    np.testing.assert_array_equal(level.inside, still.inside)
    assert along.inside.sum() > gentle.inside.sum() > level.inside.sum()
