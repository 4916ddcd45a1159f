"""The population stability index: how far a sample's shares of a reference's deciles moved."""

import numpy as np
from numpy.typing import NDArray

BINS = 10


def stability_index(reference: NDArray[np.float64], sample: NDArray[np.float64]) -> float:
    """Return the index of a sample (m,) against a reference (n,): sum of (q - p) ln(q / p) over the bins.

    Bins hold equal shares of the reference, ten where its values allow. Each count is raised by a half, so that an
    empty bin has a finite index.
    """
    edges = np.unique(np.quantile(reference, np.arange(1, BINS) / BINS))
    if len(edges) == 1:  # one value alone: what lies below, at and above it
        edges = np.array([edges[0], np.nextafter(edges[0], np.inf)])
    before, now = (_shares(values, edges) for values in (reference, sample))
    return float(((now - before) * np.log(now / before)).sum())


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    counts = np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)
    return np.asarray((counts + 0.5) / (len(values) + 0.5 * len(counts)))
