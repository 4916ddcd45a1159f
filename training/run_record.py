"""The end of a training run: threshold, model file, training.json, and a summary that people read."""

import logging
import platform
import sys
import time
from importlib import metadata as installed
from pathlib import Path
from typing import Any

import torch
from omegaconf import DictConfig, OmegaConf

from training.anomaly_model import AnomalyModel
from training.collect import Epoch, converged
from training.coreset import SequentialCoreset
from training.dataset import Dataset
from training.extractor import FeatureExtractor
from training.find_threshold import find_threshold
from training.model_file import FILE_NAME, save_model
from training.whole_file import write_json

log = logging.getLogger(__name__)


def finish_run(
    *,
    folder: Path,
    cfg: DictConfig,
    extractor: FeatureExtractor,
    coreset: SequentialCoreset,
    epochs: list[Epoch],
    dataset: Dataset,
    provenance: dict[str, Any],
    started: float,
) -> dict[str, Any]:
    """Find the threshold, write ``coreset.safetensors`` and ``training.json`` into the run folder, and log the summary.

    ``started`` is ``time.perf_counter()`` at the run's start. Returns what training.json holds. Raises UserError.
    """
    collected = time.perf_counter()
    anomaly_map: dict[str, Any] = OmegaConf.to_container(cfg.anomaly_map, resolve=True)  # type: ignore[assignment]
    model = AnomalyModel(extractor, coreset.features, **anomaly_map)
    threshold, threshold_warnings = find_threshold(model, dataset, cfg.threshold.method)
    finished = time.perf_counter()
    warnings = list(dict.fromkeys([*extractor.warnings, *provenance.pop("warnings", []), *threshold_warnings]))
    figures = {
        "size": coreset.size,
        "channels": coreset.features.shape[1],
        "converged": converged(epochs),
        "smallest_distance": coreset.smallest_distance,
        "epochs": [vars(epoch) for epoch in epochs],
    }
    described = {
        "extractor": extractor.fingerprint,
        "extractor_config": extractor.config,
        "anomaly_map": anomaly_map,
        "threshold": threshold,
        "coreset": figures,
        "provenance": provenance,
        "warnings": warnings,
    }
    save_model(folder / FILE_NAME, coreset.features, described)
    record = {
        **described,
        "seconds": {"collect": round(collected - started, 2), "threshold": round(finished - collected, 2)},
        "peak_memory_mb": peak_memory_mb(),
        "device": device_name(extractor),
        "versions": {name: installed.version(name) for name in ("torch", "torchvision", "numpy", "numba")}
        | {"python": platform.python_version()},
    }
    write_json(folder / "training.json", record)
    _log_summary(folder, record)
    return record


def device_name(extractor: FeatureExtractor) -> str:
    """Return the name of the device that the extractor runs on."""
    return torch.cuda.get_device_name() if extractor.mean.is_cuda else f"CPU, {torch.get_num_threads()} threads"


def peak_memory_mb() -> float | None:
    """Return the largest resident memory this process has had, in MiB; None where nobody tells (Windows)."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (2**20 if sys.platform == "darwin" else 2**10), 1)


def _log_summary(folder: Path, record: dict[str, Any]) -> None:
    coreset, threshold, seconds = record["coreset"], record["threshold"], record["seconds"]
    replaced = ", ".join(str(epoch["replacements"]) for epoch in coreset["epochs"])
    state = "converged" if coreset["converged"] else "stopped at the limit of epochs, not converged"
    f1 = "" if threshold["f1"] is None else f", validation F1 {threshold['f1']:.4f}"
    f1 += (
        ""
        if threshold["f1"] is None
        else f" (precision {threshold['precision']:.4f}, recall {threshold['recall']:.4f})"
    )
    memory = "" if record["peak_memory_mb"] is None else f", peak memory {record['peak_memory_mb']:.0f} MiB"
    run = _shown(folder)
    log.info("Coreset: %d x %d, %s; replacements by epoch: %s", coreset["size"], coreset["channels"], state, replaced)
    log.info(
        "Smallest distance in the coreset %.6g; threshold %.6g%s", coreset["smallest_distance"], threshold["value"], f1
    )
    log.info(
        "Collected in %.1f s, threshold in %.1f s%s, %s",
        seconds["collect"],
        seconds["threshold"],
        memory,
        record["device"],
    )
    for warning in record["warnings"]:
        log.warning("Warning: %s", warning)
    log.info("Run folder: %s", run)
    log.info("Next: python -m eval.evaluate model=%s", run)


def _shown(folder: Path) -> Path:
    absolute = folder.resolve()
    return absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute
