from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from scripts.import_mvtec import main
from tests.training.small_plates import plate, write_png
from training.data.dataset import read_image, read_instances, read_mask
from training.data.mvtec_layout import open_mvtec
from training.data.stainless_layout import open_stainless


@pytest.fixture
def tiles(tmp_path: Path) -> Path:
    """Six good train images; five test plates of two views each: one good, three holes of two blobs, one crack."""
    root, rng = tmp_path / "tiles", np.random.default_rng(8)
    for number in range(6):
        write_png(root / "train" / "good" / f"t{number}_a.png", plate(rng, 40, 50))
    for number, folder in enumerate(("good", "hole", "hole", "hole", "crack", "crack")):
        for view in "ab":
            write_png(root / "test" / folder / f"p{number}_{view}.png", plate(rng, 40 + number, 50))
            if folder != "good":
                mask = np.zeros((40 + number, 50), np.uint8)
                mask[5:9, 5:9], mask[20:30, 30:33] = 255, 255
                write_png(root / "ground_truth" / folder / f"p{number}_{view}_mask.png", mask)
    return root


def test_images_masks_and_instances_are_the_layout_s(tiles, tmp_path):
    assert main([str(tiles), "--out", str(tmp_path / "d"), "--impurities", "crack", "--seed", "4"]) == 0
    dataset, original = open_stainless(tmp_path / "d"), open_mvtec(tiles, 0.3, 4)
    assert [(c.name, c.kind) for c in dataset.classes[1:]] == [("crack", "impurity"), ("hole", "defect")]
    assert len(dataset.samples) == len(original.samples) == 18
    for sample, other in zip(dataset.samples, original.samples, strict=True):
        assert sample.split == other.split
        assert sample.image.read_bytes() == other.image.read_bytes()
        shape = read_image(other.image).shape
        mask = read_mask(sample, shape)
        np.testing.assert_array_equal(mask, read_mask(other, shape))
        found = read_instances(sample, mask)
        assert len(np.unique(found)) - 1 == ndimage.label(mask > 0, np.ones((3, 3)))[1]
    sizes = pd.read_csv(tmp_path / "d" / "instances.csv")["pixel_area"]
    assert sorted(sizes.unique()) == [16, 30]


def test_with_a_pattern_whole_plates_are_drawn(tiles, tmp_path):
    assert main([str(tiles), "--out", str(tmp_path / "d"), "--plate-pattern", "^(.+)_"]) == 0
    dataset = open_stainless(tmp_path / "d")
    plates = {name: {s.plate_id for s in dataset.split(name)} for name in ("train", "validation", "test")}
    assert len(plates["train"]) == 6
    assert not plates["validation"] & plates["test"]
    assert len(plates["validation"]) == 2  # one of three with holes, one of two with cracks, none of one that is good
    assert all(len([s for s in dataset.samples if s.plate_id == p]) == 2 for p in plates["validation"] | plates["test"])


def test_mistakes_are_told_in_one_line(tiles, tmp_path, capsys):
    def refusal(*arguments) -> str:
        assert main([str(argument) for argument in arguments]) == 2
        told = capsys.readouterr().err.strip()
        assert told.startswith("error: ")
        assert "\n" not in told
        return told

    out = tmp_path / "d"
    assert "no class rust; it has crack, hole" in refusal(tiles, "--out", out, "--impurities", "rust")
    assert "does not match --plate-pattern" in refusal(tiles, "--out", out, "--plate-pattern", "^x(.+)")
    assert "is in train/ and in test/" in refusal(tiles, "--out", out, "--plate-pattern", "_(.)$")
    (tiles / "ground_truth" / "hole" / "p1_a_mask.png").unlink()
    assert "has no mask" in refusal(tiles, "--out", out)
    assert "no dataset" in refusal(tmp_path / "none", "--out", out)
    assert not out.exists()
    with pytest.raises(SystemExit):
        main([str(tiles), "--out", str(out), "--plate-pattern", "("])
