"""Small plates with a scratch and stains, and training on them."""

import json
from pathlib import Path

import cv2
import numpy as np
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from eval.metrics.settings import BootstrapSettings, TallySettings
from tests.training.configured import train_run
from training.support.entry_point import CONF_FOLDER

CLASSES = [
    {"id": 0, "name": "background", "kind": "background", "colour": [0, 0, 0]},
    {"id": 2, "name": "dent", "kind": "defect", "colour": [0, 200, 0]},
    {"id": 4, "name": "scratch", "kind": "defect", "colour": [255, 0, 0]},
    {"id": 6, "name": "water_stain", "kind": "impurity", "colour": [0, 0, 255]},
]
HEIGHT, WIDTH = 72, 96


def compose_config(config: str, overrides: list[str]) -> DictConfig:
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        return compose(config, overrides)


def write_png(path: Path, pixels: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), pixels)


def draw_sample(rng: np.random.Generator, split: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw image, mask and instances of a noise plate with an ignored border.

    Validation and test plates have a scratch and two faint stains.
    """
    image = rng.integers(90, 130, (HEIGHT, WIDTH, 3), dtype=np.uint8)
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    instances = np.zeros((HEIGHT, WIDTH), np.uint16)
    if split != "train":
        marks = (
            (4, slice(30, 40), slice(20, 60), 255),
            (6, slice(52, 60), slice(50, 60), 150),
            (6, slice(8, 16), slice(70, 80), 150),
        )
        for number, (class_id, rows, columns, value) in enumerate(marks, start=1):
            image[rows, columns], mask[rows, columns], instances[rows, columns] = value, class_id, number
    mask[:, :6], image[:, :6] = 255, 0
    return image, mask, instances


def write_dataset(root: Path, splits: list[str], seed: int) -> Path:
    """Write a dataset folder with one sample per entry of splits; return it."""
    rng, rows, instance_rows = np.random.default_rng(seed), [], []
    for number, split in enumerate(splits):
        sample_id = f"{number:06d}"
        parts = dict(zip(("images", "masks", "instances"), draw_sample(rng, split), strict=True))
        for folder, pixels in parts.items():
            write_png(root / folder / f"{sample_id}.png", pixels)
        files = ",".join(f"{folder}/{sample_id}.png" for folder in parts)
        rows.append(f"{sample_id},{split},{files},ring,plate_{number // 2},0")
        for instance_id in np.unique(parts["instances"])[1:]:
            inside = parts["instances"] == instance_id
            name = next(c["name"] for c in CLASSES if c["id"] == parts["masks"][inside][0])
            instance_rows.append(f"{sample_id},{instance_id},{name},{inside.sum()}")
    header = "sample_id,split,image,mask,instances,light,plate_id,view"
    (root / "samples.csv").write_text("\n".join([header, *rows]) + "\n")
    (root / "instances.csv").write_text("\n".join(["sample_id,instance_id,class,pixel_area", *instance_rows]) + "\n")
    description = {
        "format": "stainless-dataset",
        "version": 1,
        "name": "small plates",
        "generator": "test",
        "blender": None,
        "image_size": {"width": WIDTH, "height": HEIGHT},
        "metres_per_pixel": None,
        "classes": CLASSES,
        "ignore_id": 255,
        "seeds": {},
        "job": None,
        "samples": len(splits),
    }
    (root / "dataset.json").write_text(json.dumps(description))
    return root


def train_into(folder: Path, dataset: Path, *overrides: str) -> Path:
    """Train like the entry point and write the model, training.json and Hydra's config into folder."""
    tiny = ["extractor=resnet18", "extractor.weights=random", "coreset.size=40", "coreset.epochs=2", "device=cpu"]
    cfg = compose_config("train", [f"dataset.root={dataset}", *tiny, *overrides])
    (folder / ".hydra").mkdir(parents=True)
    OmegaConf.save(cfg, folder / ".hydra" / "config.yaml")
    train_run(cfg, folder)
    return folder


def tally_settings(**changed) -> TallySettings:
    """Return settings for small tallies, with the given changes."""
    bootstrap = BootstrapSettings(resamples=50, confidence=0.9, seed=0)
    own = {"minimum_coverage": 0.0, "coverages": (), "aupro_limit": 0.3, "minimum_prediction_size": 0}
    return TallySettings(**{**own, "sweep_octaves": 1.0, "sweep_steps": 4, "bootstrap": bootstrap, **changed})
