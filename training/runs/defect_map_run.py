"""The training of a defect map: examples, steps, checkpoints, the threshold from validation, and the model file."""

import hashlib
import logging
import time
from pathlib import Path
from typing import Any, NamedTuple

import torch

from training.anomaly_synthesis.nominal_images import NominalImages
from training.anomaly_synthesis.sources import OpenedSources, open_sources
from training.coreset.checkpoint import FILE_NAME as CHECKPOINT_NAME
from training.coreset.checkpoint import Checkpoint
from training.data.dataset import Dataset
from training.defect_map.defect_map_model import DefectMapModel
from training.defect_map.examples import ExampleMaker
from training.defect_map.learner import TERMS, Learner
from training.drift.reference import ReferenceTally
from training.features.extractor import build_extractor, chosen_device
from training.model.defect_map_file import FILE_NAME, save_defect_map
from training.model.defect_map_record import DefectMapRecord, LeakCheck
from training.model.find_threshold import find_threshold
from training.model.provenance import Provenance
from training.runs.defect_map_settings import DefectMapRunSettings
from training.runs.earlier_run import move_to_previous
from training.runs.record import device_name, peak_memory_mb
from training.runs.recorded_dataset import trained_on
from training.runs.training_run import checked_dataset
from training.support.document import document_of
from training.support.progress import with_progress
from training.support.software_versions import software_versions
from training.support.user_error import UserError
from training.support.whole_file import write_json

log = logging.getLogger(__name__)

_REPORTS = 10  # number of log lines during a training
_SMOOTHING = 0.05


class Examples(NamedTuple):
    """The dataset, the opened sources and the maker of examples."""

    dataset: Dataset
    sources: OpenedSources
    maker: ExampleMaker


def open_examples(settings: DefectMapRunSettings) -> Examples:
    """Open the dataset and the sources. Raises UserError for missing images and for a leak."""
    dataset = checked_dataset(settings.dataset, needs_training=True)
    train = dataset.split("train")
    evaluation = [sample.image for sample in dataset.samples if sample.split != "train"]
    images = NominalImages(dataset, train, settings.defect_map.map.resize, settings.synthesis.masks.foreground)
    sources = open_sources(settings.synthesis.sources, images.pixels, evaluation)
    return Examples(dataset, sources, ExampleMaker(images, sources, settings.synthesis, settings.defect_map))


def train_defect_map_run(settings: DefectMapRunSettings, folder: Path) -> dict[str, Any]:
    """Train a defect map, continuing from a checkpoint if there is one; write the run folder.

    Returns the content of training.json. Raises UserError.
    """
    started = time.perf_counter()
    examples = open_examples(settings)
    device = chosen_device(settings.device)
    extractor = build_extractor(settings.extractor, settings.device) if settings.extractor else None
    learner = Learner(settings.defect_map, extractor, device)
    parameters = sum(parameter.numel() for parameter in learner.network.parameters())
    log.info("Dataset %s: %d train images", examples.dataset.name, len(examples.dataset.split("train")))
    log.info("Networks: %d parameters, on %s", parameters, device_name(device.type))
    checkpoint = Checkpoint(folder / CHECKPOINT_NAME, _job(settings, examples), settings.checkpoint.seconds)
    running = _trained(settings, learner, examples.maker, checkpoint)
    trained = time.perf_counter()
    learner.network.eval()
    learner.network.merge()
    model = DefectMapModel(learner.network, settings.defect_map.map, device)
    seen = ReferenceTally()
    try:
        threshold, warnings = find_threshold(model, examples.dataset, settings.threshold, seen)
    except UserError as error:
        raise checkpoint.with_advice(error) from error
    known = [*(extractor.warnings if extractor else []), *examples.dataset.warnings, *warnings]
    record = DefectMapRecord(
        architecture=settings.defect_map.architecture,
        map=settings.defect_map.map,
        synthesis=_plain_paths(document_of(settings.synthesis)),
        training=_training_document(settings, running),
        sources=examples.sources.description(),
        leak_check=_leak_check(examples.sources),
        threshold=threshold,
        provenance=Provenance("train_defect_map", (trained_on(settings.dataset, examples.dataset),)),
        warnings=tuple(dict.fromkeys(known)),
        reference=seen.reference(),
    )
    move_to_previous(folder)
    save_defect_map(folder / FILE_NAME, learner.network, record)
    written = {
        **record.document(),
        "parameters": parameters,
        "seconds": {
            "train": round(trained - started, 2),
            "threshold": round(time.perf_counter() - trained, 2),
        },
        "peak_memory_mb": peak_memory_mb(),
        "device": device_name(device.type),
        "versions": software_versions(),
    }
    write_json(folder / "training.json", written)
    checkpoint.remove()
    _log_summary(folder, written)
    return written


