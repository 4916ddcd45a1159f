"""Regions of interest: masks, polygons, patterns, refusals, and the patches that they leave."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.training.small_plates import write_png
from training.data.region_of_interest import open_region
from training.features.inside_patches import centres_inside, nearest_inside
from training.features.patch_grid import Axis
from training.support.user_error import UserError

SQUARE = [[10, 5], [30, 5], [30, 25], [10, 25]]


def region_file(folder: Path, *rules: dict, name: str = "region.json") -> Path:
    path = folder / name
    path.write_text(json.dumps({"format": "stainless-region", "version": 1, "regions": list(rules)}))
    return path


def test_a_mask_picture_is_for_all_images_and_counts_where_it_is_not_zero(tmp_path):
    pixels = np.zeros((20, 30), dtype=np.uint8)
    pixels[3:9, 4:12], pixels[10, 10] = 255, 1
    write_png(tmp_path / "mask.png", pixels)
    region = open_region(tmp_path / "mask.png")
    for name in ("a.png", "deep/in/b.tif"):
        np.testing.assert_array_equal(region.inside(name, 20, 30), pixels > 0)
    assert region.document()["name"] == "mask.png"


def test_polygons_hold_the_pixels_whose_centres_lie_within_and_holes_are_cut_out(tmp_path):
    star = [[5, 2], [35.5, 12], [30, 27.2], [12, 20], [3.3, 26]]
    hole = [[14, 8], [22, 9], [20, 16]]
    rule = {"pattern": "*", "size": [40, 30], "polygons": [star], "holes": [hole]}
    inside = open_region(region_file(tmp_path, rule)).inside("x.png", 30, 40)
    assert 200 < inside.sum() < 900
    for row, column in np.ndindex(30, 40):  # OpenCV asks for one point: 1 inside, 0 on an edge, -1 outside
        within, cut = (
            cv2.pointPolygonTest(np.array(shape, np.float32), (column + 0.5, row + 0.5), False)
            for shape in (star, hole)
        )
        if within and cut:
            assert inside[row, column] == (within > 0 > cut)


def test_the_first_pattern_that_matches_counts_and_an_image_without_one_is_refused(tmp_path):
    write_png(tmp_path / "masks" / "left.png", np.repeat([[255] * 20 + [0] * 20], 30, axis=0).astype(np.uint8))
    rules = [
        {"pattern": "camera_1_*", "mask": "masks/left.png"},
        {"pattern": "good/*.png", "size": [40, 30], "polygons": [SQUARE]},
    ]
    region = open_region(region_file(tmp_path, *rules))
    assert region.inside("test/good/camera_1_7.png", 30, 40).sum() == 600
    assert region.inside(Path("/somewhere/test/good/7.png"), 30, 40).sum() == 400
    with pytest.raises(UserError, match=r"no region of interest for test/bad/7.png: none of its patterns matches"):
        region.inside("test/bad/7.png", 30, 40)
    everywhere = open_region(region_file(tmp_path, *rules, {"pattern": "*", "whole": True}))
    assert everywhere.inside("test/bad/7.png", 11, 12).all()


def test_the_hash_follows_the_json_and_the_masks(tmp_path):
    write_png(tmp_path / "a.png", np.full((8, 8), 255, np.uint8))
    path = region_file(tmp_path, {"mask": "a.png"})
    first = open_region(path).sha256
    assert open_region(path).sha256 == first
    write_png(tmp_path / "a.png", np.eye(8, dtype=np.uint8) * 255)
    assert open_region(path).sha256 != first


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"pattern": "*"}, "exactly one of mask, polygons, whole"),
        ({"pattern": "*", "whole": True, "mask": "m.png"}, "exactly one of"),
        ({"pattern": "*", "polygon": [SQUARE]}, "'polygon' is unknown"),
        ({"pattern": "*", "polygons": [SQUARE]}, "need the size of their images"),
        ({"size": [40, 30], "polygons": []}, "polygons must not be empty"),
        ({"size": [40, 30], "polygons": [SQUARE[:2]]}, "at least three points"),
        ({"size": [20, 30], "polygons": [SQUARE]}, r"\[30, 5\] is no point \[x, y\] within the image of 20 x 30"),
        ({"size": [40, 30], "polygons": [SQUARE], "holes": [[[0, 0], [40, 0], [40, 30], [0, 30]]]}, "is empty"),
        ({"mask": "../outside.png"}, "must lie in the folder of the region file"),
        ({"mask": "absent.png"}, "cannot read .*absent.png"),
        ({"mask": "black.png"}, "is empty: no pixel lies inside"),
    ],
)
def test_a_wrong_rule_is_refused_by_number(tmp_path, rule, message):
    write_png(tmp_path / "black.png", np.zeros((8, 8), dtype=np.uint8))
    with pytest.raises(UserError, match=message):
        open_region(region_file(tmp_path, rule))


def test_a_file_that_is_no_region_and_an_image_of_another_size_are_refused(tmp_path):
    (tmp_path / "labelme.json").write_text('{"shapes": []}')
    (tmp_path / "cut.json").write_text('{"format": ')
    for name, message in (("labelme", "is no region file"), ("cut", "cannot be read as a region file")):
        with pytest.raises(UserError, match=message):
            open_region(tmp_path / f"{name}.json")
    region = open_region(region_file(tmp_path, {"size": [40, 30], "polygons": [SQUARE]}))
    with pytest.raises(UserError, match=r"a.png has 41 x 30 pixels, but the region of interest .* 40 x 30"):
        region.inside("a.png", 30, 41)


def test_a_patch_outside_takes_the_nearest_patch_inside():
    inside = np.zeros((64, 96), dtype=np.bool_)
    inside[20:50, 30:70] = True
    rows, columns = Axis(-4.0, 8.0, 10), Axis(3.0, 7.5, 13)
    kept = centres_inside(inside, rows, columns)
    y, x = np.meshgrid(rows.centres(), columns.centres(), indexing="ij")
    np.testing.assert_array_equal(kept, (y >= 20) & (y < 50) & (x >= 30) & (x < 70))
    standing = nearest_inside(inside, rows, columns)
    down, across = np.divmod(np.arange(kept.size), columns.count)
    down, across = down.reshape(kept.shape), across.reshape(kept.shape)
    for row, column in np.ndindex(kept.shape):
        away = np.hypot(*(np.argwhere(kept) - (row, column)).T)
        to = np.hypot(down.flat[standing[row, column]] - row, across.flat[standing[row, column]] - column)
        assert to <= away.min() * 1.05  # OpenCV's 5 x 5 mask approximates distances
    assert (standing[kept] == np.flatnonzero(kept)).all()
    with pytest.raises(UserError, match="no patch's centre lies inside"):
        nearest_inside(np.zeros((64, 96), dtype=np.bool_), rows, columns)


def test_the_upper_left_pixel_is_white_in_a_palette_picture_too(tmp_path):
    pixels = np.zeros((10, 10, 3), dtype=np.uint8)
    pixels[:5] = (0, 0, 200)  # painted in one colour
    assert cv2.imwrite(str(tmp_path / "painted.png"), pixels)
    assert open_region(tmp_path / "painted.png").inside("a.png", 10, 10).sum() == 50
