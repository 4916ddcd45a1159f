from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps
from scipy import ndimage

from tests.training.small_plates import write_png
from training.data.image_file import read_image
from training.data.mask_file import read_instances, read_mask
from training.data.sample import Sample
from training.support.user_error import UserError


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    mask = tmp_path / "mask.png"
    return Sample("000000", "test", tmp_path / "image.png", mask, None, "", "", known_ids=(0, 4, 6))


def test_colours_come_as_rgb(tmp_path):
    pixels = np.zeros((4, 5, 3), dtype=np.uint8)
    pixels[..., 0] = 200  # blue, as OpenCV writes
    write_png(tmp_path / "a.png", pixels)
    image = read_image(tmp_path / "a.png")
    assert image.shape == (4, 5, 3)
    assert image[0, 0].tolist() == [0, 0, 200]


@pytest.mark.parametrize("kind", ["grey", "sixteen", "alpha"])
def test_other_kinds_of_pixels_become_8_bit_rgb(tmp_path, kind):
    grey = np.arange(20, dtype=np.uint8).reshape(4, 5) * 10
    pixels = {
        "grey": grey,
        "sixteen": grey.astype(np.uint16) * 257,
        "alpha": np.dstack([grey, grey, grey, np.full_like(grey, 9)]),
    }[kind]
    write_png(tmp_path / "a.png", pixels)
    image = read_image(tmp_path / "a.png")
    assert image.dtype == np.uint8
    np.testing.assert_array_equal(image, np.dstack([grey, grey, grey]))


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_of_sixteen_bits_the_upper_eight_are_taken(tmp_path, suffix):
    levels = np.arange(0, 65536, 16, dtype=np.uint16).reshape(64, 64)
    write_png(tmp_path / f"a{suffix}", levels)
    np.testing.assert_array_equal(read_image(tmp_path / f"a{suffix}"), np.dstack([levels >> 8] * 3))


@pytest.fixture
def photo():
    return cv2.GaussianBlur(np.random.default_rng(4).integers(0, 255, (40, 60, 3), dtype=np.uint8), (0, 0), 3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".tif"])
def test_a_photo_stands_upright_as_its_exif_says(tmp_path, photo, orientation, suffix):
    path, exif = tmp_path / f"a{suffix}", Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(photo).save(path, exif=exif, quality=98)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(path)))
    assert upright.shape == ((60, 40, 3) if orientation > 4 else (40, 60, 3))
    np.testing.assert_array_equal(read_image(path), upright)


def test_cmyk_palettes_bits_and_grey_with_alpha_become_rgb(tmp_path, photo):
    Image.fromarray(photo).convert("CMYK").save(tmp_path / "a.jpg", quality=98)
    np.testing.assert_allclose(read_image(tmp_path / "a.jpg"), photo, atol=4)
    Image.fromarray(photo).convert("P").save(tmp_path / "p.png")
    np.testing.assert_array_equal(read_image(tmp_path / "p.png"), Image.open(tmp_path / "p.png").convert("RGB"))
    bits = photo[..., 0] > np.median(photo[..., 0])
    Image.fromarray(bits).save(tmp_path / "b.png")
    np.testing.assert_array_equal(read_image(tmp_path / "b.png"), np.dstack([bits * np.uint8(255)] * 3))
    Image.fromarray(photo).convert("LA").save(tmp_path / "l.png")
    np.testing.assert_array_equal(
        read_image(tmp_path / "l.png")[..., 1], np.asarray(Image.fromarray(photo).convert("L"))
    )


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp"])
@pytest.mark.parametrize("missing", [1, 5000])
def test_a_truncated_file_is_refused_in_one_line(tmp_path, suffix, missing, capfd):
    path = tmp_path / f"a{suffix}"
    rng = np.random.default_rng(0)
    assert cv2.imwrite(str(path), rng.integers(0, 255, (90, 90, 3), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:-missing])
    with pytest.raises(UserError, match=rf"a\{suffix} does not decode as an image.*; (copy|convert)"):
        read_image(path)
    assert capfd.readouterr() == ("", "")


def test_a_file_of_floats_says_what_is_read(tmp_path, photo, capfd):
    Image.fromarray(photo[..., 0] / np.float32(255)).save(tmp_path / "a.tif")
    with pytest.raises(UserError, match=r"a\.tif does not decode .*PNG, JPEG, BMP or TIFF of 8 or 16 bit"):
        read_image(tmp_path / "a.tif")
    assert capfd.readouterr() == ("", "")


