"""The leak guard refuses evaluation images, however they were encoded."""

import cv2
import numpy as np
import pytest

from tests.training.small_plates import write_png
from training.anomaly_synthesis.leak_guard import LeakGuard
from training.support.user_error import UserError


def photograph(seed):
    rng = np.random.default_rng(seed)
    coarse = rng.integers(30, 220, (12, 16, 3), dtype=np.uint8)
    noise = rng.normal(0, 6, (150, 200, 3))
    return np.clip(cv2.resize(coarse, (200, 150), interpolation=cv2.INTER_CUBIC) + noise, 0, 255).astype(np.uint8)


@pytest.fixture
def evaluation(tmp_path):
    paths = [tmp_path / "test" / f"{number}.png" for number in range(3)]
    for number, path in enumerate(paths):
        write_png(path, photograph(number))
    return paths


ENCODINGS = {"copy.png": [], "copy.bmp": [], "copy.tif": [], "copy.jpg": [cv2.IMWRITE_JPEG_QUALITY, 80]}


@pytest.mark.parametrize("name", ENCODINGS)
def test_an_evaluation_image_is_refused_also_when_encoded_again(evaluation, tmp_path, name):
    assert cv2.imwrite(str(tmp_path / name), photograph(1), ENCODINGS[name])
    guard = LeakGuard(evaluation)
    with pytest.raises(UserError, match=rf"{name} shows the evaluation image .*1\.png"):
        guard.check([tmp_path / name])


def test_a_smaller_copy_is_refused(evaluation, tmp_path):
    write_png(tmp_path / "small.png", cv2.resize(photograph(2), (128, 96), interpolation=cv2.INTER_AREA))
    with pytest.raises(UserError, match="small"):
        LeakGuard(evaluation).check([tmp_path / "small.png"])


def test_other_photographs_pass(evaluation, tmp_path):
    others = [tmp_path / f"other_{number}.png" for number in range(3)]
    for number, path in enumerate(others):
        write_png(path, photograph(10 + number))
    guard = LeakGuard(evaluation)
    guard.check(others)
    assert guard.checked == 3


def test_images_of_one_product_pass_unless_their_pixels_are_equal(evaluation, tmp_path):
    noisy = np.clip(photograph(0).astype(int) + np.random.default_rng(9).integers(-2, 3, (150, 200, 3)), 0, 255)
    write_png(tmp_path / "again.png", noisy.astype(np.uint8))
    guard = LeakGuard(evaluation)
    guard.check([tmp_path / "again.png"], near=False)
    with pytest.raises(UserError):
        guard.check([evaluation[0]], near=False)


def test_even_pictures_are_no_leak(tmp_path):
    write_png(tmp_path / "test" / "grey.png", np.full((40, 40, 3), 128, np.uint8))
    write_png(tmp_path / "even.png", np.full((50, 50, 3), 128, np.uint8))
    LeakGuard([tmp_path / "test" / "grey.png"]).check([tmp_path / "even.png"])
