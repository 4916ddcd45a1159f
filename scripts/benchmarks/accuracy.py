"""The accuracy benchmark: this project's coreset and anomalib's PatchCore on the same images with the same backbone."""

from collections.abc import Sequence
from statistics import fmean

import numpy as np
from rich.console import Console

from scripts.benchmarks.accuracy_data import AccuracyData, LabelledTestImage
from scripts.benchmarks.accuracy_metrics import accuracy
from scripts.benchmarks.accuracy_peer import Peer, written
from scripts.benchmarks.accuracy_runs import Extractor, accuracy_of, map_settings
from scripts.benchmarks.planted import Planted, displacements_of, planted, textures
from training.coreset.sequential import SequentialCoreset
from training.features.extractor import FeatureExtractor
from training.model.anomaly_model import AnomalyModel

Figures = dict[str, float | None]
PLANTED = 60
SIDE = (256, 256)
NOMINAL_TEXTURES = 8


def our_accuracy(data: AccuracyData, extractor: Extractor, orders: int, *more: str) -> Figures:
    """Return the mean accuracy over orders of the train images; ``more`` overrides the defaults."""
    test_images = data.test_images()
    rows = [accuracy_of(data, extractor, test_images, order, *more) for order in range(orders)]
    return {name: _mean([row[name] for row in rows]) for name in rows[0]}


def peer_accuracy(data: AccuracyData, extractor: Extractor, peer: Peer, console: Console) -> Figures:
    """Return the accuracy of anomalib's PatchCore, fitted to the images in the folder's order."""
    built = extractor.built(f"extractor.resize={data.resize}")
    test_images = data.test_images()
    train, test = ([sample.image for sample in samples] for samples in (data.train, data.test))
    found = peer.predicted(f"{data.name}_{extractor.name}", built, train, test)
    console.print(f"anomalib, {data.name}, {extractor.name}: {found.members} members", highlight=False)
    maps = [_without_ignored(scores, image) for scores, image in zip(found.maps, test_images, strict=True)]
    return accuracy(maps, found.scores, test_images)


def our_displacement(extractor: Extractor) -> float:
    """Return the largest mean displacement [pixels], in y or x, of planted defects in an extractor's maps."""
    built = extractor.built()
    members = _coreset_of_textures(built)
    model = AnomalyModel(built, members, map_settings())
    defects = _defects()
    return _largest_mean([model.anomaly_map(picture) for picture in _pictures(defects)], defects)


def peer_displacement(extractor: Extractor, peer: Peer) -> float:
    """Return the largest mean displacement [pixels], in y or x, of planted defects in anomalib's maps."""
    folder, defects = peer.folder, _defects()
    train = written(textures(NOMINAL_TEXTURES, SIDE, seed=1), folder / "planted_train")
    test = written(_pictures(defects), folder / "planted_test")
    found = peer.predicted(f"planted_{extractor.name}", extractor.built(), train, test)
    return _largest_mean(found.maps, defects)


def _defects() -> list[Planted]:
    return planted(PLANTED, SIDE, seed=3)


def _pictures(defects: Sequence[Planted]) -> list[np.ndarray]:
    """Return each defect's picture with and without the square."""
    return [picture for defect in defects for picture in (defect.picture, defect.plain)]


def _largest_mean(maps: Sequence[np.ndarray], defects: Sequence[Planted]) -> float:
    return float(np.abs(displacements_of(maps[::2], maps[1::2], defects).mean(axis=0)).max())


def _coreset_of_textures(extractor: FeatureExtractor) -> np.ndarray:
    coreset: SequentialCoreset | None = None
    for texture in textures(NOMINAL_TEXTURES, SIDE, seed=1):
        patches = extractor.patches(texture)
        coreset = coreset or SequentialCoreset(1024, patches.shape[2])
        coreset.update(patches.reshape(-1, patches.shape[2]), patches.shape[1])
    assert coreset is not None
    return coreset.features


def _without_ignored(scores: np.ndarray, image: LabelledTestImage) -> np.ndarray:
    return np.where(image.ignored, np.float32(0), scores) if scores.shape == image.ignored.shape else scores


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None
