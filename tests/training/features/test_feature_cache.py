"""Cached features change the time, not the bits."""

import numpy as np
import pytest

from tests.training.configured import train_run
from tests.training.small_plates import TINY, compose_config
from training.data.image_file import read_image
from training.features import image_epochs as epochs_module
from training.features import patch_stream
from training.features.feature_cache import FeatureCache
from training.features.patch_stream import ImagePatches
from training.support.user_error import UserError


def trained(root, run, *overrides):
    return train_run(compose_config("train", [f"dataset.root={root}", *TINY, "device=cpu", *overrides]), run)


@pytest.mark.parametrize("more", [[], ["coreset.shuffle=true"]])
def test_a_cached_training_is_the_same_and_extracts_once(stainless_folder, tmp_path, monkeypatch, more):
    trained(stainless_folder, tmp_path / "plain", *more)
    asked, stream_patches = [], epochs_module.stream_patches

    def counted(samples, *others):
        asked.append(len(samples))
        return stream_patches(samples, *others)

    monkeypatch.setattr(epochs_module, "stream_patches", counted)
    record = trained(stainless_folder, tmp_path / "cached", "coreset.cache_features=true", *more)
    files = [tmp_path / name / "coreset.safetensors" for name in ("plain", "cached")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert asked[0] == 6
    assert len(asked) >= len(record["coreset"]["epochs"]) > 1
    assert sum(asked) == 6
    assert not (tmp_path / "cached" / "features").exists()


def test_the_cache_outlives_a_stopped_run(stainless_folder, tmp_path, monkeypatch):
    def failing(path, white_level):
        if path.name == "000004.png":
            raise UserError("the disk is gone")
        return read_image(path, white_level)

    monkeypatch.setattr(patch_stream, "read_image", failing)
    with pytest.raises(UserError, match="the disk is gone"):
        trained(stainless_folder, tmp_path / "run", "coreset.cache_features=true")
    monkeypatch.undo()
    kept = sorted(path.name for path in (tmp_path / "run" / "features").glob("*.json"))
    assert kept == ["000000.json", "000001.json", "000002.json", "000003.json", "job.json"]
    trained(stainless_folder, tmp_path / "run", "coreset.cache_features=true")
    trained(stainless_folder, tmp_path / "plain")
    files = [tmp_path / name / "coreset.safetensors" for name in ("plain", "run")]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_strips_come_back_as_they_were(tmp_path):
    rng = np.random.default_rng(0)
    strips = [
        ImagePatches(rng.normal(size=(n, 5)).astype(np.float32), 4, n, n == 8, places=rng.random((n, 2), np.float32))
        for n in (12, 0, 8)
    ]
    cache = FeatureCache(tmp_path / "features", {"a": 1})
    assert 3 not in cache
    given = cache.kept(3, iter(strips))
    next(given)
    assert 3 not in cache  # not whole yet
    list(given)
    for found in (cache, FeatureCache(tmp_path / "features", {"a": 1})):
        assert 3 in found
        for loaded, strip in zip(found.load(3), strips, strict=True):
            np.testing.assert_array_equal(loaded.features, strip.features)
            np.testing.assert_array_equal(loaded.places, strip.places)
            assert loaded[1:5] == strip[1:5]
    damaged = tmp_path / "features" / "000003_002.npz"
    damaged.write_bytes(damaged.read_bytes()[:-7])
    with pytest.raises(UserError, match=r"000003_002\.npz cannot be read; delete"):
        list(cache.load(3))
    assert 3 not in FeatureCache(tmp_path / "features", {"a": 2})
    assert not (tmp_path / "features").exists()


def test_augmentation_and_cache_exclude_each_other(stainless_folder, tmp_path):
    with pytest.raises(UserError, match="augment draws anew"):
        trained(stainless_folder, tmp_path / "run", "coreset.cache_features=true", "augment=paper")
