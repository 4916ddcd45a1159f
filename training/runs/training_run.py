"""Runs over images: train a new coreset, finetune one on another dataset, update one with more images."""

import hashlib
import logging
import time
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from training.coreset.backend import chosen_backend
from training.coreset.checkpoint import FILE_NAME, Checkpoint
from training.coreset.collection import Collection
from training.coreset.reservoir import FILLINGS, Reservoir
from training.coreset.sequential import SequentialCoreset
from training.data.augment import build_augmentation
from training.data.dataset import Dataset, Sample, folders_of, open_dataset
from training.features.extractor import FeatureExtractor, build_extractor
from training.features.feature_cache import FeatureCache
from training.features.image_epochs import image_epochs
from training.model.anomaly_model import (
    AnomalyModel,
    anomaly_map_settings,
    channels_of,
    check_channels,
    recorded_extractor,
)
from training.model.file import check_fingerprint, load_model
from training.model.find_threshold import check_validation, find_threshold
from training.runs.earlier_run import move_to_previous
from training.runs.record import finish_run, with_parents
from training.support.user_error import UserError

log = logging.getLogger(__name__)


def train_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Collect a coreset from the train split; write the run folder; return the content of training.json.

    Raises UserError.
    """
    started = time.perf_counter()
    move_to_previous(folder)
    dataset = checked_dataset(cfg, needs_training=True)
    extractor = build_extractor(cfg.extractor, cfg.device)
    coreset = _empty_coreset(cfg, cfg.coreset.size, channels_of(extractor), extractor)
    provenance = {"kind": "train", "datasets": [_described(cfg, dataset)], "parents": []}
    settings: dict[str, Any] = OmegaConf.to_container(cfg.anomaly_map, resolve=True)  # type: ignore[assignment]
    return _collected(cfg, folder, dataset, extractor, coreset, provenance, settings, extractor.warnings, started)


def finetune_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Pass another dataset's train split through the coreset of ``cfg.source``; write the run folder.

    Raises UserError.
    """
    return _continued(cfg, folder, "finetune")


def update_run(cfg: DictConfig, folder: Path) -> dict[str, Any]:
    """Pass more images through the coreset of ``cfg.source``, as if they had followed its own; write the run folder.

    Raises UserError.
    """
    return _continued(cfg, folder, "update")


def checked_dataset(cfg: DictConfig, needs_training: bool) -> Dataset:
    """Open ``cfg.dataset``. Raises UserError if train (if needed) or validation images are missing."""
    dataset = open_dataset(cfg.dataset)
    if needs_training and not dataset.split("train"):
        raise UserError(
            f"dataset.root={dataset.root} has no train samples (MVTec layout: no train/good); name an "
            "evaluation-only folder with dataset.evaluation_root=..."
        )
    check_validation(dataset, cfg.threshold.method, folders_of(cfg.dataset.evaluation_root)[0])
    return dataset


def _continued(cfg: DictConfig, folder: Path, kind: str) -> dict[str, Any]:
    started = time.perf_counter()
    features, parent = load_model(Path(cfg.source))
    move_to_previous(folder, [Path(cfg.source)])
    dataset = checked_dataset(cfg, needs_training=True)
    extractor = recorded_extractor(parent, cfg)
    check_fingerprint(parent, extractor)
    check_channels(features, extractor, str(cfg.source))
    coreset = _empty_coreset(cfg, cfg.coreset.size or len(features), features.shape[1], extractor)
    coreset.update(features)
    own = [_described(cfg, dataset)]
    datasets = [*parent["provenance"]["datasets"], *own] if kind == "update" else own
    provenance = with_parents(kind, datasets, [str(cfg.source)], [parent])
    settings = anomaly_map_settings(parent, cfg)
    return _collected(cfg, folder, dataset, extractor, coreset, provenance, settings, parent["warnings"], started)


