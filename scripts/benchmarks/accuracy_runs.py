"""Coresets for the accuracy benchmarks: trained on one order of the images, measured by their anomaly maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from scripts.benchmarks.accuracy_data import AccuracyData, LabelledTestImage
from scripts.benchmarks.accuracy_metrics import accuracy
from scripts.training_steps import composed_config
from training.coreset.sequential import SequentialCoreset
from training.data.dataset import Sample
from training.features.extractor import FeatureExtractor, build_extractor
from training.features.extractor_settings import read_extractor_settings
from training.features.patch_stream import stream_patches
from training.model.anomaly_model import AnomalyModel, DistanceGrid
from training.model.settings import AnomalyMapSettings, read_anomaly_map_settings
from training.support.typed_overrides import quoted
from training.support.user_error import UserError

MEMBERS = 2048


@dataclass(frozen=True)
class Extractor:
    """A name for the tables, and the overrides of conf/train.yaml that select it."""

    name: str
    overrides: tuple[str, ...]

    def built(self, *more: str) -> FeatureExtractor:
        """Return the extractor with further overrides."""
        cfg = composed_config("train", "dataset.root=unused", *self.overrides, *more)
        return build_extractor(read_extractor_settings(cfg.extractor), "cpu")


def map_settings(*overrides: str) -> AnomalyMapSettings:
    """Return ``conf/anomaly_map`` with overrides."""
    return read_anomaly_map_settings(composed_config("train", "dataset.root=unused", *overrides).anomaly_map)


def coreset_of(
    extractor: FeatureExtractor, samples: Sequence[Sample], defect_ids: tuple[int, ...], members: int = MEMBERS
) -> NDArray[np.float32]:
    """Return the coreset (M, C) of one epoch over samples, in their order."""
    coreset: SequentialCoreset | None = None
    for patches in stream_patches(samples, extractor, defect_ids):
        coreset = coreset or SequentialCoreset(members, patches.features.shape[1])
        coreset.update(patches.features, patches.width)
    assert coreset is not None
    return coreset.features


def distance_grids(model: AnomalyModel, test_images: Sequence[LabelledTestImage]) -> list[DistanceGrid]:
    """Return the patch distances of every test image."""
    return [model.distance_grid(image.image) for image in test_images]


def accuracy_of_grids(
    model: AnomalyModel, grids: Sequence[DistanceGrid], test_images: Sequence[LabelledTestImage]
) -> dict[str, float | None]:
    """Return the accuracy of the maps that a model computes from patch distances."""
    shapes = [image.defect.shape for image in test_images]
    maps = [model.map_from(grid, (shape[0], shape[1])) for grid, shape in zip(grids, shapes, strict=True)]
    counted = [np.where(image.ignored, np.float32(0), scores) for scores, image in zip(maps, test_images, strict=True)]
    return accuracy(maps, [model.image_score(scores) for scores in counted], test_images)


def accuracy_of(
    data: AccuracyData, extractor: Extractor, test_images: Sequence[LabelledTestImage], order: int, *more: str
) -> dict[str, float | None]:
    """Train on one order of the images with the defaults and ``more`` overrides; return the accuracy."""
    built = extractor.built(f"extractor.resize={data.resize}", *(o for o in more if o.startswith("extractor.")))
    members = coreset_of(built, data.ordered(order), data.defect_ids)
    settings = map_settings(*(o for o in more if o.startswith("anomaly_map")))
    model = AnomalyModel(built, members, settings)
    return accuracy_of_grids(model, distance_grids(model, test_images), test_images)


def named_extractors(named: Sequence[str]) -> list[Extractor]:
    """Return the extractors of ``CONFIG=FILE``; ``CONFIG+relu+same=FILE`` sets the activation and the padding.

    Raises UserError for another form.
    """
    ways = {"relu": "extractor.activation=relu", "same": "extractor.padding=same"}
    found = []
    for text in named:
        config, separator, file = text.partition("=")
        group, *chosen = config.split("+")
        unknown = [way for way in chosen if way not in ways]
        if not separator or not file or unknown:
            raise UserError(f"--extractor {text!r}: give CONFIG=FILE or CONFIG+relu+same=FILE")
        weights = f"extractor.weights={quoted(Path(file).resolve())}"
        found.append(Extractor(group, (f"extractor={group}", weights, *(ways[way] for way in chosen))))
    return found
