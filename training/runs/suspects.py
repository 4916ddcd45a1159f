"""Suspects: train images that may not be nominal, ranked by what speaks against them (``suspects.csv``)."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.data.dataset import Sample
from training.model.members import MemberRecord
from training.support.whole_file import write_whole

FILE_NAME = "suspects.csv"
_PLACES = 24  # per image
_FEWEST = 10  # images; among fewer, quartiles say little
_FENCE = 3.0  # interquartile ranges above the upper quartile: Tukey's "far out"


@dataclass(frozen=True)
class Suspect:
    """Evidence against one train image."""

    sample_id: str
    image: Path
    members: int
    """Number of members that came from the image."""
    lone_members: int
    """Those that serve no other image: support below 2."""
    leave_one_out: float
    """Mean distance of the tenth of its patches that lie farthest from the members of other images."""
    places: tuple[tuple[float, float], ...]
    """Centres (x, y) [pixels] of lone members without company, which speak against the image."""

    @property
    def lone_share(self) -> float:
        """Share of the image's members that are lone; 0 without members."""
        return self.lone_members / self.members if self.members else 0.0


def ranked_suspects(
    samples: Sequence[Sample], members: MemberRecord, numbers: NDArray[np.int32], scores: NDArray[np.float32]
) -> list[Suspect]:
    """Return all train images, the most suspect first: by leave-one-out score.

    ``numbers`` (M,) are the members' images as numbers of ``samples``; ``scores`` (samples,) are leave-one-out scores.
    """
    lone = members.support < 2
    alone = lone & (members.company == 0)
    found = []
    for number, sample in enumerate(samples):
        own = numbers == number
        places = members.place[own & alone][:_PLACES]
        found.append(
            Suspect(
                sample_id=sample.sample_id,
                image=sample.image.resolve(),
                members=int(own.sum()),
                lone_members=int((own & lone).sum()),
                leave_one_out=float(scores[number]),
                places=tuple((float(x), float(y)) for x, y in places),
            )
        )
    return sorted(found, key=lambda suspect: -suspect.leave_one_out)


def outstanding(suspects: Sequence[Suspect]) -> list[Suspect]:
    """Return the suspects far above all others: three interquartile ranges over the upper quartile."""
    if len(suspects) < _FEWEST:
        return []
    scores = np.array([suspect.leave_one_out for suspect in suspects])
    low, high = np.percentile(scores, [25, 75])
    return [suspect for suspect in suspects if suspect.leave_one_out > high + _FENCE * (high - low)]


def warning_of(suspects: Sequence[Suspect]) -> list[str]:
    """Return a warning that names the suspects that stand out, if there are any."""
    found = outstanding(suspects)
    if not found:
        return []
    named = ", ".join(suspect.sample_id for suspect in found[:5]) + (", ..." if len(found) > 5 else "")
    return [
        f"{len(found)} of {len(suspects)} train images stand out from all others ({named}); look at them in "
        f"{FILE_NAME}: if they show defects, remove them or set coreset.minimum_support=2"
    ]


def write_suspects(folder: Path, suspects: Sequence[Suspect]) -> Path:
    """Write ``suspects.csv``, one row per train image; return its path. Raises UserError."""
    rows = [
        {
            "rank": rank,
            "sample_id": suspect.sample_id,
            "image": str(suspect.image),
            "leave_one_out": round(suspect.leave_one_out, 6),
            "lone_share": round(suspect.lone_share, 4),
            "lone_members": suspect.lone_members,
            "members": suspect.members,
            "places": " ".join(f"{x:.1f},{y:.1f}" for x, y in suspect.places),
        }
        for rank, suspect in enumerate(suspects, start=1)
    ]
    path = folder / FILE_NAME
    write_whole(path, pd.DataFrame(rows).to_csv(index=False).encode())
    return path
