"""Forgetting: drop members of a trained coreset, find the threshold again, and tell what changed."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.coreset.collection import Certificate, Epoch
from training.data.dataset import Dataset, open_dataset, read_image
from training.data.settings import DatasetSettings
from training.drift.reference import ReferenceTally
from training.explanation.dropping_cost import NominalValidation
from training.explanation.hiding_members import HiddenBox, members_to_drop
from training.explanation.nearest_patches import Box, checked_box, see
from training.model.anomaly_model import AnomalyModel, TrainedModel, load_anomaly_model
from training.model.decision_counts import DecisionCounts, count_decisions
from training.model.file import load_model
from training.model.find_threshold import check_validation, find_threshold
from training.model.members import MemberRecord
from training.model.provenance import Provenance
from training.model.record import FoundThreshold
from training.model.settings import ModelOverrides, ThresholdSettings
from training.runs.earlier_run import refuse_own_source
from training.runs.record import Described, finish_run
from training.support.user_error import UserError
from training.support.whole_file import write_json

log = logging.getLogger(__name__)

FILE_NAME = "forgotten.json"
_ROUNDS = 5  # dropping members moves the threshold, which may hide the box again


@dataclass(frozen=True)
class ForgetSettings:
    """Settings of a forgetting (``conf/forget.yaml``)."""

    model: Path
    members: tuple[int, ...]
    images: tuple[str, ...]
    missed: Path | None
    box: Box | None
    maximum_raised: float
    most: int
    dataset: DatasetSettings
    threshold: ThresholdSettings | None
    """None: as the model's was found."""
    overrides: ModelOverrides


def forget_run(settings: ForgetSettings, folder: Path) -> dict[str, Any]:
    """Drop members and write the run folder of the model without them.

    Returns the content of forgotten.json. Raises UserError, and writes nothing, for members that do not exist and for
    a missed box that cannot be found within the limits.
    """
    started = time.perf_counter()
    features, record = load_model(settings.model)
    refuse_own_source(folder, [settings.model])
    model = load_anomaly_model(settings.model, settings.overrides)
    members = MemberRecord.unknown(len(features)) if record.members is None else record.members
    dropped = _asked_members(settings, members)
    dataset = open_dataset(settings.dataset)
    check_validation(dataset, settings.dataset.evaluation_root)
    method = settings.threshold or _method_of(record.threshold)
    if settings.missed is not None:
        dropped = _dropped_to_find(settings, model, features, dataset, method, dropped)
    kept = _kept(len(features), dropped)
    fresh = AnomalyModel(model.extractor, features[kept], model.settings)
    seen = ReferenceTally()
    threshold, warnings = find_threshold(fresh, dataset, method, seen)
    pair = [(model, model.threshold), (fresh, threshold.value)]
    counts = {split: count_decisions(pair, dataset, split) for split in ("validation", "test") if dataset.split(split)}
    asked = {
        "members": list(settings.members),
        "images": list(settings.images),
        "missed": None if settings.missed is None else str(settings.missed),
        "box": None if settings.box is None else list(settings.box),
    }
    forgotten = {
        "asked": asked,
        "dropped": sorted(dropped),
        "threshold": {"before": model.threshold, "after": threshold.value},
        **{
            split: {"before": before.document(), "after": after.document()} for split, (before, after) in counts.items()
        },
    }
    coreset = record.coreset
    finish_run(
        folder=folder,
        features=features[kept],
        members=members.taken(kept),
        places=coreset.get("places", len(features)),
        minimum_support=coreset.get("minimum_support", 1),
        described=Described(record.extractor, record.extractor_config, model.settings, threshold, seen.reference()),
        certificate=Certificate(coreset["smallest_distance"], None, coreset["converged"]),
        epochs=[Epoch(**epoch) for epoch in coreset["epochs"]],
        provenance=Provenance(
            "forget",
            record.provenance.datasets,
            (record.as_parent(str(settings.model)),),
            forgotten={"asked": asked, "members": sorted(dropped)},
        ),
        warnings=[*record.warnings, *warnings],
        seconds={"forget": time.perf_counter() - started},
        device=model.extractor.mean.device.type,
    )
    write_json(folder / FILE_NAME, forgotten)
    _log_changes(len(dropped), counts)
    return forgotten


