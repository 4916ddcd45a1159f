"""The fusion of trained detectors: scales and rule from the validation split, one model file."""

import logging
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from training.data.dataset import Dataset, inside_of, open_dataset, read_image, read_mask
from training.data.settings import DatasetSettings, read_dataset_settings, read_region
from training.drift.reference import ReferenceTally
from training.model.calibration import Calibration, calibrated
from training.model.curves import average_precision
from training.model.detector import Detector
from training.model.file_header import ModelContent, model_file, read_content
from training.model.find_threshold import check_validation, find_threshold, pixel_kinds
from training.model.fused_detector import RULES, FusedModel, combined, levels_of
from training.model.fusion_file import FILE_NAME, save_fusion
from training.model.fusion_record import FusionRecord
from training.model.load_detector import detector_of
from training.model.model_region import common_region
from training.model.provenance import Parent, Provenance, TrainedOn, read_provenance
from training.model.score_histogram import ScoreHistogram
from training.model.settings import ModelOverrides, ThresholdSettings, read_model_overrides, read_threshold_settings
from training.runs.earlier_run import move_to_previous, refuse_own_source
from training.runs.record import device_name, peak_memory_mb
from training.support.progress import with_progress
from training.support.settings_schema import check_settings
from training.support.software_versions import software_versions
from training.support.user_error import UserError
from training.support.whole_file import write_json

log = logging.getLogger(__name__)

_NEGATIVE, _POSITIVE = 0, 1


@dataclass(frozen=True)
class FuseSettings:
    """Settings of a fusion (``conf/fuse.yaml``)."""

    sources: tuple[str, ...]
    rule: str | None
    """None: the rule of the highest average precision of the validation pixels."""
    dataset: DatasetSettings
    threshold: ThresholdSettings
    overrides: ModelOverrides


def read_fuse_settings(cfg: DictConfig) -> FuseSettings:
    """Read a composed ``conf/fuse.yaml``. Raises UserError for a wrong setting and for fewer than two sources."""
    check_settings(cfg)
    sources = () if isinstance(cfg.sources, str) else tuple(str(source) for source in cfg.sources)
    if len(sources) < 2:
        raise UserError("a fusion needs at least two sources: sources=[runs/coreset,runs/map]")
    known = (*RULES, *(f"source {number}" for number in range(1, len(sources) + 1)))
    if cfg.rule is not None and cfg.rule not in known:
        raise UserError(f"rule {cfg.rule!r} is none of {', '.join(known)}")
    return FuseSettings(
        sources=sources,
        rule=cfg.rule,
        dataset=read_dataset_settings(cfg.dataset, read_region(cfg)),
        threshold=read_threshold_settings(cfg.threshold),
        overrides=read_model_overrides(cfg),
    )


def with_recorded_dataset(cfg: DictConfig) -> DictConfig:
    """Return the config with the dataset of the first source's run where none is given. Raises UserError."""
    if cfg.dataset.root is not None or isinstance(cfg.sources, str) or not cfg.sources:
        return cfg
    saved = Path(str(cfg.sources[0])) / ".hydra" / "config.yaml"
    config = OmegaConf.load(saved) if saved.is_file() else None
    recorded = config.get("dataset") if isinstance(config, DictConfig) else None
    if not isinstance(recorded, DictConfig):
        raise UserError(f"{cfg.sources[0]} does not record its dataset; give dataset=... and dataset.root=...")
    complete = cfg.copy()
    OmegaConf.set_struct(complete, False)
    complete.dataset = OmegaConf.create(OmegaConf.to_container(recorded, resolve=True))
    return complete


