"""Accuracy of coresets from contaminated train images, with and without forgiving."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scripts.benchmarks.accuracy_data import AccuracyData, LabelledTestImage
from scripts.benchmarks.accuracy_runs import accuracy_of_grids, map_settings
from training.coreset.collection import Collection
from training.coreset.sequential import SequentialCoreset
from training.data.dataset import IGNORE_ID, Dataset, DefectClass, Sample
from training.features.extractor import FeatureExtractor
from training.features.image_epochs import image_epochs
from training.model.anomaly_model import AnomalyModel, distance_grids
from training.model.minimum_support import AUTO, forgiven, supported
from training.runs.dataset_suspects import Counted

Figures = dict[str, float | None]


@dataclass(frozen=True)
class Contaminated:
    """A draw: train samples in an order of their own, which of them are dirty, and the places of the test images."""

    train: tuple[Sample, ...]
    dirty: frozenset[str]
    """Sample ids of the defective images among them."""
    test: tuple[int, ...]


def contaminated(data: AccuracyData, pool: Sequence[Sample], share: float, draw: int) -> Contaminated:
    """Mix defective images of ``pool`` into the train images: ``share`` of their number.

    The images drawn leave the test images, where they are among them. A draw takes the same first images for every
    share and sets the order of the images.
    """
    count = round(share * len(data.train))
    rng = np.random.default_rng([28, draw])
    drawn = [pool[i] for i in rng.permutation(len(pool))[:count]]
    dirty = [replace(sample, split="train", mask=None, sample_id=f"dirty_{sample.sample_id}") for sample in drawn]
    mixed = [*data.train, *dirty]
    order = np.random.default_rng([29, draw]).permutation(len(mixed))
    files = {sample.image for sample in drawn}
    test = tuple(place for place, sample in enumerate(data.test) if sample.image not in files)
    return Contaminated(tuple(mixed[i] for i in order), frozenset(s.sample_id for s in dirty), test)


def accuracy_by_minimum(
    trained: Counted,
    extractor: FeatureExtractor,
    minima: Sequence[int],
    test_images: Sequence[LabelledTestImage],
) -> dict[int, Figures]:
    """Return the accuracy with each minimum support, and the number of members as ``members``."""
    kept = [supported(trained.members, minimum) for minimum in minima]
    models = [AnomalyModel(extractor, trained.features[rows], map_settings()) for rows in kept]
    grids = [distance_grids(models, image.image) for image in test_images]
    found = {}
    for place, (minimum, model) in enumerate(zip(minima, models, strict=True)):
        figures = accuracy_of_grids(model, [row[place] for row in grids], test_images)
        found[minimum] = {**figures, "members": float(kept[place].sum())}
    return found


def refilled_accuracy(
    trained: Counted,
    extractor: FeatureExtractor,
    minimum: int,
    places: int,
    test_images: Sequence[LabelledTestImage],
) -> Figures:
    """Return the accuracy of at most ``places`` supported members of a coreset that was collected with more.

    So the places that unsupported members leave are filled by supported patches, those of the largest support first.
    """
    kept = np.flatnonzero(supported(trained.members, minimum))
    chosen = kept[np.argsort(-trained.members.support[kept], kind="stable")[:places]]
    model = AnomalyModel(extractor, trained.features[chosen], map_settings())
    grids = [model.distance_grid(image.image) for image in test_images]
    return {**accuracy_of_grids(model, grids, test_images), "members": float(len(chosen))}


def chosen_minimum(trained: Counted, extractor: FeatureExtractor, data: AccuracyData, held: Sequence[Sample]) -> int:
    """Return the minimum support that ``auto`` chooses on validation images that no test figure uses."""
    classes = tuple(DefectClass(number, str(number), "defect", (255, 0, 0)) for number in data.defect_ids)
    samples = tuple(replace(sample, split="validation") for sample in held)
    dataset = Dataset(data.name, held[0].image.parent, classes, IGNORE_ID, samples)
    return forgiven(AUTO, trained.members, trained.features, extractor, map_settings(), dataset).minimum


def suspects_precision(trained: Counted, dirty: frozenset[str]) -> float | None:
    """Return the share of dirty images among the first suspects, as many as there are dirty images."""
    if not dirty:
        return None
    return sum(suspect.sample_id in dirty for suspect in trained.suspects()[: len(dirty)]) / len(dirty)


def support_overhead(trained: Counted, extractor: FeatureExtractor, defect_ids: tuple[int, ...], rounds: int) -> float:
    """Return the time of the pass that measures the radius with the count of supports over that without.

    Passes with and without alternate; CPU time, the quickest of each, because other programs only ever slow a pass.
    """
    seconds: dict[bool, list[float]] = {False: [], True: []}
    coreset = SequentialCoreset(len(trained.features), trained.features.shape[1])
    coreset.update(trained.features)
    for number in range(2 * (rounds + 1)):
        counts = bool(number % 2)
        collection = Collection(coreset, images=len(trained.samples), counts_support=counts)
        collection.origins = trained.collection.origins
        stream = image_epochs(trained.samples, extractor, defect_ids, None)
        started = time.process_time()
        collection.measure(stream)
        if number >= 2:  # the first two compile
            seconds[counts].append(time.process_time() - started)
    return min(seconds[True]) / min(seconds[False])