def _asked_members(settings: ForgetSettings, members: MemberRecord) -> set[int]:
    """Return the members that the settings name. Raises UserError for unknown ones and if nothing is asked."""
    if not (settings.members or settings.images or settings.missed):
        raise UserError("name what to forget: members=[...], images=[...], or missed=FILE box=left,top,width,height")
    if (settings.missed is None) != (settings.box is None):
        raise UserError("missed=FILE and box=left,top,width,height belong together")
    wrong = [number for number in settings.members if not 0 <= number < len(members)]
    if wrong:
        raise UserError(f"members: {wrong[0]} is not one of the {len(members)} members, 0 to {len(members) - 1}")
    dropped = set(settings.members)
    for name in settings.images:
        numbers = [
            number
            for number, image in enumerate(members.images)
            if name == image.sample_id or Path(name).resolve() == image.file
        ]
        if not numbers:
            raise UserError(f"images: no member comes from {name}; name an image by its sample_id or its path")
        dropped |= set(np.flatnonzero(np.isin(members.image, numbers)).tolist())
    return dropped


def _dropped_to_find(
    settings: ForgetSettings,
    model: TrainedModel,
    features: NDArray[np.float32],
    dataset: Dataset,
    method: ThresholdSettings,
    dropped: set[int],
) -> set[int]:
    """Return the members to drop so that the missed box is found, also at the threshold that is found afterwards."""
    assert settings.missed is not None
    picture = read_image(settings.missed, model.record.provenance.white_level)
    box = checked_box(settings.box, picture.shape)
    assert box is not None
    shape = (picture.shape[0], picture.shape[1])
    region = settings.dataset.region
    inside = None if region is None else region.inside(settings.missed, *shape)
    hidden = HiddenBox(model, see(model, picture, inside), box, shape, features)
    if not dropped and hidden.score(dropped) >= model.threshold:
        raise UserError(f"{settings.missed}: the box is found already, at {hidden.score(dropped):.4g}")
    validation = NominalValidation(model, features, dataset)
    allowed = int(settings.maximum_raised * validation.nominal_images)
    threshold = model.threshold
    for _ in range(_ROUNDS):
        found = members_to_drop(hidden, validation, threshold, dropped, allowed, settings.most)
        if found is None:
            break
        dropped = found
        fresh = AnomalyModel(model.extractor, features[_kept(len(features), dropped)], model.settings)
        threshold = find_threshold(fresh, dataset, method)[0].value
        if hidden.score(dropped) >= threshold:
            return dropped
    raise UserError(
        f"{settings.missed}: dropping {len(dropped)} members does not bring the box from {hidden.score(set()):.4g} to "
        f"the threshold within most={settings.most} members and maximum_raised={settings.maximum_raised:g} of the "
        "nominal validation images; nothing was written. Raise a limit, or put the image into the validation split"
    )


def _kept(size: int, dropped: set[int]) -> NDArray[np.bool_]:
    kept = np.ones(size, dtype=np.bool_)
    kept[list(dropped)] = False
    if kept.sum() < 2:
        raise UserError(f"dropping {len(dropped)} of {size} members leaves no coreset")
    return kept


def _method_of(found: FoundThreshold) -> ThresholdSettings:
    """Return the settings that a threshold was found with; a meld without images has none of its own."""
    method = "maximum_f1" if found.method == "largest_of_sources" else found.method
    return ThresholdSettings(method, found.minimum_coverage, found.pixels_per_image)


def _log_changes(dropped: int, counts: dict[str, list[DecisionCounts]]) -> None:
    log.info("Dropped %d members", dropped)
    for split, (before, after) in counts.items():
        for name, total in before.defects.items():
            log.info("%s: %s found %d -> %d of %d", split, name, before.found[name], after.found[name], total)
        log.info(
            "%s: false alarms %d -> %d of %d nominal images, %d -> %d nominal pixels",
            split,
            before.raised_images,
            after.raised_images,
            before.nominal_images,
            before.raised_pixels,
            after.raised_pixels,
        )
