import itertools

import numpy as np


def literal_aupro(scores: np.ndarray, instances: np.ndarray, counted: np.ndarray, limit: float) -> float:
    """Compute AUPRO by its definition, with a loop over all distinct scores and all regions."""
    points = [(0.0, 0.0)]
    negative = (instances == 0) & counted
    for threshold in sorted(set(scores[counted].tolist()), reverse=True):
        predicted = scores >= threshold
        overlaps = []
        for region in range(1, instances.max() + 1):
            inside = (instances == region) & counted
            overlaps.append((predicted & inside).sum() / inside.sum())
        points.append(((predicted & negative).sum() / negative.sum(), float(np.mean(overlaps))))
    area = 0.0
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        if x0 >= limit:
            break
        right = min(x1, limit)
        height = y1 if x1 <= limit else y0 + (y1 - y0) * (limit - x0) / (x1 - x0)
        area += (right - x0) * (y0 + height) / 2
    return area / limit
