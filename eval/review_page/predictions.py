"""The findings of a prediction's output folder, for a review: pictures, and what to judge in each."""

import hashlib
import json
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pycocotools.mask  # type: ignore[import-untyped]
from numpy.typing import NDArray

from training.prediction.result_files import FINDINGS, TABLE
from training.support.user_error import UserError

Outline = tuple[tuple[float, float], ...]
"""Corners (x, y) [pixels] of a closed outline; the centre of the first pixel is (0.5, 0.5)."""
_COLUMNS = {"image", "score", "threshold", "mask", "error"}
_MOST_CORNERS = 60


@dataclass(frozen=True)
class Picture:
    """A predicted image: its file, its name below the input, its size [pixels], and its score."""

    number: int
    path: Path
    name: str
    sample_id: str
    """The name without its suffix, which exports use; folders stay, so that a region's patterns match."""
    width: int
    height: int
    score: float
    mask: Path
    """The file of the predicted pixels."""


@dataclass(frozen=True)
class Item:
    """One thing to judge: a finding of a picture, or a picture without one (``segmentation`` is None)."""

    number: int
    picture: Picture
    score: float
    box: tuple[int, int, int, int]
    """Left, top, width and height [pixels]; the whole picture where there is no finding."""
    segmentation: dict[str, Any] | None

    def pixels(self) -> NDArray[np.bool_]:
        """Return the pixels (H, W) of the finding; none of a picture without one."""
        if self.segmentation is None:
            return np.zeros((self.picture.height, self.picture.width), dtype=np.bool_)
        counts = str(self.segmentation["counts"]).encode("ascii")
        decoded = pycocotools.mask.decode({"size": self.segmentation["size"], "counts": counts})
        return np.asarray(decoded, dtype=np.bool_)

    def outlines(self) -> list[Outline]:
        """Return the finding's outlines, with so many corners that a person can move them; holes are filled."""
        left, top, width, height = self.box
        inside = self.pixels()[top : top + height, left : left + width]
        enlarged = np.pad(np.kron(inside, np.ones((2, 2))).astype(np.uint8), 1)  # so that a pixel has an area
        found, _ = cv2.findContours(enlarged, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        return [_simplified(np.asarray(contour, dtype=np.int32), left, top) for contour in found]


@dataclass(frozen=True)
class Predictions:
    """The items of a review, worst first, and the hash of the findings that answers refer to."""

    folder: Path
    pictures: tuple[Picture, ...]
    items: tuple[Item, ...]
    threshold: float
    failed: int
    """Number of images that could not be predicted; they are left out."""
    sha256: str


def read_predictions(folder: Path) -> Predictions:
    """Read predictions.csv and findings.json of ``training.predict``.

    Findings come by falling score, then pictures without one. Raises UserError for a folder that is no such output, and
    for a picture that is not where it was.
    """
    table, document, content = _read(folder)
    failed = int((table["error"] != "").sum())
    by_mask = {row["mask"]: row for row in table[table["error"] == ""].to_dict("records")}
    pictures: dict[int, Picture] = {}
    ids: set[str] = set()
    for entry in document["images"]:
        row = by_mask.get(f"masks/{entry['file_name']}.png")
        if row is None:
            raise UserError(f"{folder}: {FINDINGS} names {entry['file_name']}, which {TABLE} does not; predict again")
        path, mask = Path(str(row["image"])), folder / str(row["mask"])
        if not path.is_file():
            raise UserError(
                f"{folder}: the picture {path} is not there any more; start in the folder of the prediction"
            )
        size = (int(entry["width"]), int(entry["height"]))
        number, name = int(entry["id"]), PurePosixPath(str(entry["file_name"]))
        if name.is_absolute() or ".." in name.parts:
            raise UserError(f"{folder}: {FINDINGS} names {name}, which leaves the folder of the pictures")
        own_id = name.with_suffix("").as_posix()
        own_id = (
            own_id if own_id.casefold() not in ids else f"{own_id}_{number}"
        )  # two pictures may differ in the suffix
        ids.add(own_id.casefold())
        pictures[number] = Picture(number, path, str(name), own_id, *size, float(str(row["score"])), mask)
    found = defaultdict(list)
    for entry in document["annotations"]:
        found[int(entry["image_id"])].append(entry)
    unnumbered = [
        (float(entry["score"]), number, entry["bbox"], entry["segmentation"])
        for number, entries in found.items()
        for entry in entries
    ]
    unnumbered.sort(key=lambda one: -one[0])
    without = sorted((p for p in pictures.values() if p.number not in found), key=lambda p: -p.score)
    items = [
        Item(place, pictures[number], score, (box[0], box[1], box[2], box[3]), segmentation)
        for place, (score, number, box, segmentation) in enumerate(unnumbered)
    ]
    items += [
        Item(place, picture, picture.score, (0, 0, picture.width, picture.height), None)
        for place, picture in enumerate(without, start=len(items))
    ]
    if not items:
        raise UserError(f"{folder} holds no predicted picture")
    threshold = float(table["threshold"].iloc[0])
    digest = hashlib.sha256(content).hexdigest()
    return Predictions(folder, tuple(pictures.values()), tuple(items), threshold, failed, digest)


def _read(folder: Path) -> tuple[pd.DataFrame, dict[str, Any], bytes]:
    try:
        table = pd.read_csv(folder / TABLE, dtype=str, keep_default_na=False)
        content = (folder / FINDINGS).read_bytes()
        document = json.loads(content)
        if not set(table.columns) >= _COLUMNS or not isinstance(document, dict) or "annotations" not in document:
            raise ValueError("other fields are there")
    except FileNotFoundError as error:
        raise UserError(
            f"{folder} has no {Path(error.filename).name}: give the output folder of training.predict"
        ) from error
    except (OSError, ValueError) as error:
        raise UserError(f"{folder} cannot be read as the output of training.predict: {error}") from error
    return table, document, content


def _simplified(contour: NDArray[np.int32], left: int, top: int) -> Outline:
    """Return a contour of the enlarged box in pixels of the picture, with at most about 60 corners."""
    tolerance = max(2.0, 0.015 * max(cv2.boundingRect(contour)[2:]))  # of the enlarged box: at least one pixel
    corners = cv2.approxPolyDP(contour, tolerance, closed=True)
    while len(corners) > _MOST_CORNERS:
        tolerance *= 1.5
        corners = cv2.approxPolyDP(contour, tolerance, closed=True)
    if len(corners) < 3:
        x, y, width, height = cv2.boundingRect(contour)
        corners = np.array([[[x, y]], [[x + width, y]], [[x + width, y + height]], [[x, y + height]]])
    places = (corners[:, 0].astype(np.float64) - 0.5) / 2 + (left, top)
    return tuple((round(float(x), 2), round(float(y), 2)) for x, y in places)
