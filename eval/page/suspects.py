"""The first suspects among a run's train images, with the patches that speak against them, for the report."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from eval.pictures.embedded import jpeg_uri
from eval.runs.run_summary import RunSummary
from training.data.image_file import read_image
from training.support.user_error import UserError

FILE_NAME = "suspects.csv"
SHOWN = 6
_WIDTH, _MARK = 300, (225, 30, 40)


@dataclass(frozen=True)
class ShownSuspect:
    """A train image, its caption, and its picture as a data URI; None if the file is no longer there."""

    sample_id: str
    caption: str
    picture: str | None


def suspects_of(runs: Sequence[RunSummary]) -> list[tuple[str, list[ShownSuspect]]]:
    """Return (name, first suspects) of every run that has some. Raises UserError for a damaged table."""
    found = []
    for run in runs:
        path = run.run / FILE_NAME
        if not path.is_file():
            continue
        try:
            table = pd.read_csv(path, dtype={"sample_id": str, "image": str, "places": str}).head(SHOWN)
            shown = [_shown({str(name): value for name, value in row.items()}) for row in table.to_dict("records")]
        except (OSError, ValueError, KeyError) as error:
            raise UserError(f"{path} cannot be read: {error}") from error
        found.append((run.name, shown))
    return found


def _shown(row: dict[str, object]) -> ShownSuspect:
    caption = (
        f"{row['rank']}. {row['sample_id']}: leave-one-out score {float(str(row['leave_one_out'])):.4g}, "
        f"{row['lone_members']} of {row['members']} members serve this image only"
    )
    return ShownSuspect(str(row["sample_id"]), caption, _picture(str(row["image"]), str(row["places"])))


def _picture(image: str, places: str) -> str | None:
    try:
        picture = read_image(Path(image)).copy()
    except UserError:
        return None  # moved since; the page says so
    thick = max(1, picture.shape[1] // 250)
    for place in places.split():
        if place != "nan":
            x, y = (round(float(value)) for value in place.split(","))
            cv2.circle(picture, (x, y), 6 * thick, _MARK, thick, cv2.LINE_AA)
    return jpeg_uri(np.asarray(picture, np.uint8), _WIDTH)
