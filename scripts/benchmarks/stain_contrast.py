"""Measure how well water stains stand out from the noise of the picture, in dark and in bright field.

    uv run scripts/benchmark_stain_contrast.py
    uv run scripts/benchmark_stain_contrast.py --preset Mineral_Crust
    uv run scripts/benchmark_stain_contrast.py 'job.water_stain.intensity=[-0.4,-0.3]' job.stain_shading={}

Every plate of the job is rendered three times: with its stains, and without them with the same and with another seed of
the samples. The difference is the mean of |with - without| over the labelled pixels, at the same seed. The noise is the
mean of |without - without| over the same pixels, at the two seeds. Both are in grey levels of 255. A pixel lies in the
dark field if it is below 120 without stains, in the bright field if it is above 200.
"""

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from hydra import compose, initialize_config_dir
from rich.progress import Progress

from blender_addon.definitions.classes import WATER_STAIN
from blender_addon.job.definition import OWN_RANGES
from blender_addon.water_stain.preset import shipped_presets
from render_jobs.sample_plan import drawn_by, plan_samples
from scripts.render import composed_job
from scripts.rendering.still import cheaper_renderer, render_still
from training.support.entry_point import CONF_FOLDER
from training.support.user_error import UserError

DARK, BRIGHT = 120, 200  # grey levels of 255
UNSEEN = 1.0  # grey levels; a labelled pixel that changes by less counts as unseen


def contrast(stained: np.ndarray, clean: np.ndarray, other: np.ndarray, inside: np.ndarray) -> dict[str, float]:
    """Return the figures of all, dark and bright labelled pixels.

    `stained`, `clean` and `other` (another seed) are grey float pictures of one shape; `inside` is the bool mask.
    Fields without labelled pixels are left out. Raises ValueError if nothing is labelled.
    """
    if not inside.any():
        raise ValueError("no labelled pixels: the plates have no stains in view")
    figures: dict[str, float] = {}
    fields = {"all": inside, "dark": inside & (clean < DARK), "bright": inside & (clean > BRIGHT)}
    for name, pixels in fields.items():
        if not pixels.any():
            continue
        change = (stained - clean)[pixels]
        noise = float(np.abs(other - clean)[pixels].mean())
        figures |= {
            f"{name}_pixels": int(pixels.sum()),
            f"{name}_difference": float(np.abs(change).mean()),
            f"{name}_noise": noise,
            f"{name}_ratio": float(np.abs(change).mean()) / noise if noise else float("inf"),
            f"{name}_brightening": float(change.mean()),
            f"{name}_unseen": float((np.abs(change) < UNSEEN).mean()),
        }
    return figures


def measure(job: Mapping[str, Any]) -> dict[str, float]:
    """Render the plates of a job and return the figures over all their labelled pixels."""
    samples = drawn_by(cheaper_renderer(), plan_samples(job))
    parts: list[tuple[np.ndarray, ...]] = []
    with tempfile.TemporaryDirectory() as folder, Progress() as progress:
        for sample in progress.track(samples, description="plates"):
            plain = dataclasses.replace(sample.scene, surface=sample.scene.surface.cleaned())
            stained, classes = render_still(sample.scene, Path(folder))
            clean, _ = render_still(plain, Path(folder))
            other, _ = render_still(plain, Path(folder), seed=1)
            parts.append((stained.astype(float), clean.astype(float), other.astype(float), classes == WATER_STAIN.id))
    return contrast(*(np.stack(column) for column in zip(*parts, strict=True)))


def job_of_contrast(options: argparse.Namespace) -> dict[str, Any]:
    """Compose the job of small stained plates. Raises UserError for an invalid setting."""
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        job = composed_job(compose("render", ["render=synth_ws", *options.overrides]))
    job["image"] |= {"width": options.width, "height": round(options.width * 2050 / 2448)}
    job["splits"] = [{**job["splits"][0], "plates": options.plates}]
    job["stain_presets"] = [{"preset": options.preset}]
    return job


def main() -> int:
    """Parse, measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("overrides", nargs="*", help="changes to the job, such as job.image.samples=32")
    parser.add_argument("--plates", type=int, default=3, help="number of plates (default: %(default)s)")
    parser.add_argument("--width", type=int, default=408, help="width of the pictures (default: %(default)s)")
    parser.add_argument(
        "--preset",
        choices=[OWN_RANGES, *shipped_presets()],
        default=OWN_RANGES,
        help="look of the stains; own: the job's ranges (default: %(default)s)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file")
    options = parser.parse_args()
    try:
        figures = measure(job_of_contrast(options))
    except (UserError, ValueError) as error:
        parser.error(str(error))
    for name, figure in figures.items():
        print(f"{name:20s} {figure:.3g}")
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0
