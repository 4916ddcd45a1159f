"""The store of features: equal to the bit, bounded, and never of another image or extractor."""

import json

import numpy as np
import pytest

from tests.training.configured import build_extractor
from tests.training.small_plates import compose_config
from training.features.feature_store import stored_features


def picture(seed: int, height: int = 96, width: int = 128) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def built(*overrides: str):
    fixed = ["dataset.root=none", "extractor=resnet18", "extractor.weights=random"]
    return build_extractor(compose_config("train", [*fixed, *overrides]).extractor, "cpu")


def strips_of(extractor, image):
    return [(s.features.copy(), s.first, s.rows, s.columns) for s in extractor.strips(image)]


def assert_equal(first, second):
    assert len(first) == len(second)
    for one, other in zip(first, second, strict=True):
        assert one[1:] == other[1:]
        assert one[0].dtype == other[0].dtype == np.float32
        assert np.array_equal(one[0].view(np.uint32), other[0].view(np.uint32))


def stored(tmp_path, *overrides, gigabytes=1.0):
    with stored_features(tmp_path / "features", gigabytes):
        return built(*overrides)


def forbid(extractor):
    """Make an extraction fail."""

    def fail(image):
        raise AssertionError("extracted")

    extractor._extracted = fail


@pytest.mark.parametrize("tiling", ["null", "{above_pixels: 70000, tile_pixels: 65000}"])
def test_stored_features_are_those_of_an_extraction_bit_for_bit(tmp_path, tiling):
    settings = f"extractor.tiling={tiling}"
    plain, image = built(settings), picture(1, 256, 400)
    assert plain.store is None
    expected = strips_of(plain, image)
    assert (len(expected) > 1) == (tiling != "null")
    assert_equal(strips_of(stored(tmp_path, settings), image), expected)
    again = stored(tmp_path, settings)
    forbid(again)
    assert_equal(strips_of(again, image), expected)


def test_another_image_extractor_or_preprocessing_never_hits(tmp_path):
    strips_of(stored(tmp_path), picture(1))
    changed = picture(1)
    changed[5, 5, 0] ^= 1
    for overrides, image in (
        ((), changed),
        ((), picture(1).reshape(128, 96, 3)),
        (("extractor.standardise=true",), picture(1)),
        (("extractor.resize={side: shorter, pixels: 64}",), picture(1)),
        (("extractor.layers=[layer1]",), picture(1)),
    ):
        extractor = stored(tmp_path, *overrides)
        forbid(extractor)
        with pytest.raises(AssertionError, match="extracted"):
            strips_of(extractor, image)


def test_a_damaged_or_foreign_file_is_extracted_again(tmp_path):
    expected = strips_of(stored(tmp_path), picture(1))
    strips_of(stored(tmp_path), picture(2))
    first, second = (tmp_path / "features").glob("*/*.safetensors")
    content = first.read_bytes(), second.read_bytes()
    first.write_bytes(content[1])  # whole, but of another image
    second.write_bytes(content[0][:100])
    assert_equal(strips_of(stored(tmp_path), picture(1)), expected)
    again = stored(tmp_path)
    forbid(again)
    assert_equal(strips_of(again, picture(1)), expected)


def test_the_folder_stays_within_its_size_and_images_beyond_are_extracted(tmp_path, caplog):
    one = strips_of(built(), picture(0))[0][0].nbytes
    extractor = stored(tmp_path, gigabytes=2.5 * one / 1e9)
    expected = [strips_of(built(), picture(number)) for number in range(4)]
    for number in range(4):
        assert_equal(strips_of(extractor, picture(number)), expected[number])
    assert len(list((tmp_path / "features").glob("*/*.safetensors"))) == 2
    assert caplog.text.count("further images are extracted in every pass") == 1


def test_an_image_that_was_broken_off_is_not_complete(tmp_path):
    settings = "extractor.tiling={above_pixels: 70000, tile_pixels: 65000}"
    strips = stored(tmp_path, settings).strips(picture(1, 256, 400))
    next(strips)
    strips.close()
    assert not list((tmp_path / "features").glob("*/*.json"))
    expected = strips_of(built(settings), picture(1, 256, 400))
    assert_equal(strips_of(stored(tmp_path, settings), picture(1, 256, 400)), expected)
    index = next((tmp_path / "features").glob("*/*.json"))
    assert json.loads(index.read_text())["strips"] == len(expected)


def test_drawn_images_are_left_out(tmp_path):
    extractor = stored(tmp_path)
    list(extractor.strips(picture(1, 256, 400), is_drawn=True))
    assert not (tmp_path / "features").exists()
