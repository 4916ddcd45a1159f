"""Time measurements of the coreset and the model against a raw matrix product of the same size."""

import time
from statistics import median
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from training.coreset.collection import Collection
from training.coreset.melding import MemberRows, meld
from training.coreset.sequential import SequentialCoreset
from training.model.anomaly_model import AnomalyModel

CHUNK = 2048


def product_seconds(patches: NDArray[np.float32], members: int) -> float:
    """Return the CPU seconds of torch.mm of patches (N, C) with (C, members), in chunks."""
    rows = torch.from_numpy(patches)
    columns = rows[:members].T.contiguous()
    started = time.process_time()
    for start in range(0, len(rows), CHUNK):
        torch.mm(rows[start : start + CHUNK], columns)
    return time.process_time() - started


def coreset_over_product(images: list[NDArray[np.float32]], width: int, points: int, epochs: int) -> dict[str, Any]:
    """Return the time of an image's pass through the coreset, in matrix products of the same size.

    Measured are the first image and the median of the last epoch, in CPU seconds of one thread; each is paired with a
    product right before and after. Images are (N, C).
    """
    coreset = SequentialCoreset(points, images[0].shape[1])
    ratios: list[list[float]] = []
    product_seconds(images[0], points)  # the first call also loads the library
    for _ in range(epochs):
        ratios.append([])
        for patches in images:
            before = product_seconds(patches, points)
            started = time.process_time()
            coreset.update(patches, width)
            spent = time.process_time() - started
            ratios[-1].append(2 * spent / (before + product_seconds(patches, points)))
    return {
        "first_image_over_gemm": ratios[0][0],
        "steady_state_over_gemm": median(ratios[-1]),
        "by_epoch": ratios,
        "product_seconds": product_seconds(images[0], points),
    }


def inference_over_floor(model: AnomalyModel, image: NDArray[np.uint8], points: int, repeats: int) -> dict[str, float]:
    """Return the CPU seconds of an anomaly map relative to backbone plus product: medians of paired runs."""
    ratios, seconds = [], []
    for _ in range(repeats):
        started = time.process_time()
        features = model.extractor.patches(image)
        floor = time.process_time() - started
        floor += product_seconds(features.reshape(-1, features.shape[-1]), points)
        started, wall = time.process_time(), time.perf_counter()
        model.anomaly_map(image)
        ratios.append((time.process_time() - started) / floor)
        seconds.append(time.perf_counter() - wall)
    return {"inference_over_floor": median(ratios), "seconds": median(seconds)}


def collected(images: list[NDArray[np.float32]], width: int, points: int, epochs: int) -> tuple[Collection, float]:
    """Return a coreset collected from images (N, C) and the wall-clock seconds."""
    collection = Collection(SequentialCoreset(points, images[0].shape[1]))
    rows = [MemberRows(patches, width) for patches in images]
    started = time.perf_counter()
    collection.run(lambda _epoch, first: rows[first:], epochs, measure=False)
    return collection, time.perf_counter() - started


def covering_radius(images: list[NDArray[np.float32]], width: int, members: NDArray[np.float32]) -> float:
    """Return the exact covering radius of members (M, C) over images (N, C)."""
    coreset, squared = SequentialCoreset(members.shape[0], members.shape[1]), 0.0
    coreset.update(members)
    for patches in images:
        squared = coreset.cover(patches, width, squared)
    return float(np.sqrt(squared))


def meld_seconds(patches: NDArray[np.float32], points: int, count: int, epochs: int) -> float:
    """Return the wall-clock seconds of melding ``count`` coresets of ``points`` members from shares of the patches."""
    shares = np.array_split(patches, count)
    sources = [collected([share], 1, min(points, len(share)), 1)[0].coreset.features for share in shares]
    started = time.perf_counter()
    meld(sources, points, epochs)
    return time.perf_counter() - started
