"""The page of an explanation: one HTML file with the pictures in it."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.image_file import read_image
from training.explanation.explanation import Explanation
from training.support.page_rendering import render_page
from training.support.picture_encoding import data_uri, encode_jpeg
from training.support.user_error import UserError

TEMPLATE = Path(__file__).parent / "templates" / "explanation.html.j2"
_CROP, _SHOWN, _WIDE = 96, 160, 900  # pixels: side of a cut-out, of its picture, and largest width of the whole image
_MARK, _BOX = (255, 60, 40), (40, 160, 255)  # RGB
_QUALITY = 88


def explanation_page(explanation: Explanation) -> bytes:
    """Return the page as UTF-8. Train images that are gone are named, and their pictures left out."""
    cutouts = _Cutouts(explanation)
    members = {member: {**explanation.member(member), "picture": cutouts.of(member)} for member in explanation.costs}
    document = explanation.document()
    return render_page(
        TEMPLATE,
        document=document,
        image=_uri(_whole(explanation), _WIDE),
        heat=_uri(_heat(explanation), _WIDE),
        found=document["largest_score"] >= explanation.threshold,
        patches=[
            {
                "place": patch.place,
                "distance": patch.distances[0],
                "picture": _uri(_cutout(explanation.picture, patch.place), _SHOWN),
                "nearest": [
                    {"number": member, "distance": distance, **members[member]}
                    for member, distance in zip(patch.members, patch.distances, strict=True)
                ],
            }
            for patch in explanation.patches
        ],
    )


class _Cutouts:
    """Pictures of the places that members came from; each train image is read once."""

    def __init__(self, explanation: Explanation) -> None:
        self._members, self._white_level = explanation.members, explanation.white_level
        self._pictures: dict[str, NDArray[np.uint8] | None] = {}

    def of(self, member: int) -> str | None:
        """Return the picture around a member's place as a data URI; None if its image is unknown or gone."""
        origin = self._members.image_of(member)
        if origin is None or origin.augmented:  # an augmented picture exists only while it is trained on
            return None
        if origin.path not in self._pictures:
            try:
                self._pictures[origin.path] = read_image(origin.file, self._white_level)
            except UserError:
                self._pictures[origin.path] = None  # moved or deleted since: the page says so
        picture = self._pictures[origin.path]
        x, y = self._members.place[member]
        return None if picture is None else _uri(_cutout(picture, (float(x), float(y))), _SHOWN)


def _cutout(picture: NDArray[np.uint8], place: tuple[float, float]) -> NDArray[np.uint8]:
    """Return the surroundings of a place (x, y), grey beyond the borders, with a mark around it."""
    half = _CROP // 2
    wide = cv2.copyMakeBorder(picture, half, half, half, half, cv2.BORDER_CONSTANT, value=(235, 235, 235))
    x, y = (round(value) for value in place)
    part = np.ascontiguousarray(wide[y : y + _CROP, x : x + _CROP])
    cv2.rectangle(part, (half - 9, half - 9), (half + 9, half + 9), _MARK, 1)
    return part


def _whole(explanation: Explanation) -> NDArray[np.uint8]:
    drawn = explanation.picture.copy()
    thick = max(1, drawn.shape[1] // 400)
    if explanation.box is not None:
        left, top, width, height = explanation.box
        cv2.rectangle(drawn, (left, top), (left + width, top + height), _BOX, thick)
    for number, patch in enumerate(explanation.patches, start=1):
        x, y = (round(value) for value in patch.place)
        cv2.circle(drawn, (x, y), 5 * thick, _MARK, thick, cv2.LINE_AA)
        beside = (x + 6 * thick, y)
        cv2.putText(drawn, str(number), beside, cv2.FONT_HERSHEY_SIMPLEX, thick / 2, _MARK, thick, cv2.LINE_AA)
    return drawn


def _heat(explanation: Explanation) -> NDArray[np.uint8]:
    """Return the anomaly map in colour: the threshold is the middle of the scale."""
    share = np.clip(explanation.anomaly_map / (2 * max(explanation.threshold, 1e-9)), 0, 1)
    coloured = cv2.applyColorMap((255 * share).astype(np.uint8), cv2.COLORMAP_VIRIDIS)
    return np.asarray(cv2.cvtColor(coloured, cv2.COLOR_BGR2RGB), np.uint8)


def _uri(picture: NDArray[np.uint8], width: int) -> str:
    scale = width / picture.shape[1]
    if scale < 1 or width == _SHOWN:
        size = (width, max(1, round(picture.shape[0] * scale)))
        interpolation = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        picture = np.asarray(cv2.resize(picture, size, interpolation=interpolation), np.uint8)
    return data_uri("jpeg", encode_jpeg(picture, _QUALITY))
