"""Pictures as data URIs, so that a report is one file."""

import base64
from pathlib import Path

import cv2

from eval.overlay import Picture
from eval.picture_panel import scale_to_width
from training.image_file import read_image

JPEG_QUALITY = 88


def _data_uri(picture: Picture, suffix: str, parameters: list[int]) -> str:
    encoded, content = cv2.imencode(suffix, cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), parameters)
    if not encoded:
        raise ValueError(f"a picture of shape {picture.shape} does not encode as {suffix}")
    kind = {".jpg": "jpeg", ".png": "png"}[suffix]
    return f"data:image/{kind};base64,{base64.b64encode(content.tobytes()).decode('ascii')}"


def photograph(picture: Picture, width: int) -> str:
    """An RGB picture (H, W, 3) as a JPEG data URI, at most width pixels wide."""
    small = scale_to_width(picture, width) if picture.shape[1] > width else picture
    return _data_uri(small, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])


def flat_colours(picture: Picture, width: int) -> str:
    """A picture of few flat colours (a mask) as a PNG data URI, at most width pixels wide, without JPEG's fringes."""
    small = scale_to_width(picture, width) if picture.shape[1] > width else picture
    return _data_uri(small, ".png", [cv2.IMWRITE_PNG_COMPRESSION, 9])


def photograph_of(path: Path, width: int) -> str:
    """photograph() of a file. Raises UserError when it is missing or does not decode."""
    return photograph(read_image(path), width)


def flat_colours_of(path: Path, width: int) -> str:
    """flat_colours() of a file. Raises UserError when it is missing or does not decode."""
    return flat_colours(read_image(path), width)
