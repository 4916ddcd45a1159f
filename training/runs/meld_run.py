"""The meld of several coresets into one, with or without images to find the threshold on."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from training.coreset.melding import Melded, meld, meld_tree
from training.drift.reference import ReferenceTally
from training.model.file import check_fingerprint, differing_field, load_model, model_path
from training.model.members import MemberRecord, supported
from training.model.model_region import check_same_region, common_region
from training.model.provenance import Provenance
from training.model.record import FoundThreshold, StoredRecord
from training.model.settings import AnomalyMapSettings, overridden_anomaly_map
from training.runs.earlier_run import refuse_own_source
from training.runs.member_record import melded_members
from training.runs.record import Described, finish_run
from training.runs.settings import MeldSettings
from training.support.document import document_of
from training.support.user_error import UserError

if TYPE_CHECKING:  # torch loads slowly, and a meld without images does not need it
    from training.data.dataset import Dataset
    from training.data.region_of_interest import RegionOfInterest
    from training.features.extractor import FeatureExtractor

log = logging.getLogger(__name__)


def meld_run(settings: MeldSettings, folder: Path) -> dict[str, Any]:
    """Meld coresets in order; write the run folder; return the content of training.json.

    Without a dataset the threshold is the largest of the sources', with a warning. Raises UserError.
    """
    started = time.perf_counter()
    paths = [Path(source) for source in settings.sources]
    members, parents = zip(*(load_model(path) for path in paths), strict=True)
    refuse_own_source(folder, paths)
    _check_same_extractor(settings.sources, members, parents)
    anomaly_map = _agreed_anomaly_map(settings, parents)
    provenances = [parent.provenance for parent in parents]
    check_same_region(settings.sources, provenances)
    region = None
    if settings.dataset is not None:
        region = common_region(settings.sources, provenances, settings.dataset.region)
    finder = _dataset_and_extractor(settings, parents[0], region)
    size, tree = settings.size or len(members[0]), settings.tree
    if tree.fan_in is None:
        melded = meld(members, size, settings.epochs)
    else:
        files = [model_path(path) for path in paths]
        melded = meld_tree(files, size, settings.epochs, tree.fan_in, tree.cluster, tree.workers)
    log.info("Melded %d members of %d coresets", sum(len(rows) for rows in members), len(members))
    sources = [
        (rows, MemberRecord.unknown(len(rows)) if parent.members is None else parent.members)
        for rows, parent in zip(members, parents, strict=True)
    ]
    record = melded_members(melded.features, sources)
    return _finished(settings, folder, parents, melded, record, finder, anomaly_map, started)


def _finished(
    settings: MeldSettings,
    folder: Path,
    parents: tuple[StoredRecord, ...],
    melded: Melded,
    members: MemberRecord,
    finder: tuple[Dataset, FeatureExtractor] | None,
    anomaly_map: AnomalyMapSettings,
    started: float,
) -> dict[str, Any]:
    collected = time.perf_counter()
    device, extractor_document = "cpu", parents[0].extractor_config
    minimum = 1 if settings.minimum_support == "auto" else int(settings.minimum_support)
    kept, seen = supported(members, minimum), ReferenceTally()
    if finder is None:
        threshold, warnings = _largest_threshold(parents)
    else:
        dataset, extractor = finder
        # imported here: torch loads slowly, and a meld without images does not need it
        from training.model.anomaly_model import AnomalyModel
        from training.model.find_threshold import find_threshold

        if settings.minimum_support == "auto":
            from training.model.minimum_support import forgiven

            minimum, kept, _ = forgiven("auto", members, melded.features, extractor, anomaly_map, dataset)
        model = AnomalyModel(extractor, melded.features[kept], anomaly_map)
        threshold, warnings = find_threshold(model, dataset, settings.threshold, seen)
        warnings = [*dataset.warnings, *warnings]
        device, extractor_document = extractor.mean.device.type, document_of(extractor.settings)
    ancestry = tuple(parent.as_parent(path) for path, parent in zip(settings.sources, parents, strict=True))
    return finish_run(
        folder=folder,
        features=melded.features[kept],
        members=members.taken(kept),
        places=len(melded.features),
        minimum_support=minimum,
        described=Described(
            extractor=parents[0].extractor,
            extractor_config=extractor_document,
            anomaly_map=anomaly_map,
            threshold=threshold,
            reference=seen.reference(),
        ),
        certificate=melded.certificate,
        epochs=melded.epochs,
        provenance=Provenance("meld", (), ancestry, settings.tree.fan_in),
        warnings=[*warnings, *(warning for parent in parents for warning in parent.warnings)],
        seconds={"collect": collected - started, "threshold": time.perf_counter() - collected},
        device=device,
    )


def _check_same_extractor(
    names: tuple[str, ...], members: tuple[NDArray[np.float32], ...], parents: tuple[StoredRecord, ...]
) -> None:
    for name, rows, other in zip(names[1:], members[1:], parents[1:], strict=True):
        difference = differing_field(parents[0].extractor, other.extractor)
        if difference is not None:
            field, first, second = difference
            raise UserError(f"{names[0]} and {name} have different extractors: {field} is {first} and {second}")
        if rows.shape[1] != members[0].shape[1]:
            raise UserError(f"{names[0]} has {members[0].shape[1]} channels, {name} {rows.shape[1]}")


def _agreed_anomaly_map(settings: MeldSettings, parents: tuple[StoredRecord, ...]) -> AnomalyMapSettings:
    """Return the sources' anomaly-map settings with the overrides.

    Raises UserError if sources differ in a field that is not overridden, and if the change of a field would need
    another threshold than the sources'.
    """
    overridden = settings.overrides.anomaly_map
    for field, value in vars(parents[0].anomaly_map).items():
        others = [getattr(parent.anomaly_map, field) for parent in parents]
        changes_maps = field != "chunk_size"
        if changes_maps and field not in overridden and any(other != value for other in others):
            raise UserError(f"the sources differ in anomaly_map.{field}; choose one: +anomaly_map.{field}={value}")
        if changes_maps and settings.dataset is None and any(overridden.get(field, value) != o for o in others):
            raise UserError(f"a change of anomaly_map.{field} needs a new threshold: give dataset.root=... to find it")
    return overridden_anomaly_map(parents[0].anomaly_map, overridden)


def _dataset_and_extractor(
    settings: MeldSettings, parent: StoredRecord, region: RegionOfInterest | None
) -> tuple[Dataset, FeatureExtractor] | None:
    """Return the dataset and extractor to find the threshold with, or None without a dataset.

    Both are checked before any long computation.
    """
    if settings.dataset is None:
        return None
    # imported here: torch loads slowly, and a meld without images does not need it
    from training.model.anomaly_model import recorded_extractor
    from training.runs.training_run import checked_dataset

    dataset = checked_dataset(replace(settings.dataset, region=region), needs_training=False)
    extractor = recorded_extractor(parent, settings.overrides)
    check_fingerprint(parent, extractor)
    return dataset, extractor


def _largest_threshold(parents: tuple[StoredRecord, ...]) -> tuple[FoundThreshold, list[str]]:
    value = max(parent.threshold.value for parent in parents)
    warning = (
        "no dataset was given: the threshold is the largest of the sources' and was not found for this coreset; "
        "meld with dataset.root=... to find it"
    )
    return FoundThreshold(value, "largest_of_sources"), [warning]
