"""Runs over images: train a new coreset, finetune one on another dataset, update one with more images."""

import hashlib
import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.coreset.backend import chosen_backend
from training.coreset.checkpoint import FILE_NAME, Checkpoint
from training.coreset.collection import Collection
from training.coreset.reservoir import Reservoir
from training.coreset.sequential import SequentialCoreset
from training.coreset.settings import CoresetSettings
from training.data.augment import Augmentation
from training.data.check import require_sound
from training.data.dataset import SPLITS, Dataset, DatasetSettings, Sample, open_dataset
from training.drift.reference import ReferenceTally
from training.features.extractor import FeatureExtractor, build_extractor
from training.features.feature_cache import FeatureCache
from training.features.image_epochs import image_epochs
from training.model.anomaly_model import AnomalyModel, channels_of, check_channels, recorded_extractor
from training.model.file import check_fingerprint, load_model
from training.model.find_threshold import check_validation, find_threshold
from training.model.members import MemberRecord
from training.model.minimum_support import forgiven, without_dropped
from training.model.model_region import region_for
from training.model.provenance import Provenance
from training.model.settings import AnomalyMapSettings, overridden_anomaly_map
from training.runs.earlier_run import refuse_own_source
from training.runs.member_record import Features, begin_with, collected_members
from training.runs.record import Described, finish_run
from training.runs.recorded_dataset import trained_on
from training.runs.settings import CollectionSettings, ContinuationSettings, TrainingSettings
from training.runs.suspects import Suspect, ranked_suspects, warning_of, write_suspects
from training.support.document import document_of
from training.support.user_error import UserError

log = logging.getLogger(__name__)


def train_run(settings: TrainingSettings, folder: Path) -> dict[str, Any]:
    """Collect a coreset from the train split; write the run folder; return the content of training.json.

    Raises UserError.
    """
    started = time.perf_counter()
    collection = settings.collection
    dataset = checked_dataset(collection.dataset, needs_training=True)
    extractor = build_extractor(settings.extractor, settings.device)
    coreset = _empty_coreset(collection, settings.size, channels_of(extractor), extractor)
    provenance = Provenance("train", (trained_on(collection.dataset, dataset, collection.augmentation),))
    return _collected(
        collection, folder, dataset, extractor, coreset, provenance, settings.anomaly_map, extractor.warnings, started
    )


def finetune_run(settings: ContinuationSettings, folder: Path) -> dict[str, Any]:
    """Pass another dataset's train split through the source's coreset; write the run folder.

    Returns the content of training.json. Raises UserError.
    """
    return _continued(settings, folder, "finetune")


def update_run(settings: ContinuationSettings, folder: Path) -> dict[str, Any]:
    """Pass more images through the source's coreset, as if they had followed its own; write the run folder.

    Returns the content of training.json. Raises UserError.
    """
    return _continued(settings, folder, "update")


def checked_dataset(settings: DatasetSettings, needs_training: bool) -> Dataset:
    """Open a dataset and check every image and mask; its warnings become those of the check.

    Raises UserError if train (if needed) or validation images are missing, and for a file that cannot be used.
    """
    dataset = open_dataset(settings)
    if needs_training and not dataset.split("train"):
        raise UserError(
            f"dataset.root={dataset.root} has no train samples (MVTec layout: no train/good); name an "
            "evaluation-only folder with dataset.evaluation_root=..."
        )
    check_validation(dataset, settings.evaluation_root)
    warnings = require_sound(dataset, SPLITS if needs_training else ("validation",))
    return replace(dataset, warnings=tuple(warnings))


