import copy
import time
from dataclasses import replace

import numpy as np
import pytest

from tests.training.configured import build_augmentation, build_extractor
from tests.training.small_plates import TINY, compose_config, plate, write_png
from training.data.image_file import read_image
from training.data.mask_file import read_mask
from training.data.stainless_layout import open_stainless
from training.features.patch_grid import Axis
from training.features.patch_stream import nominal_strips, stream_patches, touched_cells
from training.support.user_error import UserError


def only_strip(*arguments):
    (strip,) = nominal_strips(*arguments)
    assert strip.ends_image
    return strip


@pytest.mark.parametrize(
    ("size", "rows", "columns"),
    [
        ((72, 88), Axis(4.0, 8.0, 9), Axis(0.0, 8.0, 12)),
        ((75, 90), Axis(-4.5, 8.0, 11), Axis(3.5, 8.3, 11)),
        ((7, 5), Axis(0.5, 1.0, 7), Axis(0.5, 1.0, 5)),
        ((5, 9), Axis(2.5, 5.0, 1), Axis(9.5, 3.0, 2)),
    ],
)
def test_a_patch_is_touched_by_any_pixel_that_lies_nearest_to_it(size, rows, columns):
    """A pixel is nearest to a patch if part of it lies in the patch's cell.

    Border cells extend to the border; a cell outside the image stands for the pixel next to it.
    """
    pixels = np.random.default_rng(0).random(size) < 0.02

    def inside(axis, cell, length):
        low, high = axis.first + axis.step * (cell - 0.5), axis.first + axis.step * (cell + 0.5)
        low = 0 if cell == 0 else min(low, length - 0.5)
        high = length if cell == axis.count - 1 else high
        return [low < place + 1 and max(high, low + 0.1) > place for place in range(length)]

    expected = np.array(
        [
            [pixels[np.ix_(inside(rows, a, size[0]), inside(columns, b, size[1]))].any() for b in range(columns.count)]
            for a in range(rows.count)
        ]
    )
    mask = np.where(pixels, np.uint8(7), np.uint8(3))
    np.testing.assert_array_equal(touched_cells(mask, 7, rows, columns), expected)


def test_ignored_patches_never_enter(stainless_folder, tiny_extractor):
    samples = open_stainless(stainless_folder).split("train")
    streamed = list(stream_patches(samples, tiny_extractor, (4,)))
    assert len(streamed) == 6
    for sample, patches in zip(samples, streamed, strict=True):
        whole = tiny_extractor.patches(read_image(sample.image))
        # the border is 6 pixels wide; two columns of patches lie nearest to it
        np.testing.assert_array_equal(patches.features, whole[:, 2:].reshape(-1, 384))
        assert patches.ignored == 2 * len(whole)
        assert patches.width == whole.shape[1]


def test_no_sample_no_patches(tiny_extractor):
    assert list(stream_patches((), tiny_extractor, ())) == []


def test_impurities_enter_and_defects_are_refused(stainless_folder, tiny_extractor):
    sample = open_stainless(stainless_folder).samples[0]
    mask = np.zeros((72, 88), dtype=np.uint8)
    mask[10:20, 10:20] = 6
    write_png(sample.mask, mask)
    assert len(only_strip(sample, tiny_extractor, (4,)).features) == 120
    mask[0, 0] = 4
    write_png(sample.mask, mask)
    with pytest.raises(UserError, match="train image 000000 shows a defect"):
        only_strip(sample, tiny_extractor, (4,))


def test_the_image_that_fails_is_named(stainless_folder, tiny_extractor, tmp_path):
    samples = open_stainless(stainless_folder).split("train")
    samples[2].image.write_bytes(b"nothing")
    with pytest.raises(UserError, match=r"000002\.png does not decode"):
        list(stream_patches(samples, tiny_extractor, ()))


