import numpy as np
import pytest

from scripts.figures.contact_sheet import GAP, contact_sheet
from tests.eval.small_plates import CLASSES, HEIGHT, WIDTH, write_dataset
from training.data.dataset import read_image, read_mask
from training.data.stainless_layout import open_stainless
from training.support.user_error import UserError


@pytest.fixture
def dataset(tmp_path):
    return open_stainless(write_dataset(tmp_path / "plates", ["train", "test"], seed=3))


def test_a_row_holds_the_picture_the_class_colours_and_the_instances(dataset):
    sheet = contact_sheet(dataset, dataset.samples, WIDTH, instances=True)
    assert sheet.shape == (2 * HEIGHT + GAP, 3 * WIDTH + 2 * GAP, 3)
    row = sheet[HEIGHT + GAP :]
    sample = dataset.samples[1]
    mask = read_mask(sample, (HEIGHT, WIDTH, 3))
    assert np.array_equal(row[:, :WIDTH], read_image(sample.image))
    coloured = row[:, WIDTH + GAP : 2 * WIDTH + GAP]
    for entry in CLASSES:
        assert (coloured[mask == entry["id"]] == entry["colour"]).all()
    instances = row[:, 2 * (WIDTH + GAP) :]
    assert len(np.unique(instances.reshape(-1, 3), axis=0)) == 4  # background, the scratch, two stains
    assert not instances[(mask == 0) | (mask == 255)].any()


def test_no_samples_is_the_users_mistake(dataset):
    with pytest.raises(UserError, match="no samples"):
        contact_sheet(dataset, [], WIDTH, instances=False)
