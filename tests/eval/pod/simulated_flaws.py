"""Flaws of known sizes on plates, found with a known probability."""

from typing import NamedTuple

import numpy as np

A50, SLOPE = 0.00012, 3.5  # metres; log odds per unit of the natural logarithm


class Flaws(NamedTuple):
    sizes: np.ndarray
    hits: np.ndarray
    plates: np.ndarray


def true_size(probability: float) -> float:
    return float(A50 * np.exp(np.log(probability / (1 - probability)) / SLOPE))


def simulate(rng: np.random.Generator, plates: int, per_plate: int = 4, spread: float = 0.0) -> Flaws:
    """Draw flaws from 0.03 to 0.5 mm, evenly on a log scale; `spread` is the deviation of a plate's own log odds."""
    sizes = np.exp(rng.uniform(np.log(3e-5), np.log(5e-4), plates * per_plate))
    number = np.repeat(np.arange(plates), per_plate)
    odds = SLOPE * np.log(sizes / A50) + spread * rng.normal(size=plates)[number]
    return Flaws(sizes, rng.random(len(sizes)) < 1 / (1 + np.exp(-odds)), number)