def test_features_that_are_not_finite_are_refused_by_name(stainless_folder, tiny_extractor):
    sample = replace(open_stainless(stainless_folder).samples[0], mask=None)
    write_png(sample.image, plate(np.random.default_rng(0)))
    broken = copy.deepcopy(tiny_extractor)
    broken.std *= 0  # a division by zero in the normalisation
    with pytest.raises(UserError, match=r"000000\.png: .* not finite"):
        only_strip(sample, broken, ())


def test_augmentation_shows_each_epoch_another_picture_and_ignores_the_black_border(stainless_folder, tiny_extractor):
    augmentation = build_augmentation(compose_config("train", ["dataset.root=x", "augment=paper"]).augment)
    samples = open_stainless(stainless_folder).split("train")[:3]
    epochs = [list(stream_patches(samples, tiny_extractor, (4,), augmentation, epoch)) for epoch in (0, 1, 0)]
    for sample, first, second, again in zip(samples, *epochs, strict=True):
        image = read_image(sample.image)
        image, mask = augmentation(image, read_mask(sample, image.shape), 0, sample.sample_id)
        (strip,) = tiny_extractor.strips(image)
        kept = ~touched_cells(mask, 255, strip.rows, strip.columns)
        np.testing.assert_array_equal(first.features, tiny_extractor.patches(image)[kept])
        assert first.ignored == 120 - kept.sum() > 20  # the plate's own border is 20 patches
        np.testing.assert_array_equal(first.features, again.features)
        assert first.features.shape != second.features.shape or (first.features != second.features).any()


def test_a_large_image_comes_in_strips_with_the_same_patches(stainless_folder):
    """One image above the limit among small ones gives the patches of whole images.

    The order, the ignored patches and the ends of images are equal as well.
    """
    tiling = ["extractor.tiling.above_pixels=20000", "extractor.tiling.tile_pixels=90000"]
    cut, whole = (
        build_extractor(compose_config("train", ["dataset.root=x", *TINY, *more]).extractor, "cpu")
        for more in (tiling, ["extractor.tiling=null"])
    )
    samples = open_stainless(stainless_folder).split("train")[:3]
    rng = np.random.default_rng(9)
    write_png(samples[1].image, plate(rng, 341, 280))
    mask = np.zeros((341, 280), dtype=np.uint8)
    mask[150:205, 30:60] = 255
    write_png(samples[1].mask, mask)
    strips, images = (list(stream_patches(samples, extractor, (4,))) for extractor in (cut, whole))
    assert len(images) == 3
    assert len(strips) > 5
    ends = [0, *(number + 1 for number, strip in enumerate(strips) if strip.ends_image)]
    for image, first, end in zip(images, ends[:-1], ends[1:], strict=True):
        joined = np.concatenate([strip.features for strip in strips[first:end]])
        np.testing.assert_allclose(joined, image.features, atol=1e-5 * image.features.max(), rtol=0)
        assert sum(strip.ignored for strip in strips[first:end]) == image.ignored > 0
        assert {strip.width for strip in strips[first:end]} == {image.width}


def test_only_two_items_exist_at_a_time_and_the_next_is_made_meanwhile(stainless_folder, tiny_extractor, monkeypatch):
    samples = open_stainless(stainless_folder).split("train")
    read = []

    def noting(path, white_level):
        read.append(path)
        return read_image(path, white_level)

    monkeypatch.setattr("training.features.patch_stream.read_image", noting)
    stream = stream_patches(samples, tiny_extractor, ())
    for number in range(3):
        next(stream)
        deadline = time.monotonic() + 20
        while len(read) < number + 2 and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(read) == number + 2


def test_a_picture_of_nothing_is_told_and_used(stainless_folder, tiny_extractor, caplog):
    sample = replace(open_stainless(stainless_folder).samples[0], mask=None)
    write_png(sample.image, np.full((72, 88, 3), 117, dtype=np.uint8))
    strip = only_strip(sample, tiny_extractor, ())
    assert len(strip.features) == 120
    assert np.isfinite(strip.features).all()
    assert any("000000.png: all pixels have the value 117" in record.getMessage() for record in caplog.records)
