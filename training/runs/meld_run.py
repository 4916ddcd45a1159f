"""The meld of several coresets into one, with or without images to find the threshold on."""

import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig

from training.coreset.melding import Melded, meld, meld_tree
from training.model.file import check_fingerprint, differing_field, load_model, model_path
from training.runs.earlier_run import move_to_previous
from training.runs.record import finish_run, with_parents
from training.support.user_error import UserError

log = logging.getLogger(__name__)


def meld_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Meld the coresets of ``cfg.sources`` in order; write the run folder; return the content of training.json.

    Without a dataset the threshold is the largest of the sources', with a warning. Raises UserError.
    """
    started = time.perf_counter()
    names = [] if isinstance(cfg.sources, str) else [str(source) for source in cfg.sources]
    if len(names) < 2:
        raise UserError("meld needs at least two sources: sources=[runs/a,runs/b]")
    members, parents = zip(*(load_model(Path(name)) for name in names), strict=True)
    move_to_previous(folder, [Path(name) for name in names])
    _check_same_extractor(names, members, parents)
    anomaly_map = _agreed_anomaly_map(cfg, parents)
    finder = _dataset_and_extractor(cfg, parents[0])
    size = cfg.coreset.size or len(members[0])
    if cfg.tree.fan_in is None:
        melded = meld(members, size, cfg.coreset.epochs)
    else:
        paths = [model_path(Path(name)) for name in names]
        melded = meld_tree(paths, size, cfg.coreset.epochs, cfg.tree.fan_in, cfg.tree.cluster, cfg.tree.workers)
    log.info("Melded %d members of %d coresets", sum(len(rows) for rows in members), len(members))
    return _finished(cfg, folder, names, list(parents), melded, finder, anomaly_map, started)


def _finished(
    cfg: DictConfig,
    folder: Path,
    names: list[str],
    parents: list[dict[str, Any]],
    melded: Melded,
    finder: tuple[Any, Any] | None,
    anomaly_map: dict[str, Any],
    started: float,
) -> dict[str, Any]:
    collected = time.perf_counter()
    device = "cpu"
    if finder is None:
        threshold, warnings = _largest_threshold(parents)
    else:
        dataset, extractor = finder
        from training.model.anomaly_model import (
            AnomalyModel,
        )  # imported here: torch loads slowly, and a meld without images does not need it
        from training.model.find_threshold import find_threshold

        model = AnomalyModel(extractor, melded.features, **anomaly_map)
        threshold, warnings = find_threshold(model, dataset, cfg.threshold)
        device = extractor.mean.device.type
    return finish_run(
        folder=folder,
        features=melded.features,
        described={
            "extractor": parents[0]["extractor"],
            "extractor_config": parents[0]["extractor_config"] if finder is None else finder[1].config,
            "anomaly_map": anomaly_map,
            "threshold": threshold,
        },
        certificate=melded.certificate,
        epochs=melded.epochs,
        provenance=with_parents("meld", [], names, parents) | {"tree_fan_in": cfg.tree.fan_in},
        warnings=warnings,
        seconds={"collect": collected - started, "threshold": time.perf_counter() - collected},
        device=device,
    )


def _check_same_extractor(
    names: list[str], members: tuple[NDArray[np.float32], ...], parents: tuple[dict[str, Any], ...]
) -> None:
    for name, rows, other in zip(names[1:], members[1:], parents[1:], strict=True):
        difference = differing_field(parents[0]["extractor"], other["extractor"])
        if difference is not None:
            field, first, second = difference
            raise UserError(f"{names[0]} and {name} have different extractors: {field} is {first} and {second}")
        if rows.shape[1] != members[0].shape[1]:
            raise UserError(f"{names[0]} has {members[0].shape[1]} channels, {name} {rows.shape[1]}")


def _agreed_anomaly_map(cfg: DictConfig, parents: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    """Return the sources' anomaly-map settings, with the fields that ``cfg`` overrides.

    Raises UserError if sources differ in a field that is not overridden, and if the change of a field would need
    another threshold than the sources'.
    """
    overridden: dict[str, Any] = dict(cfg.get("anomaly_map") or {})
    for field, value in parents[0]["anomaly_map"].items():
        others = [parent["anomaly_map"].get(field) for parent in parents]
        changes_maps = field != "chunk_size"
        if changes_maps and field not in overridden and any(other != value for other in others):
            raise UserError(f"the sources differ in anomaly_map.{field}; choose one: +anomaly_map.{field}={value}")
        if changes_maps and cfg.dataset.root is None and any(overridden.get(field, value) != o for o in others):
            raise UserError(f"a change of anomaly_map.{field} needs a new threshold: give dataset.root=... to find it")
    return {**parents[0]["anomaly_map"], **overridden}


def _dataset_and_extractor(cfg: DictConfig, parent: dict[str, Any]) -> tuple[Any, Any] | None:
    """Return the dataset and extractor to find the threshold with, or None without a dataset.

    Both are checked before any long computation.
    """
    if cfg.dataset.root is None:
        return None
    from training.model.anomaly_model import (
        recorded_extractor,  # imported here: torch loads slowly, and a meld without images does not need it
    )
    from training.runs.training_run import checked_dataset

    dataset = checked_dataset(cfg, needs_training=False)
    extractor = recorded_extractor(parent, cfg)
    check_fingerprint(parent, extractor)
    return dataset, extractor


def _largest_threshold(parents: list[dict[str, Any]]) -> tuple[dict[str, Any], list[str]]:
    value = max(parent["threshold"]["value"] for parent in parents)
    warning = (
        "no dataset was given: the threshold is the largest of the sources' and was not found for this coreset; "
        "meld with dataset.root=... to find it"
    )
    blank = {"f1": None, "precision": None, "recall": None}
    counts = {"images": 0, "positive_pixels": 0, "negative_pixels": 0}
    return {"value": value, "method": "largest_of_sources", **blank, **counts}, [warning]
