"""Adaptation of an extractor's weights to a dataset's nominal images, into a weights file for later trainings."""

import hashlib
import json
import logging
import time
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch

from training.data.check import require_sound
from training.data.dataset import Sample, open_dataset, read_image
from training.features.backbone import truncated_backbone
from training.features.backbone_weights import RECIPE, sha256_of
from training.features.extractor import FeatureExtractor, build_extractor
from training.pretraining.norm_statistics import moved_norms
from training.pretraining.settings import AdaptationSettings
from training.support.document import document_of
from training.support.progress import with_progress
from training.support.user_error import UserError
from training.support.whole_file import write_json, write_whole

log = logging.getLogger(__name__)

WEIGHTS = "backbone.safetensors"


def adapt_run(settings: AdaptationSettings, folder: Path) -> dict[str, Any]:
    """Move the first norms of an extractor toward the train images of a dataset.

    Writes the weights and adapt.json into ``folder``, and returns the content of adapt.json. Raises UserError for a
    dataset without train images, an unreadable image, and a folder that already has weights.
    """
    started = time.perf_counter()
    if (folder / WEIGHTS).exists():
        raise UserError(f"{folder / WEIGHTS} already exists, and models may use it; choose another name=")
    dataset = open_dataset(settings.dataset)
    for warning in require_sound(dataset, ("train",)):
        log.warning("Warning: %s", warning)
    samples = spread_evenly(dataset.split("train"), settings.norms.images)
    if not samples:
        raise UserError(f"dataset.root={dataset.root} has no train samples")
    extractor = build_extractor(settings.extractor, settings.device)
    for warning in extractor.warnings:
        log.warning("Warning: %s", warning)
    backbone, weights = truncated_backbone(extractor.settings)
    backbone.to(extractor.mean.device)
    looked_at = with_progress(samples, len(samples), "reading")
    images = [middle_of(extractor, sample, settings.norms.pixels) for sample in looked_at]
    norms = moved_norms(backbone, images, settings.norms.norms, settings.norms.share)
    names = list(with_progress(norms, settings.norms.norms, "adapting"))
    moved = backbone.state_dict()
    state = {name: moved.get(name, tensor).cpu().contiguous() for name, tensor in weights.state.items()}
    document = document_of(settings.norms)
    record = {
        "architecture": extractor.settings.architecture,
        "weights": extractor.settings.weights,
        "weights_sha256": extractor.fingerprint["weights_sha256"],
        "adapted_sha256": sha256_of(moved),
        "settings": document,
        "dataset": {"name": dataset.name, "images": [sample.sample_id for sample in samples]},
        "norms": names,
        "seconds": round(time.perf_counter() - started, 1),
    }
    # the header marks weights that expect standardised images
    header = {RECIPE: json.dumps({"adapted": record["weights"], **document})} if extractor.standardise else {}
    content = safetensors.torch.save(state, metadata=header)
    write_whole(folder / WEIGHTS, content)
    write_json(folder / "adapt.json", {**record, "sha256": hashlib.sha256(content).hexdigest()})
    log.info("Adapted %d norms to %d images of %s", len(names), len(samples), dataset.name)
    log.info("Weights: %s; name them with extractor.weights=", folder / WEIGHTS)
    return record


def spread_evenly(samples: tuple[Sample, ...], count: int) -> tuple[Sample, ...]:
    """Return at most ``count`` samples, evenly spread over all, including the first and the last."""
    if count >= len(samples):
        return samples
    return tuple(samples[place] for place in np.linspace(0, len(samples) - 1, count).astype(int))


def middle_of(extractor: FeatureExtractor, sample: Sample, side: int) -> torch.Tensor:
    """Return the middle (1, 3, h, w) of an image as the backbone sees it, at most ``side`` pixels high and wide.

    It is a copy, so that the whole image can be freed. Raises UserError for an unreadable image.
    """
    pixels = extractor.normalised(read_image(sample.image, sample.white_level))
    top, left = (max(0, (length - side) // 2) for length in pixels.shape[2:])
    return pixels[:, :, top : top + side, left : left + side].clone()
