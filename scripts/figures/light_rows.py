"""Render the paper's figure 3: plates under each light, clean, stained, and the stains' masks.

python scripts/light_rows.py [--out PICTURE] [--plates N] [OVERRIDE ...]
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException

from eval.pictures.overlay import colour_classes
from scripts.render import composed_job
from scripts.rendering.process import RenderError, run_render_job
from training.data.dataset import Dataset, read_image, read_mask
from training.data.stainless_layout import open_stainless
from training.support.entry_point import CONF_FOLDER, one_line
from training.support.user_error import UserError

LIGHTS = ("base", "rot90", "scale2")
VERSIONS = ("synth", "synth_ws")
GAP, APART = 4, 12  # pixels between tiles, and between plates
QUALITY = [cv2.IMWRITE_JPEG_QUALITY, 66]


def main() -> int:
    """Parse, render and write; print the picture's path."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "docs" / "pictures" / "lights.jpg")
    parser.add_argument("--plates", type=int, default=2, help="number of textures (default: %(default)s)")
    parser.add_argument("overrides", nargs="*", help="overrides of conf/render.yaml, for example job.image.samples=64")
    options = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            picture = light_rows(Path(folder), options.plates, options.overrides)
        if not cv2.imwrite(str(options.out), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), QUALITY):
            raise UserError(f"{options.out} cannot be written")
    except (UserError, RenderError, HydraException, OSError, cv2.error) as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        return 2
    print(f"picture: {options.out}")
    return 0


def light_rows(folder: Path, plates: int, overrides: Sequence[str]) -> np.ndarray:
    """Render into `folder`; return an RGB picture, uint8: plates side by side, one column per light."""
    columns: list[list[np.ndarray]] = [[] for _ in range(plates)]
    for light in LIGHTS:
        clean, stained = (_rendered(folder, version, light, plates, overrides) for version in VERSIONS)
        for number in range(plates):
            sample = stained.samples[number]
            image = read_image(sample.image)
            mask = colour_classes(read_mask(sample, image.shape), stained.classes, stained.ignore_id)
            tiles = [read_image(clean.samples[number].image), image, mask]
            columns[number].append(_joined(tiles, GAP, axis=0))
    return _joined([_joined(column, GAP, axis=1) for column in columns], APART, axis=1)


def _rendered(folder: Path, version: str, light: str, plates: int, overrides: Sequence[str]) -> Dataset:
    out = folder / f"{version}_{light}"
    names = [f"render={version}", f"light={light}", "job.image.width=306", "job.image.height=256"]
    names += ["job.seeds.impurity=0", *overrides]  # the same stains under every light, like in the paper's figure
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        cfg = compose("render", names)
    job = composed_job(cfg)
    job["splits"][0]["plates"] = plates
    run_render_job(job, out, cfg.execution)
    return open_stainless(out)


def _joined(tiles: Sequence[np.ndarray], gap: int, axis: int) -> np.ndarray:
    shape = list(tiles[0].shape)
    shape[axis] = gap
    space = np.full(shape, 255, np.uint8)
    return np.concatenate([part for tile in tiles for part in (tile, space)][:-1], axis=axis)