def _collected(
    cfg: DictConfig,
    folder: Path,
    dataset: Dataset,
    extractor: FeatureExtractor,
    coreset: SequentialCoreset,
    provenance: dict[str, Any],
    anomaly_map: dict[str, Any],
    extractor_warnings: list[str],
    started: float,
) -> dict[str, Any]:
    """Run the epochs, continuing from a checkpoint if there is one, and write the run folder.

    ``extractor_warnings`` are the source's for a run with a source, which records the origin of its weights.
    """
    _announce(dataset, extractor, extractor_warnings)
    samples = dataset.split("train")
    augmentation = build_augmentation(cfg.augment)
    cache = _cache(cfg, folder, samples, extractor)
    shuffle_seed = cfg.coreset.seed if cfg.coreset.shuffle else None
    stream = image_epochs(samples, extractor, dataset.defect_ids, shuffle_seed, augmentation, cache)
    checkpoint = Checkpoint(
        folder / FILE_NAME, _job(cfg, samples, extractor, coreset, provenance), cfg.checkpoint.seconds
    )
    collection = Collection(coreset, _reservoir(cfg, coreset))
    if not cfg.checkpoint.resume:
        checkpoint.remove()
    restored = checkpoint.load()
    if restored is not None:
        collection.restore(*restored)
        done = f"{len(collection.epochs)} epochs and {collection.running.images} images"
        log.info("Continuing from %s, after %s", checkpoint.path, done)
    certificate = collection.run(stream, cfg.coreset.epochs, cfg.coreset.measure_radius, checkpoint)
    checkpoint.save(*collection.state())
    collected = time.perf_counter()
    try:
        model = AnomalyModel(extractor, coreset.features, **anomaly_map)
        threshold, warnings = find_threshold(model, dataset, cfg.threshold)
    except UserError as error:
        raise checkpoint.with_advice(error) from error
    record = finish_run(
        folder=folder,
        features=coreset.features,
        described={
            "extractor": extractor.fingerprint,
            "extractor_config": extractor.config,
            "anomaly_map": anomaly_map,
            "threshold": threshold,
        },
        certificate=certificate,
        epochs=collection.epochs,
        provenance=provenance,
        warnings=[*extractor_warnings, *warnings],
        seconds={"collect": collected - started, "threshold": time.perf_counter() - collected},
        device=extractor.mean.device.type,
    )
    checkpoint.remove()
    if cache is not None:
        cache.remove()
    return record


def _cache(
    cfg: DictConfig, folder: Path, samples: tuple[Sample, ...], extractor: FeatureExtractor
) -> FeatureCache | None:
    """Return the feature cache if it is asked for; a change of the extractor or of an image's file size empties it."""
    if not cfg.coreset.cache_features:
        return None
    if cfg.augment:
        raise UserError(
            "coreset.cache_features=true keeps the first epoch's patches, but augment draws anew each epoch"
        )
    files = [
        [str(s.image), s.image.stat().st_size, str(s.mask), s.mask.stat().st_size if s.mask else 0] for s in samples
    ]
    return FeatureCache(folder / "features", {"extractor": extractor.fingerprint, "images": files})


def _empty_coreset(cfg: DictConfig, size: int, channels: int, extractor: FeatureExtractor) -> SequentialCoreset:
    return SequentialCoreset(size, channels, chosen_backend(cfg.coreset.backend, str(extractor.mean.device)))


def _reservoir(cfg: DictConfig, coreset: SequentialCoreset) -> Reservoir | None:
    if cfg.coreset.filling not in FILLINGS:
        raise UserError(f"coreset.filling {cfg.coreset.filling!r} is none of {', '.join(FILLINGS)}")
    missing = coreset.size - len(coreset.features)
    if cfg.coreset.filling == "first" or missing == 0:
        return None
    return Reservoir(missing, coreset.channels, cfg.coreset.seed)


def _job(
    cfg: DictConfig,
    samples: tuple[Sample, ...],
    extractor: FeatureExtractor,
    coreset: SequentialCoreset,
    provenance: dict[str, Any],
) -> dict[str, Any]:
    """Return everything that the collected bits depend on, for the checkpoint.

    The number of epochs is not included: it may grow.
    """
    names = "\n".join(f"{sample.sample_id}\t{sample.image.name}" for sample in samples)
    return {
        "kind": provenance["kind"],
        **{f"extractor.{name}": value for name, value in extractor.fingerprint.items()},
        **{f"coreset.{name}": cfg.coreset[name] for name in ("filling", "shuffle", "seed", "measure_radius")},
        "extractor.tiling": extractor.config.get("tiling"),  # tiling changes features by rounding only
        "coreset.size": coreset.size,
        "augment": OmegaConf.to_container(cfg.augment, resolve=True),
        "sources": [parent["features_sha256"] for parent in provenance["parents"]],
        "train images": f"{len(samples)} ({hashlib.sha256(names.encode()).hexdigest()[:12]})",
    }


def _described(cfg: DictConfig, dataset: Dataset) -> dict[str, Any]:
    roots = [str(root) for root in folders_of(cfg.dataset.root)]
    folders = {
        "root": roots if len(roots) > 1 else roots[0],
        "evaluation_root": str(folders_of(cfg.dataset.evaluation_root)[0]),
        "layout": cfg.dataset.layout,
    }
    augment = OmegaConf.to_container(cfg.augment, resolve=True) or None
    return {"name": dataset.name, **folders, "train_images": len(dataset.split("train")), "augment": augment}


def _announce(dataset: Dataset, extractor: FeatureExtractor, warnings: list[str]) -> None:
    counts = ", ".join(f"{len(dataset.split(split))} {split}" for split in ("train", "validation", "test"))
    log.info("Dataset %s: %s images", dataset.name, counts)
    fingerprint = extractor.fingerprint
    log.info("Extractor %s %s", fingerprint["architecture"], "+".join(str(layer) for layer in fingerprint["layers"]))
    for warning in warnings:
        log.warning("Warning: %s", warning)
