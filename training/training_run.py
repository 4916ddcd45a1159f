"""The three ways to a model: train a new coreset, finetune one on another dataset, meld several into one."""

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from omegaconf import DictConfig, OmegaConf

from training.anomaly_model import channels_of, recorded_extractor
from training.augment import build_augmentation
from training.collect import collect, image_epochs
from training.coreset import SequentialCoreset
from training.dataset import Dataset, open_dataset
from training.extractor import FeatureExtractor, build_extractor
from training.find_threshold import check_validation
from training.model_file import check_fingerprint, differing_field, load_model
from training.patch_stream import ImagePatches
from training.run_record import device_name, finish_run
from training.user_error import UserError

log = logging.getLogger(__name__)


def train_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Collect a coreset from the train split; write the run folder; return what training.json holds. Raises
    UserError.
    """
    started = time.perf_counter()
    dataset = _checked_dataset(cfg, needs_training=True)
    extractor = build_extractor(cfg.extractor, cfg.device)
    _announce(dataset, extractor)
    coreset = SequentialCoreset(cfg.coreset.size, channels_of(extractor))
    epochs = collect(coreset, cfg.coreset.epochs, _images(cfg, dataset, extractor))
    provenance = {"kind": "train", "datasets": [_described(cfg, dataset)], "parents": []}
    return finish_run(
        folder=folder,
        cfg=cfg,
        extractor=extractor,
        coreset=coreset,
        epochs=epochs,
        dataset=dataset,
        provenance=provenance,
        started=started,
    )


def finetune_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Let the train split update the coreset of ``cfg.source``; write the run folder. Raises UserError."""
    started = time.perf_counter()
    features, parent = load_model(Path(cfg.source))
    dataset = _checked_dataset(cfg, needs_training=True)
    extractor = recorded_extractor(parent, cfg)
    check_fingerprint(parent, extractor)
    _announce(dataset, extractor)
    coreset = SequentialCoreset(cfg.coreset.size or len(features), features.shape[1])
    coreset.update(features)
    epochs = collect(coreset, cfg.coreset.epochs, _images(cfg, dataset, extractor))
    provenance = _with_parents("finetune", [_described(cfg, dataset)], [str(cfg.source)], [parent])
    return finish_run(
        folder=folder,
        cfg=cfg,
        extractor=extractor,
        coreset=coreset,
        epochs=epochs,
        dataset=dataset,
        provenance=provenance,
        started=started,
    )


def meld_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Pass the members of all ``cfg.sources``, in order, through the rule; write the run folder. Raises UserError."""
    started = time.perf_counter()
    names = [str(source) for source in cfg.sources]
    if len(names) < 2:
        raise UserError("meld needs at least two sources: sources=[runs/a,runs/b]")
    members, parents = zip(*(load_model(Path(name)) for name in names), strict=True)
    for name, other in zip(names[1:], parents[1:], strict=True):
        difference = differing_field(parents[0]["extractor"], other["extractor"])
        if difference is not None:
            field, first, second = difference
            raise UserError(f"{names[0]} and {name} have different extractors: {field} is {first} and {second}")
    dataset = _checked_dataset(cfg, needs_training=False)
    extractor = recorded_extractor(parents[0], cfg)
    check_fingerprint(parents[0], extractor)
    _announce(dataset, extractor)
    coreset = SequentialCoreset(cfg.coreset.size or len(members[0]), members[0].shape[1])
    epochs = collect(coreset, cfg.coreset.epochs, lambda _epoch: _member_rows(members))
    provenance = _with_parents("meld", [], names, list(parents))
    return finish_run(
        folder=folder,
        cfg=cfg,
        extractor=extractor,
        coreset=coreset,
        epochs=epochs,
        dataset=dataset,
        provenance=provenance,
        started=started,
    )


def _checked_dataset(cfg: DictConfig, needs_training: bool) -> Dataset:
    dataset = open_dataset(cfg.dataset)
    if needs_training and not dataset.split("train"):
        raise UserError(f"the dataset {dataset.root} is empty: it has no train samples")
    check_validation(dataset, cfg.threshold.method)
    return dataset


def _images(cfg: DictConfig, dataset: Dataset, extractor: FeatureExtractor) -> Any:
    shuffle_seed = cfg.coreset.seed if cfg.coreset.shuffle else None
    augmentation = build_augmentation(cfg.augment)
    return image_epochs(dataset.split("train"), extractor, dataset.defect_ids, shuffle_seed, augmentation)


def _member_rows(members: tuple[NDArray[np.float32], ...]) -> Iterator[ImagePatches]:
    for features in members:
        yield ImagePatches(features, width=1, ignored=0)


def _described(cfg: DictConfig, dataset: Dataset) -> dict[str, Any]:
    folders = {
        "root": str(cfg.dataset.root),
        "evaluation_root": str(cfg.dataset.evaluation_root),
        "layout": cfg.dataset.layout,
    }
    augment = OmegaConf.to_container(cfg.augment, resolve=True) or None
    return {"name": dataset.name, **folders, "train_images": len(dataset.split("train")), "augment": augment}


def _with_parents(
    kind: str, datasets: list[dict[str, Any]], paths: list[str], parents: list[dict[str, Any]]
) -> dict[str, Any]:
    ancestry = [
        {"path": path, "features_sha256": parent["features_sha256"], "provenance": parent["provenance"]}
        for path, parent in zip(paths, parents, strict=True)
    ]
    warnings = [warning for parent in parents for warning in parent["warnings"]]
    return {"kind": kind, "datasets": datasets, "parents": ancestry, "warnings": warnings}


def _announce(dataset: Dataset, extractor: FeatureExtractor) -> None:
    counts = ", ".join(f"{len(dataset.split(split))} {split}" for split in ("train", "validation", "test"))
    log.info("Dataset %s: %s images", dataset.name, counts)
    fingerprint = extractor.fingerprint
    log.info(
        "Extractor %s %s on %s", fingerprint["architecture"], "+".join(fingerprint["layers"]), device_name(extractor)
    )
    for warning in extractor.warnings:
        log.warning("Warning: %s", warning)
