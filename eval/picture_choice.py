"""Which images of a large test split are worth a look."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.image_result import ImageResult

COMMON, MISS, FALSE_POSITIVE, BEST = "common", "miss", "false positive", "best"


@dataclass(frozen=True)
class PictureBudget:
    """How many pictures of each sort are kept; a test split of at most all_up_to images is kept whole."""

    all_up_to: int
    common: int
    misses: int
    false_positives: int
    best: int


def evenly_spaced(images: int, wanted: int) -> frozenset[int]:
    """Evenly spaced positions in a test split of that many images: the same ones for every model that is tested on
    it.
    """
    if wanted <= 0:
        return frozenset()
    step = max(1.0, images / wanted)
    return frozenset(int(step * (k + 0.5)) for k in range(min(wanted, images)))


def choose(results: Sequence[ImageResult], budget: PictureBudget) -> dict[str, str]:
    """Choose by rank: sample_id -> why, in rank order (one that is chosen for two reasons names the first).

    Misses are ranked by instances missed, then by missed pixels; false positives by their pixels; the best by the
    image's F1. The choice is three independent rankings, so choosing from what was chosen so far plus one new image
    gives what choosing from all images gives: no more than the budget is ever held.
    """
    rankings = (
        (MISS, budget.misses, [r for r in results if r.false_negatives], lambda r: (r.missed, r.false_negatives)),
        (
            FALSE_POSITIVE,
            budget.false_positives,
            [r for r in results if r.false_positives],
            lambda r: r.false_positives,
        ),
        (BEST, budget.best, [r for r in results if r.true_positives], lambda r: r.f1 or 0.0),
    )
    chosen: dict[str, str] = {}
    for reason, wanted, candidates, rank in rankings:
        for result in sorted(candidates, key=lambda r: (rank(r), r.sample_id), reverse=True)[:wanted]:
            chosen.setdefault(result.sample_id, reason)
    return chosen