def fuse_run(settings: FuseSettings, folder: Path) -> dict[str, Any]:
    """Fuse detectors; write the run folder; return the content of training.json. Raises UserError."""
    started = time.perf_counter()
    paths = [model_file(Path(source)) for source in settings.sources]
    contents = [read_content(path) for path in paths]
    detectors = [detector_of(str(path), c, settings.overrides) for path, c in zip(paths, contents, strict=True)]
    region = common_region(settings.sources, [detector.provenance for detector in detectors], settings.dataset.region)
    dataset = open_dataset(replace(settings.dataset, region=region))
    check_validation(dataset, settings.dataset.evaluation_root)
    refuse_own_source(folder, paths)
    calibrations = _calibrations(detectors, dataset)
    rule, found, warnings = _chosen_rule(settings, detectors, calibrations, dataset)
    model = FusedModel(detectors, calibrations, rule)
    seen = ReferenceTally()
    threshold, more = find_threshold(model, dataset, settings.threshold, seen)
    of_sources = [text for detector in detectors for text in detector.warnings]
    record = FusionRecord(
        rule=rule,
        validation=found,
        threshold=threshold,
        provenance=_provenance(settings.sources, contents),
        warnings=tuple(dict.fromkeys([*of_sources, *warnings, *more])),
        reference=seen.reference(),
    )
    move_to_previous(folder)
    save_fusion(folder / FILE_NAME, contents, calibrations, record)
    written = {
        **record.document(),
        "seconds": {"fuse": round(time.perf_counter() - started, 2)},
        "peak_memory_mb": peak_memory_mb(),
        "device": device_name("cpu"),
        "versions": software_versions(),
    }
    write_json(folder / "training.json", written)
    log.info("Rule %s; threshold %.6g (%s)", rule, threshold.value, threshold.method)
    log.info("Next: python -m eval.evaluate model=%s", folder)
    return written


def _calibrations(detectors: Sequence[Detector], dataset: Dataset) -> list[Calibration]:
    """Return each detector's scale from its scores of nominal validation pixels."""
    histograms = [ScoreHistogram() for _ in detectors]
    for image, inside, kinds in _validation(dataset, "validation scores"):
        for histogram, detector in zip(histograms, detectors, strict=True):
            histogram.add(detector.anomaly_map(image, inside)[kinds == _NEGATIVE])
    return [calibrated(histogram) for histogram in histograms]


def _chosen_rule(
    settings: FuseSettings, detectors: Sequence[Detector], calibrations: Sequence[Calibration], dataset: Dataset
) -> tuple[str, dict[str, float | None], list[str]]:
    """Return the rule, the average precision of each on validation pixels, and warnings."""
    rules = (*RULES, *(f"source {number}" for number in range(1, len(detectors) + 1)))
    scores = {rule: (ScoreHistogram(), ScoreHistogram()) for rule in rules}
    for image, inside, kinds in _validation(dataset, "rules"):
        levels = levels_of(detectors, calibrations, image, inside)
        for rule, (positives, negatives) in scores.items():
            found = combined(levels, rule)
            positives.add(found[kinds == _POSITIVE])
            negatives.add(found[kinds == _NEGATIVE])
    precisions = {
        rule: average_precision(*(histogram.weights for histogram in histograms)) for rule, histograms in scores.items()
    }
    for rule, precision in precisions.items():
        log.info("Rule %s: average precision %s", rule, "unknown" if precision is None else f"{precision:.4f}")
    if settings.rule is not None:
        return settings.rule, precisions, []
    if all(precision is None for precision in precisions.values()):
        return (
            "mean",
            precisions,
            ["the validation split shows no defect: the fusion takes the rule mean"],
        )
    return max(precisions, key=lambda rule: precisions[rule] or 0.0), precisions, []


def _validation(
    dataset: Dataset, text: str
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.bool_] | None, NDArray[np.uint8]]]:
    """Yield each validation image, the pixels inside its region of interest, and the kinds of its pixels."""
    samples, lookup = dataset.split("validation"), pixel_kinds(dataset)
    for sample in with_progress(samples, len(samples), text):
        image = read_image(sample.image, sample.white_level)
        yield image, inside_of(sample, image.shape), lookup[read_mask(sample, image.shape)]


def _provenance(sources: Sequence[str], contents: Sequence[ModelContent]) -> Provenance:
    parents = tuple(
        Parent(source, _hash_of(content), read_provenance(content.document["provenance"]))
        for source, content in zip(sources, contents, strict=True)
    )
    datasets: list[TrainedOn] = []
    for parent in parents:
        datasets += [dataset for dataset in parent.provenance.datasets if dataset not in datasets]
    return Provenance("fuse", tuple(datasets), parents)


def _hash_of(content: ModelContent) -> str:
    """Return the hash that a model's record holds of its arrays."""
    names = ("features_sha256", "weights_sha256", "sha256")
    return next(str(content.document[name]) for name in names if name in content.document)
