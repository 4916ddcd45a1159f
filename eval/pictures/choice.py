"""Which images of a large test split are worth a look."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.pictures.image_result import ImageResult

MISS, FALSE_POSITIVE, BEST = "miss", "false positive", "best"


@dataclass(frozen=True)
class PictureBudget:
    """How many pictures of each sort are kept; a test split of at most all_up_to images is kept whole."""

    all_up_to: int
    common: int
    misses: int
    """For each defect class."""
    false_positives: int
    """For the background and for each impurity."""
    best: int


@dataclass(frozen=True)
class Reason:
    """Why an image was chosen: as the rank-th (from 1) worst miss or false positive of a class, or best of all."""

    kind: str
    class_name: str
    rank: int


def evenly_spaced(images: int, wanted: int) -> frozenset[int]:
    """Evenly spaced positions in a test split of that many images: the same ones for every model that is tested on
    it.
    """
    if wanted <= 0:
        return frozenset()
    step = max(1.0, images / wanted)
    return frozenset(int(step * (k + 0.5)) for k in range(min(wanted, images)))


def choose(results: Sequence[ImageResult], budget: PictureBudget) -> dict[str, list[Reason]]:
    """Choose by rank: sample_id -> its reasons.

    Misses of a class are ranked by its instances missed, then by its missed pixels; false positives by their pixels on
    the class; the best by the image's F1. The rankings are independent, so choosing from what was chosen so far plus
    one new image gives what choosing from all images gives: no more than the budget is ever held.
    """
    missed = sorted({name for result in results for name in result.missed_by_class})
    alarmed = sorted({name for result in results for name in result.false_by_class})
    rankings: list[tuple[str, str, int, Sequence[tuple[float, float]]]] = [
        *((MISS, name, budget.misses, [r.missed_by_class.get(name, (0, 0)) for r in results]) for name in missed),
        *(
            (FALSE_POSITIVE, name, budget.false_positives, [(r.false_by_class.get(name, 0), 0) for r in results])
            for name in alarmed
        ),
        (BEST, "", budget.best, [(r.f1 or 0.0, 0) for r in results]),
    ]
    chosen: dict[str, list[Reason]] = {}
    for kind, name, wanted, measures in rankings:
        pairs = zip(measures, (result.sample_id for result in results), strict=True)
        ranked = sorted((pair for pair in pairs if any(pair[0])), reverse=True)
        for rank, (_, sample_id) in enumerate(ranked[:wanted], start=1):
            chosen.setdefault(sample_id, []).append(Reason(kind, name, rank))
    return chosen
