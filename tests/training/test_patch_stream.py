import copy
from dataclasses import replace

import numpy as np
import pytest

from tests.training.small_plates import compose_config, plate, write_png
from training.augment import build_augmentation
from training.image_file import read_image, read_mask
from training.patch_stream import nominal_patches, stream_patches, touched_cells
from training.stainless_layout import open_stainless
from training.user_error import UserError


@pytest.mark.parametrize(
    ("size", "cells"), [((72, 88), (9, 11)), ((75, 90), (10, 12)), ((7, 5), (7, 5)), ((5, 9), (2, 4))]
)
def test_a_cell_is_touched_by_any_pixel_of_it(size, cells):
    rng = np.random.default_rng(0)
    pixels = rng.random(size) < 0.02
    expected = np.zeros(cells, dtype=bool)
    for i, j in np.argwhere(pixels):
        for a in range(cells[0]):
            for b in range(cells[1]):
                rows = a * size[0] < (i + 1) * cells[0] and i * cells[0] < (a + 1) * size[0]
                columns = b * size[1] < (j + 1) * cells[1] and j * cells[1] < (b + 1) * size[1]
                expected[a, b] |= rows and columns
    np.testing.assert_array_equal(touched_cells(pixels, *cells), expected)


def test_ignored_patches_never_enter(stainless_folder, tiny_extractor):
    samples = open_stainless(stainless_folder).split("train")
    streamed = list(stream_patches(samples, tiny_extractor, (4,)))
    assert len(streamed) == 6
    for sample, patches in zip(samples, streamed, strict=True):
        whole = tiny_extractor.patches(read_image(sample.image))
        np.testing.assert_array_equal(patches.features, whole[:, 1:].reshape(-1, 384))  # the border is 6 pixels wide
        assert patches.ignored == 9
        assert patches.width == 11


def test_no_sample_no_patches(tiny_extractor):
    assert list(stream_patches((), tiny_extractor, ())) == []


def test_impurities_enter_and_defects_are_refused(stainless_folder, tiny_extractor):
    sample = open_stainless(stainless_folder).samples[0]
    mask = np.zeros((72, 88), dtype=np.uint8)
    mask[10:20, 10:20] = 6
    write_png(sample.mask, mask)
    assert len(nominal_patches(sample, tiny_extractor, (4,)).features) == 99
    mask[0, 0] = 4
    write_png(sample.mask, mask)
    with pytest.raises(UserError, match="train image 000000 shows a defect"):
        nominal_patches(sample, tiny_extractor, (4,))


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
        nominal_patches(sample, broken, ())


def test_augmentation_shows_each_epoch_another_picture_and_ignores_the_black_border(stainless_folder, tiny_extractor):
    augmentation = build_augmentation(compose_config("train", ["dataset.root=x", "augment=paper"]).augment)
    samples = open_stainless(stainless_folder).split("train")[:3]
    epochs = [list(stream_patches(samples, tiny_extractor, (4,), augmentation, epoch)) for epoch in (0, 1, 0)]
    for sample, first, second, again in zip(samples, *epochs, strict=True):
        image = read_image(sample.image)
        image, mask = augmentation(image, read_mask(sample, image.shape), 0, sample.sample_id)
        kept = ~touched_cells(mask == 255, 9, 11)
        np.testing.assert_array_equal(first.features, tiny_extractor.patches(image)[kept])
        assert first.ignored == 99 - kept.sum() > 9  # the plate's own border is 9 patches
        np.testing.assert_array_equal(first.features, again.features)
        assert first.features.shape != second.features.shape or (first.features != second.features).any()
