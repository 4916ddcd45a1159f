"""The two-sample test of Kolmogorov and Smirnov, exact for any sizes of the samples."""

from functools import cache

import numpy as np
from numpy.typing import NDArray


def largest_gap(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return the largest difference of the distribution functions of two sorted samples (n,) and (m,), in [0, 1]."""
    places = np.concatenate([first, second])
    below_first = np.searchsorted(first, places, side="right") / len(first)
    below_second = np.searchsorted(second, places, side="right") / len(second)
    return float(np.abs(below_first - below_second).max())


def chance_of_gap(first: int, second: int, gap: float) -> float:
    """Return the chance that samples of these sizes from one distribution differ by ``gap`` or more.

    Exact for a continuous distribution, too high (never too low) for one with ties. The samples merged in order are a
    random path from (0, 0) to (first, second); the chance is that of the paths that leave a band around the diagonal.
    """
    limit = round(gap * first * second)
    steps = first + second
    chances = np.zeros(first + 1)  # by the number i of values of the first sample among the s smallest
    chances[0] = 1.0
    numbers = np.arange(first + 1)
    for s in range(1, steps + 1):
        left = steps - s + 1  # values that remain before the s-th is taken
        from_first = np.zeros(first + 1)
        from_first[1:] = chances[:-1] * (first - numbers[:-1]) / left
        of_second = s - 1 - numbers  # values of the second sample before this step
        from_second = chances * np.clip(second - of_second, 0, second) / left
        chances = from_first + from_second
        j = s - numbers
        outside = (j < 0) | (j > second) | (np.abs(numbers * second - j * first) >= limit)
        chances[outside] = 0.0
    return min(max(1.0 - float(chances[first]), 0.0), 1.0)


@cache
def critical_gap(first: int, second: int, significance: float) -> float | None:
    """Return the smallest gap whose chance is at most ``significance``; None if even a gap of 1 is likelier."""
    low, high = 0, first * second
    if chance_of_gap(first, second, 1.0) > significance:
        return None
    while high - low > 1:  # in units of 1 / (first * second); the chance falls with the gap
        middle = (low + high) // 2
        if chance_of_gap(first, second, middle / (first * second)) <= significance:
            high = middle
        else:
            low = middle
    return high / (first * second)
