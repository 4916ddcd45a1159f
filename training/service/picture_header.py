"""The size of a picture from its header, before anything is decoded."""

import io
import warnings
from pathlib import Path

from PIL import Image

from training.support.user_error import UserError

_FORMATS = ("PNG", "JPEG", "BMP", "TIFF", "WEBP", "JPEG2000")  # those that the decoder reads


class NoPictureError(UserError):
    """A content that does not decode as an image."""


class TooManyPixelsError(UserError):
    """A picture of more pixels than allowed."""


def check_header(content: bytes, name: Path, maximum_pixels: int) -> None:
    """Raise TooManyPixelsError for a picture that is too large, NoPictureError for what is no picture.

    A small file may decode to gigabytes; Pillow reads its header alone. ``name`` is for messages.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=_FORMATS) as picture:
                width, height = picture.size
    except Image.DecompressionBombError as error:
        raise TooManyPixelsError(f"{name} has more pixels than the {maximum_pixels} allowed: {error}") from error
    except Exception as error:  # Pillow raises many kinds for damaged headers
        raise NoPictureError(f"{name} does not decode as an image: its header is that of no picture") from error
    if width * height > maximum_pixels:
        raise TooManyPixelsError(f"{name} has {width} x {height} pixels, more than the {maximum_pixels} allowed")
