"""The figures of a run folder by name, from training.json and from evaluation/results.json.

Names begin with what they are about: ``coreset.size``, ``seconds.collect``; figures on images begin with their split:
``validation.f1`` is the threshold's, ``test.aupro`` an evaluation's.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TRAINING, EVALUATION, RESULTS = "training.json", "evaluation", "results.json"
_VALIDATION = ("f1", "precision", "recall")

Figures = dict[str, float]
Course = dict[str, list[float]]
"""Figures by epoch, the first epoch first."""


def training_figures(folder: Path) -> tuple[Figures, Course]:
    """Return a training's figures, and those by epoch; both are empty for a folder without training.json."""
    record = _read(folder / TRAINING)
    threshold, coreset = record.get("threshold", {}), record.get("coreset", {})
    numbers = {"threshold": threshold.get("value"), "peak_memory_mb": record.get("peak_memory_mb")}
    numbers |= {f"validation.{name}": threshold.get(name) for name in _VALIDATION}
    numbers |= {f"coreset.{name}": value for name, value in coreset.items()}
    numbers |= {f"seconds.{name}": value for name, value in record.get("seconds", {}).items()}
    numbers |= {f"loss.{name}": value for name, value in record.get("training", {}).get("last_losses", {}).items()}
    course: Course = {}
    for epoch in coreset.get("epochs", []):
        for name, value in _numbers(epoch).items():
            course.setdefault(f"epoch.{name}", []).append(value)
    return _numbers(numbers), course


def evaluation_figures(folder: Path) -> Figures:
    """Return an evaluation's figures, named by its split; none for a folder that is not evaluated."""
    results = _read(folder / EVALUATION / RESULTS)
    if not results:
        return {}
    split, metrics = results["dataset"]["split"], results["metrics"]
    numbers = _numbers(metrics)
    numbers |= {f"pixels.{name}": value for name, value in _numbers(metrics["pixels"]).items()}
    return {f"{split}.{name}": value for name, value in numbers.items()}


def _numbers(values: Mapping[str, Any]) -> Figures:
    return {name: float(value) for name, value in values.items() if isinstance(value, int | float)}


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document
