"""Small real datasets and extractors: noise plates with bright defects, random but seeded weights."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from omegaconf import DictConfig

from tests.training.configured import build_extractor
from tests.training.small_plates import CLASSES, TINY, compose_config, plate, write_png
from training.features.extractor import FeatureExtractor


@pytest.fixture
def stainless_folder(tmp_path: Path) -> Path:
    """Six train, three validation and two test plates with an ignored border.

    Validation and test plates have a scratch and a stain.
    """
    root, rng = tmp_path / "plates", np.random.default_rng(7)
    rows = []
    for number in range(11):
        split = "train" if number < 6 else "validation" if number < 9 else "test"
        image, mask = plate(rng), np.zeros((72, 88), dtype=np.uint8)
        if split != "train":
            mask[30:40, 20:60], image[30:40, 20:60] = 4, 255
            mask[50:60, 50:70] = 6
        mask[:, :6], image[:, :6] = 255, 0
        name = f"{number:06d}.png"
        write_png(root / "images" / name, image)
        write_png(root / "masks" / name, mask)
        write_png(root / "instances" / name, (mask == 4).astype(np.uint16))
        files = f"images/{name},masks/{name},instances/{name}"
        rows.append(f"{number:06d},{split},{files},ring,plate_{number // 2 if number < 8 else number},0")
    (root / "samples.csv").write_text(
        "sample_id,split,image,mask,instances,light,plate_id,view\n" + "\n".join(rows) + "\n"
    )
    instances = [f"{number:06d},1,scratch,400" for number in range(6, 11)]
    (root / "instances.csv").write_text("sample_id,instance_id,class,pixel_area\n" + "\n".join(instances) + "\n")
    description = {
        "format": "stainless-dataset",
        "version": 1,
        "name": "tiny plates",
        "generator": "test",
        "blender": None,
        "image_size": {"width": 88, "height": 72},
        "metres_per_pixel": None,
        "classes": CLASSES,
        "ignore_id": 255,
        "seeds": {},
        "job": None,
        "samples": 11,
    }
    (root / "dataset.json").write_text(json.dumps(description))
    return root


@pytest.fixture
def mvtec_folder(tmp_path: Path) -> Path:
    """Images of differing sizes, grey and colour, jpg and png; 10 good, 8 hole and 2 crack test images."""
    root, rng = tmp_path / "nut", np.random.default_rng(8)
    for number in range(5):
        write_png(root / "train" / "good" / f"{number}.png", plate(rng, 64 + 3 * number, 90 - 2 * number)[..., 0])
    for folder, count in (("good", 10), ("hole", 8), ("crack", 2)):
        for number in range(count):
            image = plate(rng, 70 + number, 80)
            mask = np.zeros(image.shape[:2], dtype=np.uint8)
            if folder != "good":
                image[20:40, 30:50], mask[20:40, 30:50] = 0, 255
                write_png(root / "ground_truth" / folder / f"{number:03d}_mask.png", mask)
            write_png(root / "test" / folder / f"{number:03d}.{'jpg' if folder == 'hole' else 'png'}", image)
    return root


@pytest.fixture(scope="session")
def tiny_extractor() -> FeatureExtractor:
    return build_extractor(compose_config("train", ["dataset.root=x", *TINY]).extractor, "cpu")


@pytest.fixture
def dataset_config() -> Callable[..., DictConfig]:
    def config(layout: str, root: Path, *overrides: str) -> DictConfig:
        return compose_config("train", [f"dataset={layout}", f"dataset.root={root}", *overrides]).dataset

    return config