def _trained(
    settings: DefectMapRunSettings, learner: Learner, maker: ExampleMaker, checkpoint: Checkpoint
) -> dict[str, float]:
    """Make the steps that remain; return the running means of the losses."""
    steps = settings.defect_map.optimisation.steps
    first, running = 0, dict[str, float]()
    if not settings.checkpoint.resume:
        checkpoint.remove()
    restored = checkpoint.load()
    if restored is not None:
        arrays, state = restored
        learner.restore({name: torch.from_numpy(array) for name, array in arrays.items()})
        first, running = state["step"], state["running"]
        log.info("Continuing from %s, after %d of %d steps", checkpoint.path, first, steps)
    numbers = range(first, steps)
    for step, batch in with_progress(
        zip(numbers, maker.batches(numbers), strict=True), len(numbers), "training the defect map"
    ):
        losses = learner.step(step, batch)
        for name, value in losses.items():
            running[name] = value + (1 - _SMOOTHING) * (running.get(name, value) - value)
        if not all(map(_is_finite, losses.values())):
            raise UserError(
                f"the training diverged at step {step + 1}: a loss is not finite; lower "
                "defect_map.optimisation.learning_rate"
            )
        if (step + 1) % max(1, steps // _REPORTS) == 0:
            shown = ", ".join(f"{name} {running[name]:.4f}" for name in TERMS if name in running)
            log.info("Step %d of %d: %s", step + 1, steps, shown)
        if checkpoint.is_due() or step + 1 == steps:
            arrays = {name: tensor.numpy() for name, tensor in learner.state().items()}
            checkpoint.save(arrays, {"step": step + 1, "running": running})
    return running


def _is_finite(value: float) -> bool:
    return abs(value) < float("inf")


def _job(settings: DefectMapRunSettings, examples: Examples) -> dict[str, Any]:
    """Return everything that the weights depend on, in flat fields, for the checkpoint."""
    train = examples.dataset.split("train")
    names = "\n".join(f"{sample.sample_id}\t{sample.image.name}" for sample in train)
    described = document_of(settings.defect_map)
    return {
        "kind": "train_defect_map",
        **{f"defect_map.{name}": value for name, value in described.items() if name != "map"},
        "defect_map.map.resize": described["map"]["resize"],
        **{f"synthesis.{name}": value for name, value in _plain_paths(document_of(settings.synthesis)).items()},
        "sources": examples.sources.description(),
        "region of interest": None if settings.dataset.region is None else settings.dataset.region.sha256,
        "train images": f"{len(train)} ({hashlib.sha256(names.encode()).hexdigest()[:12]})",
    }


def _training_document(settings: DefectMapRunSettings, running: dict[str, float]) -> dict[str, Any]:
    document = document_of(settings.defect_map)
    kept = {name: document[name] for name in ("seed", "deep_features", "losses", "optimisation")}
    return {**kept, "last_losses": {name: round(value, 6) for name, value in running.items()}}


def _leak_check(sources: OpenedSources) -> LeakCheck:
    return LeakCheck(sources.compared, sum(len(files) for files in sources.files.values()))


def _plain_paths(value: Any) -> Any:
    """Return a document with paths as text."""
    if isinstance(value, dict):
        return {name: _plain_paths(entry) for name, entry in value.items()}
    if isinstance(value, list):
        return [_plain_paths(entry) for entry in value]
    return str(value) if isinstance(value, Path) else value


def _log_summary(folder: Path, record: dict[str, Any]) -> None:
    threshold = record["threshold"]
    f1 = "" if threshold["f1"] is None else f", validation F1 {threshold['f1']:.4f}"
    log.info("Threshold %.6g (%s)%s", threshold["value"], threshold["method"], f1)
    log.info("Time: %s", ", ".join(f"{name} {value:.1f} s" for name, value in record["seconds"].items()))
    for warning in record["warnings"]:
        log.warning("Warning: %s", warning)
    log.info("Run folder: %s", folder)
    log.info("Next: python -m eval.evaluate model=%s", folder)