def _continued(settings: ContinuationSettings, folder: Path, kind: str) -> dict[str, Any]:
    started = time.perf_counter()
    source, collection = Path(settings.source), settings.collection
    features, parent = load_model(source)
    refuse_own_source(folder, [source])
    region, warnings = region_for(parent.provenance, collection.dataset.region)
    collection = replace(collection, dataset=replace(collection.dataset, region=region))
    dataset = checked_dataset(collection.dataset, needs_training=True)
    extractor = recorded_extractor(parent, settings.overrides)
    check_fingerprint(parent, extractor)
    check_channels(features, extractor, settings.source)
    size = collection.coreset.size or parent.coreset.get("places", len(features))
    coreset = _empty_coreset(collection, size, features.shape[1], extractor)
    members = MemberRecord.unknown(len(features)) if parent.members is None else parent.members
    datasets = [trained_on(collection.dataset, dataset, collection.augmentation)]
    if kind == "update":
        datasets = [*parent.provenance.datasets, *datasets]
    provenance = Provenance(kind, tuple(datasets), (parent.as_parent(settings.source),))
    anomaly_map = overridden_anomaly_map(parent.anomaly_map, settings.overrides.anomaly_map)
    return _collected(
        collection,
        folder,
        dataset,
        extractor,
        coreset,
        provenance,
        anomaly_map,
        [*parent.warnings, *warnings],
        started,
        (features, members),
    )


def _collected(
    settings: CollectionSettings,
    folder: Path,
    dataset: Dataset,
    extractor: FeatureExtractor,
    coreset: SequentialCoreset,
    provenance: Provenance,
    anomaly_map: AnomalyMapSettings,
    extractor_warnings: list[str],
    started: float,
    source: tuple[Features, MemberRecord] | None = None,
) -> dict[str, Any]:
    """Run the epochs, continuing from a checkpoint if there is one, and write the run folder.

    ``source`` is the coreset to start from. ``extractor_warnings`` are the source's for a run with a source, which
    records the origin of its weights.
    """
    _announce(dataset, extractor, extractor_warnings)
    samples = dataset.split("train")
    augmentation = Augmentation(settings.augmentation) if settings.augmentation else None
    cache = _cache(settings, folder, samples, extractor)
    shuffle_seed = settings.coreset.seed if settings.coreset.shuffle else None
    stream = image_epochs(samples, extractor, dataset.defect_ids, shuffle_seed, augmentation, cache)
    collection = _collection(settings.coreset, coreset, len(samples), source)
    job = _job(settings, samples, extractor, coreset, provenance)
    checkpoint = Checkpoint(folder / FILE_NAME, job, settings.checkpoint.seconds)
    if not settings.checkpoint.resume:
        checkpoint.remove()
    restored = checkpoint.load()
    if restored is not None:
        collection.restore(*restored)
        done = f"{len(collection.epochs)} epochs and {collection.running.images} images"
        log.info("Continuing from %s, after %s", checkpoint.path, done)
    certificate = collection.run(stream, settings.coreset.epochs, settings.coreset.measure_radius, checkpoint)
    checkpoint.save(*collection.state())
    collected = time.perf_counter()
    members = collected_members(collection, samples, augmentation is not None, source)
    suspects = _suspects(collection, samples, members)
    minimum, seen = settings.coreset.minimum_support, ReferenceTally()
    try:
        forgiving = forgiven(minimum, members, coreset.features, extractor, anomaly_map, dataset)
        features = coreset.features if forgiving.kept.all() else coreset.features[forgiving.kept]
        model = AnomalyModel(extractor, features, anomaly_map)
        threshold, warnings = find_threshold(model, dataset, settings.threshold, seen)
    except UserError as error:
        raise checkpoint.with_advice(error) from error
    standing_out = warning_of(suspects) if forgiving.minimum == 1 else []
    record = finish_run(
        folder=folder,
        features=features,
        members=without_dropped(members, forgiving.kept),
        places=coreset.size,
        minimum_support=forgiving.minimum,
        described=Described(
            extractor=extractor.fingerprint,
            extractor_config=document_of(extractor.settings),
            anomaly_map=anomaly_map,
            threshold=threshold,
            reference=seen.reference(),
        ),
        certificate=certificate,
        epochs=collection.epochs,
        provenance=provenance,
        warnings=[*extractor_warnings, *dataset.warnings, *warnings, *forgiving.warnings, *standing_out],
        seconds={"collect": collected - started, "threshold": time.perf_counter() - collected},
        device=extractor.mean.device.type,
    )
    if suspects:
        write_suspects(folder, suspects)  # after the earlier run's has moved away
    checkpoint.remove()
    if cache is not None:
        cache.remove()
    return record


