"""Choice of the images of a large test split whose pictures are kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from eval.pictures.image_result import ImageResult

MISS, FALSE_POSITIVE, BEST = "miss", "false positive", "best"


@dataclass(frozen=True)
class PictureBudget:
    """Numbers of pictures to keep. All pictures of a test split of at most all_up_to images are kept."""

    all_up_to: int
    common: int
    """Number of evenly spaced images, the same for every model."""
    misses: int
    """Number of worst misses of each defect class."""
    false_positives: int
    """Number of worst false positives on the background and on each impurity."""
    best: int
    """Number of images with the highest F1."""


@dataclass(frozen=True)
class Reason:
    """Reason for keeping an image: its rank (from 1) among the misses or false positives of a class, or among the best.

    class_name is empty for the best.
    """

    kind: str
    class_name: str
    rank: int


def evenly_spaced(images: int, wanted: int) -> frozenset[int]:
    """Return up to `wanted` evenly spaced positions in [0, images), the same for every model."""
    if wanted <= 0:
        return frozenset()
    step = max(1.0, images / wanted)
    return frozenset(int(step * (k + 0.5)) for k in range(min(wanted, images)))


def choose(results: Sequence[ImageResult], budget: PictureBudget) -> dict[str, list[Reason]]:
    """Choose images by rank; return the reasons by sample id.

    Misses of a class are ranked by the number of missed instances, then of missed pixels. False positives are ranked
    by the number of pixels on the class, and the best images by F1. The rankings are independent. Choosing from the
    images chosen so far and one new image therefore gives the same result as choosing from all images.
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
