"""A false alarm on something new that is sound, and what training.update with that picture changes."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.runs.run_evaluation import evaluate_run
from eval.runs.settings import read_settings
from scripts.benchmarks.teaching import VALIDATION, false_alarm, ratio
from scripts.training_steps import composed_config, quoted
from training.data.dataset import Dataset, Sample
from training.runs.settings import read_continuation_settings, read_training_settings
from training.runs.training_run import train_run, update_run

ACCURACY = ("aupro", "pixel_recall", "pixel_precision")


def accepted(
    train: Sequence[Sample], evaluation: Dataset, folder: Path, draw: int, training: Sequence[str]
) -> dict[str, Any]:
    """Train, update with the picture that raised a false alarm, and return what changed.

    ``before`` and ``after`` are the largest scores of the sticker, in another photograph, over the threshold.
    """
    given, alarm = false_alarm(train, evaluation, folder / "data", draw)
    data = ["dataset=mvtec", f"dataset.validation_fraction={VALIDATION}"]
    of_data, of_alarm = (f"dataset.root={quoted(root)}" for root in (given.root, alarm))
    train_run(read_training_settings(composed_config("train", *data, of_data, *training)), folder / "before")
    found: dict[str, Any] = {"before": ratio(folder / "before", given), **_accuracy(folder / "before", "before")}
    kept = [setting for setting in training if setting.startswith("threshold")]
    asked = [f"source={quoted(folder / 'before')}", of_alarm, f"dataset.evaluation_root={quoted(given.root)}"]
    update_run(read_continuation_settings(composed_config("update", *asked, *data, *kept)), folder / "after")
    return {**found, "after": ratio(folder / "after", given), **_accuracy(folder / "after", "after")}


def _accuracy(run: Path, when: str) -> dict[str, float | None]:
    """Evaluate on the test images; return AUPRO, pixel recall and precision at the threshold, in percent."""
    options = ("bootstrap.resamples=0", "pictures.all_up_to=0")
    results = evaluate_run(run, read_settings(composed_config("evaluate", f"model={quoted(run)}", *options)))
    values = {name: results["metrics"][name] for name in ACCURACY}
    return {f"{name}_{when}": None if value is None else 100 * value for name, value in values.items()}
