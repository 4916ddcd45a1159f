"""The end of a run: model file, training.json, and a summary in the log."""

from __future__ import annotations

import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from training.coreset.collection import Certificate, Epoch
from training.drift.reference import DriftReference
from training.model.file import FILE_NAME, save_model
from training.model.members import MemberRecord
from training.model.provenance import Document, Provenance
from training.model.record import FoundThreshold, ModelRecord
from training.model.settings import AnomalyMapSettings
from training.runs.earlier_run import move_to_previous
from training.support.software_versions import software_versions
from training.support.whole_file import write_json

log = logging.getLogger(__name__)


class Described(NamedTuple):
    """Those fields of a model's record that do not come from the collection of its coreset."""

    extractor: Document
    extractor_config: Document
    anomaly_map: AnomalyMapSettings
    threshold: FoundThreshold
    reference: DriftReference | None


def finish_run(
    *,
    folder: Path,
    features: NDArray[np.float32],
    members: MemberRecord,
    places: int,
    minimum_support: int,
    described: Described,
    certificate: Certificate,
    epochs: list[Epoch],
    provenance: Provenance,
    warnings: list[str],
    seconds: dict[str, float],
    device: str,
) -> dict[str, Any]:
    """Write ``coreset.safetensors`` and ``training.json`` into the run folder, and log the summary.

    ``places`` is the number of members before those below the minimum support were dropped. Repeated ``warnings`` are
    written once. Returns the content of training.json. Raises UserError.
    """
    coreset = {
        "size": len(features),
        "places": places,
        "minimum_support": minimum_support,
        "dropped": places - len(features),
        "channels": features.shape[1],
        **asdict(certificate),
        "epochs": [asdict(epoch) for epoch in epochs],
    }
    model = ModelRecord(
        **described._asdict(),
        coreset=coreset,
        provenance=provenance,
        warnings=tuple(dict.fromkeys(warnings)),
        members=members,
    )
    move_to_previous(folder)
    save_model(folder / FILE_NAME, features, model)
    record = {
        **model.document(),
        "seconds": {name: round(value, 2) for name, value in seconds.items()},
        "peak_memory_mb": peak_memory_mb(),
        "device": device_name(device),
        "versions": software_versions(),
    }
    write_json(folder / "training.json", record)
    _log_summary(folder, record)
    return record


def device_name(device: str) -> str:
    """Return the name of the hardware behind "cpu" or "cuda"."""
    if device == "cuda":
        import torch

        return torch.cuda.get_device_name()
    return f"CPU, {os.cpu_count()} cores"


def peak_memory_mb() -> float | None:
    """Return the largest resident memory of this process so far, in MiB; None if unknown (Windows).

    Linux: VmHWM, because ru_maxrss also counts the process that started this one.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        return round(int(status.read_text().split("VmHWM:")[1].split()[0]) / 2**10, 1)
    if sys.platform != "darwin":
        return None
    import resource

    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 1)


def _log_summary(folder: Path, record: dict[str, Any]) -> None:
    coreset, threshold, seconds = record["coreset"], record["threshold"], record["seconds"]
    replaced = ", ".join(str(epoch["replacements"]) for epoch in coreset["epochs"])
    state = "converged" if coreset["converged"] else "stopped at the limit of epochs, not converged"
    log.info("Coreset: %d x %d, %s; replacements by epoch: %s", coreset["size"], coreset["channels"], state, replaced)
    if coreset["dropped"]:
        log.info("Minimum support %d: %d members dropped", coreset["minimum_support"], coreset["dropped"])
    smallest, radius = coreset["smallest_distance"], coreset["covering_radius"]
    covering = "not measured" if radius is None else f"{radius:.6g}"
    log.info("Smallest distance in the coreset %.6g, covering radius %s", smallest, covering)
    log.info("Threshold %.6g (%s)%s", threshold["value"], threshold["method"], _shown_f1(threshold))
    times = ", ".join(f"{name} {value:.1f} s" for name, value in seconds.items())
    memory = "" if record["peak_memory_mb"] is None else f"; peak memory {record['peak_memory_mb']:.0f} MiB"
    log.info("Time: %s%s; %s", times, memory, record["device"])
    run = _shown(folder)
    for warning in record["warnings"]:
        log.warning("Warning: %s", warning)
    log.info("Run folder: %s", run)
    log.info("Next: python -m eval.evaluate model=%s", run)


def _shown_f1(threshold: dict[str, Any]) -> str:
    if threshold["f1"] is None:
        return ""
    precision, recall = threshold["precision"], threshold["recall"]
    return f", validation F1 {threshold['f1']:.4f} (precision {precision:.4f}, recall {recall:.4f})"


def _shown(folder: Path) -> Path:
    absolute = folder.resolve()
    return absolute.relative_to(Path.cwd()) if absolute.is_relative_to(Path.cwd()) else absolute
