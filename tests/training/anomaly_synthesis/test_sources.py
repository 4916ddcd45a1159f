"""Sources opened from real folders: pictures, labelled anomalies of other products, rendered triplets."""

import json

import cv2
import numpy as np
import pandas as pd
import pytest

from tests.training.anomaly_synthesis.test_synthesis import settings
from tests.training.small_plates import write_png
from training.anomaly_synthesis.image_pool import ImagePool
from training.anomaly_synthesis.image_sources import shuffled_grid
from training.anomaly_synthesis.rendered_source import carried, log_ratio
from training.anomaly_synthesis.sources import open_sources
from training.data.image_file import read_image
from training.support.user_error import UserError


def opened(own, *overrides, evaluation=()):
    return open_sources(settings(*overrides).sources, own, list(evaluation))


@pytest.fixture
def own(stainless_folder):
    return ImagePool(sorted((stainless_folder / "images").glob("*.png"))[:6], read_image)


def test_own_images_show_other_images_than_the_changed_one(tmp_path):
    for number in range(2):
        write_png(tmp_path / f"{number}.png", np.full((40, 40, 3), 50 + 100 * number, np.uint8))
    pool = ImagePool([tmp_path / "0.png", tmp_path / "1.png"], read_image)
    kinds = "synthesis.sources.kinds={formula: 0, own_images: 1, folder: 0, labelled: 0, rendered: 0}"
    source = opened(pool, kinds).by_kind["own_images"]
    for seed in range(8):
        assert np.allclose(source.picture(seed, (32, 32), 0).pixels, 150 / 255, atol=0.01)


def test_labelled_anomalies_of_another_product_keep_their_shape(mvtec_folder, own):
    kinds = "synthesis.sources.kinds={formula: 0, own_images: 0, folder: 0, labelled: 1, rendered: 0}"
    sources = opened(own, kinds, f"synthesis.sources.labelled={mvtec_folder}", evaluation=own.paths)
    assert len(sources.files["labelled"]) == 10
    assert sources.compared == 6
    shapes = [sources.by_kind["labelled"].picture(seed, (64, 64), None).shape for seed in range(20)]
    assert np.mean([shape.any() for shape in shapes]) > 0.7
    assert len({shape.tobytes() for shape in shapes}) > 10


def test_the_products_own_anomalies_are_refused(mvtec_folder, own):
    kinds = "synthesis.sources.kinds={formula: 0, own_images: 0, folder: 0, labelled: 1, rendered: 0}"
    with pytest.raises(UserError, match="shows the evaluation image"):
        opened(
            own, kinds, f"synthesis.sources.labelled={mvtec_folder}",
            evaluation=sorted((mvtec_folder / "test" / "crack").glob("*.png")),
        )  # fmt: skip


@pytest.mark.parametrize(
    ("override", "message"),
    [("synthesis.sources.folder=/nowhere", "no such folder"), ("synthesis.sources.folder=null", "needs its pictures")],
)
def test_a_source_without_pictures_is_refused(own, override, message):
    with pytest.raises(UserError, match=message):
        opened(own, "synthesis=folder", override)


def triplets(folder, root):
    """Turn a dataset folder into triplets: scratches and stains that darken and brighten a clean plate."""
    table = pd.read_csv(folder / "samples.csv", dtype=str)
    table["clean"] = ""
    for row in table.itertuples():
        mask = cv2.imread(str(folder / row.mask), cv2.IMREAD_UNCHANGED)
        clean = np.full((*mask.shape, 3), 120, np.uint8)
        altered = clean.copy()
        altered[mask == 4], altered[mask == 6] = 40, 200
        write_png(folder / row.image, altered)
        write_png(folder / "clean" / f"{row.sample_id}.png", clean)
        table.loc[row.Index, "clean"] = f"clean/{row.sample_id}.png"
    table.to_csv(folder / "samples.csv", index=False)
    return folder


RENDERED = "synthesis.sources.kinds={formula: 0, own_images: 0, folder: 0, labelled: 0, rendered: 1}"


def test_triplets_give_the_change_of_defects_and_impurities(stainless_folder, own, tmp_path):
    folder = triplets(stainless_folder, tmp_path)
    source = opened(own, "synthesis=rendered", f"synthesis.sources.rendered={folder}", RENDERED).by_kind["rendered"]
    shown = {"defect": 0, "impurity": 0}
    for seed in range(20):
        change = source.picture(seed, (64, 64), None)
        assert not (change.defect & change.impurity).any()
        assert (change.logarithm[~(change.defect | change.impurity)] == 0).all()
        for name, wanted in (("defect", np.log(42 / 122)), ("impurity", np.log(202 / 122))):
            inside = cv2.erode(getattr(change, name).astype(np.uint8), np.ones((5, 5))) > 0
            if inside.any():
                assert np.allclose(change.logarithm[inside], wanted, atol=0.02)
                shown[name] += 1
    assert min(shown.values()) > 3


def test_a_folder_without_clean_renderings_is_refused(stainless_folder, own):
    with pytest.raises(UserError, match="these are no triplets"):
        opened(own, "synthesis=rendered", f"synthesis.sources.rendered={stainless_folder}", RENDERED)


def test_a_clean_rendering_outside_the_folder_is_refused(stainless_folder, own, tmp_path):
    folder = triplets(stainless_folder, tmp_path)
    table = pd.read_csv(folder / "samples.csv", dtype=str)
    table["clean"] = "../outside.png"
    table.to_csv(folder / "samples.csv", index=False)
    write_png(tmp_path / "outside.png", np.zeros((72, 88, 3), np.uint8))
    with pytest.raises(UserError, match="no clean rendering in this folder"):
        opened(own, "synthesis=rendered", f"synthesis.sources.rendered={folder}", RENDERED)


def test_the_ratio_carries_a_change_onto_its_own_clean_rendering():
    rng = np.random.default_rng(0)
    clean, altered = (rng.integers(20, 240, (8, 9, 3), dtype=np.uint8) for _ in range(2))
    found = carried(clean.astype(np.float32) / 255, log_ratio(clean, altered), 1.0)
    assert np.abs(found * 255 - altered).max() < 0.01
    assert np.abs(carried(clean.astype(np.float32) / 255, log_ratio(clean, altered), 0.0) * 255 - clean).max() < 1e-3


def test_a_shuffled_grid_keeps_all_pixels():
    picture = np.arange(24 * 30 * 3, dtype=np.float32).reshape(24, 30, 3)
    shuffled = shuffled_grid(picture, 4, np.random.default_rng(1))
    assert not np.array_equal(shuffled, picture)
    assert np.array_equal(np.sort(shuffled.ravel()), np.sort(picture.ravel()))


def test_settings_that_contradict_each_other_are_refused():
    for override, message in (
        ("synthesis.masks.kinds={perlin: 0}", "all weights are 0"),
        ("synthesis.blending.strength.begin=0.95", "comes after end"),
        ("synthesis.masks.perlin_level=[0.6,0.5]", "must not be above"),
        ("synthesis.masks.perlin_cells=[3,8]", "powers of 2"),
    ):
        with pytest.raises(UserError, match=message):
            settings(override)
    assert json.dumps(settings().blending.strength.range_at(0.0)) == "[0.6, 1.0]"
