"""Splits by plate: no plate is in two splits."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.support.user_error import UserError


@dataclass(frozen=True)
class PlateCounts:
    """Numbers of plates per split and kind; the paper (section V-A) has 10, 1, 1 and 6."""

    train: int
    validation: int
    test_clean: int
    test_defective: int


def split_plates(
    clean: Sequence[str], defective: Sequence[str], counts: PlateCounts, seed: int, lenders: Sequence[str] = ()
) -> dict[str, str]:
    """Return the split of every drawn plate; train gets clean plates, validation defective ones.

    A plate is clean if none of its images shows a defect. ``lenders`` are defective plates whose nominal images may
    train where clean plates do not suffice; no plate is in two splits. Raises UserError if there are too few plates.
    """
    rng = np.random.default_rng(seed)
    lent = max(counts.train + counts.test_clean - len(clean), 0) if lenders else 0
    split = {}
    for kind, plates, wanted in (
        ("clean", clean, {"train": counts.train - lent, "test": counts.test_clean}),
        ("defective", defective, {"validation": counts.validation, "test": counts.test_defective}),
    ):
        if sum(wanted.values()) > len(plates) or min(wanted.values()) < 0:
            asked = " and ".join(f"{count} for {name}" for name, count in wanted.items())
            raise UserError(f"there are {len(plates)} {kind} plates, but {asked} are asked for; ask for fewer")
        drawn = iter(rng.permutation(np.array(sorted(plates), dtype=object)).tolist())
        for name, count in wanted.items():
            split.update({next(drawn): name for _ in range(count)})
    free = [plate for plate in sorted(lenders) if plate not in split]
    if lent > len(free):
        raise UserError(
            f"{lent} more train plates are needed, but only {len(free)} defective plates with nominal images are left; "
            "ask for fewer"
        )
    return split | dict.fromkeys(rng.permutation(np.array(free, dtype=object)).tolist()[:lent], "train")


def draw_fraction(plates: Mapping[str, str], fraction: float, seed: int) -> set[str]:
    """Return about this fraction of the plates, drawn by stratum (plate -> stratum).

    From a stratum of two or more plates, at least one and not all are drawn.
    """
    drawn: set[str] = set()
    for stratum in sorted(set(plates.values())):
        members = sorted(plate for plate, of in plates.items() if of == stratum)
        wanted = round(fraction * len(members))
        if fraction > 0 and len(members) > 1:
            wanted = min(max(wanted, 1), len(members) - 1)
        rng = np.random.default_rng([seed, *stratum.encode()])
        drawn.update(members[k] for k in rng.permutation(len(members))[:wanted])
    return drawn
