import copy

import numpy as np
import pytest
import torch
from torchvision.transforms.v2.functional import gaussian_blur

from tests.training.configured import build_extractor
from tests.training.small_plates import TINY, compose_config, plate
from training.model.anomaly_model import AnomalyModel
from training.model.settings import AnomalyMapSettings
from training.runs.settings import read_training_settings
from training.support.user_error import UserError

BLUR = {"upsampling": "nearest", "blur_sigma": 2.0, "blur_kernel": 17, "score_share": 0.0}


def brute_force(patches, members):
    return np.array([np.sqrt(((p.astype(np.float64) - members) ** 2).sum(axis=1)).min() for p in patches])


@pytest.fixture
def members(tiny_extractor):
    patches = tiny_extractor.patches(plate(np.random.default_rng(0)))
    return patches.reshape(-1, patches.shape[-1])[::3].copy()


@pytest.mark.parametrize("chunk_size", [1, 7, 2048])
def test_distances_are_those_of_a_float64_brute_force(tiny_extractor, members, chunk_size):
    model = AnomalyModel(tiny_extractor, members, AnomalyMapSettings(chunk_size=chunk_size, **BLUR))
    rng = np.random.default_rng(1)
    patches = tiny_extractor.patches(plate(rng)).reshape(-1, members.shape[1])
    near = members + rng.normal(size=members.shape).astype(np.float32) * 1e-4
    for some in (patches, near):
        np.testing.assert_allclose(model.nearest_distances(some), brute_force(some, members), rtol=2e-4)
    assert model.nearest_distances(members).max() == 0  # no |a|^2 + |b|^2 - 2ab


def test_small_distances_far_from_the_origin_are_not_lost(tiny_extractor):
    rng = np.random.default_rng(2)
    members = (1000 + rng.normal(size=(50, 384))).astype(np.float32)
    patches = members[:20] + rng.normal(size=(20, 384)).astype(np.float32) * 0.01
    model = AnomalyModel(tiny_extractor, members, AnomalyMapSettings(chunk_size=16, **BLUR))
    np.testing.assert_allclose(model.nearest_distances(patches), brute_force(patches, members), rtol=1e-3)


@pytest.mark.parametrize("upsampling", ["nearest", "bilinear"])
@pytest.mark.parametrize("size", [(72, 88), (75, 90), (33, 41)])
def test_the_map_is_upsampled_from_the_patch_centres_and_blurred(tiny_extractor, members, size, upsampling):
    image = plate(np.random.default_rng(3), *size)
    (strip,) = tiny_extractor.strips(image)
    height, width = strip.features.shape[:2]
    distances = brute_force(strip.features.reshape(height * width, -1), members).reshape(height, width)
    full = np.zeros(size)
    for i, j in np.ndindex(size):
        full[i, j] = value_at(distances, strip, i + 0.5, j + 0.5, upsampling)
    expected = gaussian_blur(torch.from_numpy(full)[None], [17, 17], [2.0, 2.0])[0].numpy()
    settings = {**BLUR, "upsampling": upsampling}
    model = AnomalyModel(tiny_extractor, members, AnomalyMapSettings(chunk_size=100, **settings))
    found = model.anomaly_map(image)
    assert found.dtype == np.float32
    assert found.shape == size
    np.testing.assert_allclose(found, expected, rtol=3e-4)
    assert model.image_score(found) == pytest.approx(expected.max(), rel=3e-4)


def value_at(distances, strip, y, x, upsampling):
    """Return the distance at a place of the image: of the nearest patch centre, or interpolated between four."""
    places = []
    for axis, at in ((strip.rows, y), (strip.columns, x)):
        places.append(min(max((at - axis.first) / axis.step, 0), axis.count - 1))
    if upsampling == "nearest":
        return distances[tuple(int(np.floor(place + 0.5)) for place in places)]
    (top, left), (down, across) = (int(p) for p in places), (p % 1 for p in places)
    below, right = min(top + 1, len(distances) - 1), min(left + 1, distances.shape[1] - 1)
    upper = distances[top, left] * (1 - across) + distances[top, right] * across
    lower = distances[below, left] * (1 - across) + distances[below, right] * across
    return upper * (1 - down) + lower * down


@pytest.mark.parametrize(("share", "count"), [(0.0, 1), (0.001, 5), (0.1, 500), (1.0, 5000)])
def test_an_image_s_score_is_the_mean_of_its_highest_pixels(tiny_extractor, members, share, count):
    scores = np.random.default_rng(8).random((50, 100)).astype(np.float32)
    model = AnomalyModel(tiny_extractor, members, AnomalyMapSettings(chunk_size=9, **{**BLUR, "score_share": share}))
    assert model.image_score(scores) == pytest.approx(np.sort(scores.ravel())[-count:].mean(), rel=1e-6)


@pytest.mark.parametrize("size", [(8, 8), (9, 200), (1, 30)])
def test_images_smaller_than_the_blur_have_maps_too(tiny_extractor, members, size):
    found = AnomalyModel(tiny_extractor, members, AnomalyMapSettings(chunk_size=100, **BLUR)).anomaly_map(
        plate(np.random.default_rng(4), *size)
    )
    assert found.shape == size
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    "wrong",
    [{"blur_kernel": 16}, {"blur_sigma": 0.0}, {"chunk_size": 0}, {"upsampling": "cubic"}, {"score_share": 2.0}],
)
def test_wrong_settings_are_refused(wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(UserError, match=f"anomaly_map.{name}"):
        read_training_settings(compose_config("train", ["dataset.root=x", *TINY, f"anomaly_map.{name}={value}"]))


@pytest.mark.parametrize("band_rows", [1, 5, 30])
def test_a_map_by_bands_is_the_map_at_once_to_the_bit(tiny_extractor, members, monkeypatch, band_rows):
    image = plate(np.random.default_rng(5), 75, 90)
    model = AnomalyModel(tiny_extractor, members, AnomalyMapSettings(chunk_size=100, **BLUR))
    at_once = model.anomaly_map(image)
    monkeypatch.setattr("training.model.anomaly_model._BAND_PIXELS", 90 * band_rows)
    np.testing.assert_array_equal(model.anomaly_map(image), at_once)


def test_the_map_of_an_image_in_tiles_is_that_of_the_whole(members):
    tiling = ["extractor.tiling.above_pixels=50000", "extractor.tiling.tile_pixels=90000"]
    maps = []
    image = plate(np.random.default_rng(6), 300, 320)
    for overrides in ([], tiling):
        cfg = compose_config("train", ["dataset.root=x", *TINY, *overrides])
        model = AnomalyModel(build_extractor(cfg.extractor, "cpu"), members, AnomalyMapSettings(chunk_size=100, **BLUR))
        maps.append(model.anomaly_map(image))
    assert len(list(model.extractor.strips(image))) > 2
    np.testing.assert_allclose(maps[1], maps[0], rtol=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_features_that_are_not_finite_are_refused(tiny_extractor, members, bad):
    broken = copy.deepcopy(tiny_extractor)
    broken.mean[0] = bad
    model = AnomalyModel(broken, members, AnomalyMapSettings(chunk_size=100, **BLUR))
    with pytest.raises(UserError, match="not finite; check its weights"):
        model.anomaly_map(plate(np.random.default_rng(7)))
