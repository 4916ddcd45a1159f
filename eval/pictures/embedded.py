"""Pictures as data URIs, so that a report is one file."""

import base64
from pathlib import Path

import cv2

from eval.pictures.overlay import Picture
from eval.pictures.panel import scale_to_width
from training.data.image_file import read_image
from training.support.user_error import UserError

JPEG_QUALITY = 88


def _data_uri(picture: Picture, suffix: str, parameters: list[int]) -> str:
    colours = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    encoded, content = cv2.imencode(suffix, cv2.cvtColor(picture, colours), parameters)
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


def layer_of(path: Path) -> str:
    """An RGBA PNG at full size as a data URI, as it is. Raises UserError when it is missing or no PNG."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    if not content.startswith(b"\x89PNG"):
        raise UserError(f"{path} is no PNG; evaluate again")
    return f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"


def photograph_of(path: Path, width: int) -> str:
    """photograph() of a file. Raises UserError when it is missing or does not decode."""
    return photograph(read_image(path), width)


def flat_colours_of(path: Path, width: int) -> str:
    """flat_colours() of a file. Raises UserError when it is missing or does not decode."""
    return flat_colours(read_image(path), width)
