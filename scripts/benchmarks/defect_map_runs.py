"""Runs of defect maps, coresets and fusions for benchmarks: trained, evaluated, and reused if nothing changed."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from omegaconf import DictConfig, OmegaConf

from scripts.training_steps import composed_config, quoted

METRICS = ("image_auroc", "pixel_average_precision", "aupro", "pixel_f1", "largest_f1")


@dataclass(frozen=True)
class Course:
    """The folder of the runs, and further settings of every training of a defect map."""

    folder: Path
    settings: tuple[str, ...] = ()

    def defect_map(self, name: str, dataset: Sequence[str], *settings: str) -> tuple[Path, dict[str, Any]]:
        """Train and evaluate a defect map; return the run folder and its metrics."""
        from training.runs.defect_map_run import train_defect_map_run
        from training.runs.defect_map_settings import read_defect_map_run_settings

        cfg = composed_config("train_defect_map", *dataset, *self.settings, *settings)
        return self._run(name, cfg, lambda run: train_defect_map_run(read_defect_map_run_settings(cfg), run))

    def coreset(self, name: str, dataset: Sequence[str], *settings: str) -> tuple[Path, dict[str, Any]]:
        """Train and evaluate a coreset; return the run folder and its metrics."""
        from training.runs.settings import read_training_settings
        from training.runs.training_run import train_run

        cfg = composed_config("train", *dataset, *settings)
        return self._run(name, cfg, lambda run: train_run(read_training_settings(cfg), run))

    def fusion(self, name: str, sources: Sequence[Path]) -> tuple[Path, dict[str, Any]]:
        """Fuse and evaluate; return the run folder and its metrics."""
        from training.runs.fuse_run import fuse_run, read_fuse_settings, with_recorded_dataset

        listed = ",".join(quoted(source) for source in sources)
        cfg = with_recorded_dataset(composed_config("fuse", f"sources=[{listed}]"))
        shutil.rmtree(self.folder / name, ignore_errors=True)  # its sources may have changed
        return self._run(name, cfg, lambda run: fuse_run(read_fuse_settings(cfg), run))

    def _run(self, name: str, cfg: DictConfig, train: Callable[[Path], Any]) -> tuple[Path, dict[str, Any]]:
        """Make a run unless the folder has it with the same settings; an unfinished one continues."""
        from eval.runs.run_evaluation import evaluate_run
        from eval.runs.settings import read_settings

        run = self.folder / name
        saved, text = run / ".hydra" / "config.yaml", OmegaConf.to_yaml(cfg)
        if saved.is_file() and saved.read_text(encoding="utf-8") != text:
            shutil.rmtree(run)
        saved.parent.mkdir(parents=True, exist_ok=True)
        saved.write_text(text, encoding="utf-8")
        if not (run / "training.json").is_file():
            train(run)
        if not (run / "evaluation" / "results.json").is_file():
            overrides = (f"model={quoted(run)}", "bootstrap.resamples=0", "pictures.all_up_to=0")
            evaluate_run(run, read_settings(composed_config("evaluate", *overrides)))
        return run, metrics_of(run)


def metrics_of(run: Path) -> dict[str, Any]:
    """Return the METRICS of an evaluated run in percent; pixel_f1 is at the threshold from validation."""
    from eval.runs.results_file import read_results

    results = read_results(run)
    found = {name: getattr(results.metrics, name) for name in METRICS if name != "largest_f1"}
    points = np.array([point[1:] for point in results.curves.precision_recall if point[1] + point[2] > 0])
    found["largest_f1"] = float((2 * points[:, 0] * points[:, 1] / points.sum(axis=1)).max()) if len(points) else None
    return {name: None if value is None else 100 * value for name, value in found.items()}


def means(found: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """Return the mean of each metric; None where a run has none."""
    result: dict[str, float | None] = {}
    for name in METRICS:
        values = [entry[name] for entry in found]
        result[name] = None if None in values else float(np.mean(values))
    return result


def spreads(found: Sequence[dict[str, Any]]) -> dict[str, float | None]:
    """Return the standard deviation of each metric over the runs; None where a run has none."""
    result: dict[str, float | None] = {}
    for name in METRICS:
        values = [entry[name] for entry in found]
        result[name] = None if None in values else float(np.std(values))
    return result