def _cache(
    settings: CollectionSettings, folder: Path, samples: tuple[Sample, ...], extractor: FeatureExtractor
) -> FeatureCache | None:
    """Return the feature cache if it is asked for; a change of the extractor or of an image's file size empties it."""
    if not settings.coreset.cache_features:
        return None
    if settings.augmentation:
        raise UserError(
            "coreset.cache_features=true keeps the first epoch's patches, but augment draws anew each epoch"
        )
    files = [
        [str(s.image), s.image.stat().st_size, str(s.mask), s.mask.stat().st_size if s.mask else 0] for s in samples
    ]
    job = {"extractor": extractor.fingerprint, "images": files, "region": _region_hash(settings)}
    return FeatureCache(folder / "features", job)


def _empty_coreset(
    settings: CollectionSettings, size: int, channels: int, extractor: FeatureExtractor
) -> SequentialCoreset:
    return SequentialCoreset(size, channels, chosen_backend(settings.coreset.backend, str(extractor.mean.device)))


def _collection(
    settings: CoresetSettings, coreset: SequentialCoreset, images: int, source: tuple[Features, MemberRecord] | None
) -> Collection:
    """Return the collection of a run over ``images``, with the source's members in it."""
    missing = max(coreset.size - (len(source[0]) if source else 0), 0)
    reservoir = None
    if settings.filling != "first" and missing:
        reservoir = Reservoir(missing, coreset.channels, settings.seed)
    collection = Collection(coreset, reservoir, images=images, counts_support=settings.measure_radius)
    if source is not None:
        begin_with(collection, *source, images)
    return collection


def _suspects(collection: Collection, samples: tuple[Sample, ...], members: MemberRecord) -> list[Suspect]:
    """Return the ranked train images; none if supports were not counted."""
    if not collection.counts_support:
        return []
    return ranked_suspects(samples, members, collection.origins.numbers[:, 0], collection.support.scores)


def _job(
    settings: CollectionSettings,
    samples: tuple[Sample, ...],
    extractor: FeatureExtractor,
    coreset: SequentialCoreset,
    provenance: Provenance,
) -> dict[str, Any]:
    """Return everything that the collected bits depend on, for the checkpoint.

    The number of epochs is not included: it may grow.
    """
    names = "\n".join(f"{sample.sample_id}\t{sample.image.name}" for sample in samples)
    tiling = extractor.settings.tiling
    return {
        "kind": provenance.kind,
        **{f"extractor.{name}": value for name, value in extractor.fingerprint.items()},
        **{f"coreset.{name}": getattr(settings.coreset, name) for name in ("filling", "shuffle", "seed")},
        "coreset.measure_radius": settings.coreset.measure_radius,
        "extractor.tiling": None if tiling is None else document_of(tiling),  # changes features by rounding only
        "coreset.size": coreset.size,
        "augment": _augmentation_document(settings) or {},
        "sources": [parent.features_sha256 for parent in provenance.parents],
        "region of interest": _region_hash(settings),
        "train images": f"{len(samples)} ({hashlib.sha256(names.encode()).hexdigest()[:12]})",
    }


def _region_hash(settings: CollectionSettings) -> str | None:
    return None if settings.dataset.region is None else settings.dataset.region.sha256


def _augmentation_document(settings: CollectionSettings) -> dict[str, Any] | None:
    return None if settings.augmentation is None else document_of(settings.augmentation)


def _announce(dataset: Dataset, extractor: FeatureExtractor, warnings: list[str]) -> None:
    counts = ", ".join(f"{len(dataset.split(split))} {split}" for split in ("train", "validation", "test"))
    log.info("Dataset %s: %s images", dataset.name, counts)
    fingerprint = extractor.fingerprint
    log.info("Extractor %s %s", fingerprint["architecture"], "+".join(str(layer) for layer in fingerprint["layers"]))
    for warning in (*warnings, *dataset.warnings):
        log.warning("Warning: %s", warning)
