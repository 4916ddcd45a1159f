"""Pictures as data URIs, for a report in a single file."""

from pathlib import Path

from eval.pictures.overlay import Picture
from eval.pictures.panel import scale_to_width
from training.data.image_file import read_image
from training.support.picture_encoding import data_uri, encode_jpeg, encode_png
from training.support.user_error import UserError

JPEG_QUALITY = 88
PNG_COMPRESSION = 9


def jpeg_uri(picture: Picture, width: int) -> str:
    """Return an RGB picture (H, W, 3) as a JPEG data URI, at most width pixels wide."""
    return data_uri("jpeg", encode_jpeg(_at_most(picture, width), JPEG_QUALITY))


def png_uri(picture: Picture, width: int) -> str:
    """Return a picture as a PNG data URI, at most width pixels wide; for masks, which JPEG would blur."""
    return data_uri("png", encode_png(_at_most(picture, width), PNG_COMPRESSION))


def jpeg_file_uri(path: Path, width: int) -> str:
    """Return jpeg_uri() of a picture file. Raises UserError if it is missing or does not decode."""
    return jpeg_uri(read_image(path), width)


def png_file_uri(path: Path, width: int) -> str:
    """Return png_uri() of a picture file. Raises UserError if it is missing or does not decode."""
    return png_uri(read_image(path), width)


def unchanged_png_uri(path: Path) -> str:
    """Return the unchanged bytes of a PNG file as a data URI. Raises UserError if it cannot be read or is no PNG."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    if not content.startswith(b"\x89PNG"):
        raise UserError(f"{path} is not a PNG file; evaluate the run again")
    return data_uri("png", content)


def _at_most(picture: Picture, width: int) -> Picture:
    return scale_to_width(picture, width) if picture.shape[1] > width else picture
