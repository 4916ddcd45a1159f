"""A check that images fit a region of interest, from their files' headers, before any image is used."""

from collections.abc import Sequence
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from training.data.region_of_interest import RegionOfInterest

_ORIENTATION = 274  # EXIF tag; orientations 5 to 8 turn the image by a quarter
_TURNED = (5, 6, 7, 8)


def check_sizes(region: RegionOfInterest, images: Sequence[Path]) -> None:
    """Raise UserError for the first image that no pattern of the region matches, or that has another size.

    An image whose header cannot be read is left to the decoder.
    """
    for path in images:
        region.check_name(path)
        try:
            with Image.open(path) as image:
                width, height = image.size
                if image.getexif().get(_ORIENTATION) in _TURNED:
                    width, height = height, width
        except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue
        region.inside(path, height, width)
