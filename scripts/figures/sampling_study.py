"""Find the smallest samples, bounces, light sampling and denoising that leave a trained model's results unchanged.

A coreset is trained on a few stained plates rendered with each setting. Its threshold is found, and it is evaluated, on
other plates with all six classes, rendered with many samples: a real camera's picture has none of Cycles' noise.
  uv run scripts/sampling_study.py --training extractor.activation=relu extractor.weights=mobilenet.pth
Rendered pictures are kept in --out; run the command again to continue.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from rich.console import Console
from rich.table import Table

from training.support.entry_point import CONF_FOLDER, one_line, settle_threads
from training.support.user_error import UserError

WIDTH, HEIGHT = 612, 512
REFERENCE = 32  # samples of the test plates
SAMPLES = (1, 2, 4, 8, 16, 32)
LIGHT_AT = 4  # samples at which the light sampling methods are compared
DENOISED = (4, 8, 16)  # samples of denoised pictures
RAW_SHARE = 0.5  # part of the raw picture in a blend with the denoised one
SEEDS = (0, 1, 2)  # orders of the train images, to measure the variation by chance
METRICS = {"pixel_f1": "F1_px", "mean_defect_wise_recall": "mR_DW", "aupro": "AUPRO"}


def main() -> int:
    """Render, train and evaluate; print the table, and write the JSON file if one is asked for."""
    options = _parse()
    settle_threads()
    console = Console()
    try:
        evaluated, trained = render_all(options.out, options.samples)
        rows = [{"setting": name, **evaluate_seeds(root, evaluated, options)} for name, root in trained.items()]
    except (UserError, HydraException, OSError) as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        return 2
    console.print(as_table(rows))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    return 0


def render_all(out: Path, samples: Sequence[int]) -> tuple[Path, dict[str, Path]]:
    """Render the test plates, and train plates with every setting; return their dataset folders."""
    # Blender loads slowly.
    from scripts.figures.sampling_pictures import EVALUATED, TRAINED, Sampling, blend_plates, render_plates

    settings = {f"{number} samples": Sampling(number) for number in samples}
    settings[f"{LIGHT_AT} samples, light tree"] = Sampling(LIGHT_AT, light_tree=True)
    settings[f"{LIGHT_AT} samples, along reflections only"] = Sampling(LIGHT_AT, look_for_ring=False)
    settings |= {f"{number} samples, denoised": Sampling(number, denoise=True) for number in DENOISED}
    evaluated = render_plates(out, Sampling(REFERENCE), EVALUATED, WIDTH, HEIGHT)
    trained = {name: render_plates(out, each, TRAINED, WIDTH, HEIGHT) for name, each in settings.items()}
    for number in sorted(set(DENOISED) & set(samples)):
        raw, denoised = (trained[f"{number} samples{suffix}"] for suffix in ("", ", denoised"))
        trained[f"{number} samples, blended"] = blend_plates(raw, denoised, RAW_SHARE)
    return evaluated, trained


def evaluate_seeds(root: Path, evaluated: Path, options: argparse.Namespace) -> dict[str, list[float]]:
    """Train on a dataset with each seed and evaluate; return every metric's values."""
    from eval.runs.run_evaluation import evaluate_run
    from eval.runs.settings import read_settings
    from training.runs.settings import read_training_settings
    from training.runs.training_run import train_run

    values: dict[str, list[float]] = {name: [] for name in METRICS}
    for seed in SEEDS:
        run = options.out / "runs" / f"{root.name}_{seed}"
        results = run / "evaluation" / "results.json"
        if not results.exists():
            places = [f"dataset.root={root}", f"dataset.evaluation_root={evaluated}"]
            order = ["coreset.shuffle=true", f"coreset.seed={seed}", "coreset.measure_radius=false"]
            cfg = _config("train", *places, *order, f"name={run.name}", *options.training)
            (run / ".hydra").mkdir(parents=True, exist_ok=True)
            OmegaConf.save(cfg, run / ".hydra" / "config.yaml")
            train_run(read_training_settings(cfg), run)
            evaluate_run(run, read_settings(_config("evaluate", f"model={run}")))
        metrics: dict[str, Any] = json.loads(results.read_text(encoding="utf-8"))["metrics"]
        for name, found in values.items():
            found.append(100 * metrics[name])
    return values


def as_table(rows: Sequence[dict[str, Any]]) -> Table:
    """Return the table: one row per setting, the mean and the range over the seeds, in percent."""
    table = Table("setting", *METRICS.values())
    for row in rows:
        cells = (f"{statistics.mean(row[n]):.1f} ({min(row[n]):.1f} to {max(row[n]):.1f})" for n in METRICS)
        table.add_row(row["setting"], *cells)
    return table


def _config(name: str, *overrides: str) -> DictConfig:
    with initialize_config_dir(str(CONF_FOLDER), version_base="1.3"):
        return compose(name, [*overrides])


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/sampling_study"), help="folder of all results")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the measurements to this file")
    parser.add_argument("--samples", type=int, nargs="+", default=SAMPLES, help="samples per pixel to try")
    parser.add_argument("--training", nargs="+", default=[], metavar="KEY=VALUE", help="changes to conf/train.yaml")
    return parser.parse_args()