def test_a_damaged_png_is_refused_without_words_of_the_decoders(tmp_path, capfd):
    path = tmp_path / "a.png"
    write_png(path, np.random.default_rng(0).integers(0, 255, (90, 90, 3), dtype=np.uint8))
    whole = path.read_bytes()
    assert read_image(path).shape == (90, 90, 3)
    for place in (2000, len(whole) - 30, 20):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with pytest.raises(UserError, match="damaged"):
            read_image(path)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("content", [b"", b"hello", b"\x89PNG\r\n\x1a\nIEND"])
def test_what_does_not_decode_is_named(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.png does not decode"):
        read_image(tmp_path / "a.png")


def test_a_missing_image_is_named(tmp_path):
    with pytest.raises(UserError, match=r"cannot read .*gone\.png: No such file"):
        read_image(tmp_path / "gone.png")


def test_a_mask_comes_back_as_it_is_stored(sample):
    ids = np.random.default_rng(1).choice(np.array([0, 4, 6, 255], dtype=np.uint8), (20, 30))
    write_png(sample.mask, ids)
    np.testing.assert_array_equal(read_mask(sample, (20, 30, 3)), ids)
    write_png(sample.mask, np.dstack([ids] * 3))
    np.testing.assert_array_equal(read_mask(sample, (20, 30, 3)), ids)


def test_without_a_mask_all_is_background(sample):
    mask = read_mask(replace(sample, mask=None), (20, 30, 3))
    assert mask.shape == (20, 30)
    assert mask.dtype == np.uint8
    assert not mask.any()


def test_a_black_and_white_mask_takes_its_class(sample):
    stored = np.array([[0, 127, 128, 255]], dtype=np.uint8)
    write_png(sample.mask, stored)
    assert read_mask(replace(sample, binary_id=3), (1, 4, 3)).tolist() == [[0, 0, 3, 3]]


def test_wrong_masks_are_refused(sample):
    write_png(sample.mask, np.zeros((20, 31), dtype=np.uint8))
    with pytest.raises(UserError, match=r"31 x 20 pixels, but its image image\.png has 30 x 20"):
        read_mask(sample, (20, 30, 3))
    write_png(sample.mask, np.full((20, 30), 5, dtype=np.uint8))
    with pytest.raises(UserError, match="unknown class id 5"):
        read_mask(sample, (20, 30, 3))
    write_png(sample.mask, np.zeros((20, 30), dtype=np.uint16))
    with pytest.raises(UserError, match="8 bit"):
        read_mask(sample, (20, 30, 3))
    coloured = np.zeros((20, 30, 3), dtype=np.uint8)
    coloured[3, 3, 1] = 4
    write_png(sample.mask, coloured)
    with pytest.raises(UserError, match="one channel"):
        read_mask(sample, (20, 30, 3))


def test_instances_come_from_the_file(sample, tmp_path):
    ids = np.random.default_rng(2).integers(0, 60_000, (20, 30)).astype(np.uint16)
    write_png(tmp_path / "instances.png", ids)
    with_file = replace(sample, instances=tmp_path / "instances.png")
    found = read_instances(with_file, np.zeros((20, 30), dtype=np.uint8))
    assert found.dtype == np.int32
    np.testing.assert_array_equal(found, ids)
    with pytest.raises(UserError, match="30 x 20 pixels"):
        read_instances(with_file, np.zeros((21, 30), dtype=np.uint8))


def test_without_a_file_instances_are_components_of_each_class(sample):
    mask = np.random.default_rng(3).choice(np.array([0, 4, 6, 255], dtype=np.uint8), (40, 50), p=[0.7, 0.1, 0.1, 0.1])
    found = read_instances(sample, mask)
    expected = np.zeros(mask.shape, dtype=np.int32)
    for class_id in (4, 6):
        labels, _ = ndimage.label(mask == class_id, structure=np.ones((3, 3)))
        expected[labels > 0] = labels[labels > 0] + expected.max()
    assert found.max() == expected.max()
    assert len(np.unique(np.stack([found, expected]).reshape(2, -1), axis=1).T) == expected.max() + 1  # one to one
    assert ((found > 0) == (expected > 0)).all()
