"""Encoding of pictures as PNG, JPEG and data URIs."""

import base64

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]


def encode_png(picture: Picture, compression: int | None = None) -> bytes:
    """Encode an RGB (H, W, 3) or RGBA (H, W, 4) picture as PNG; compression is 0 to 9, None for OpenCV's default.

    Raises OSError if OpenCV cannot encode it.
    """
    return _encode(picture, ".png", [] if compression is None else [cv2.IMWRITE_PNG_COMPRESSION, compression])


def encode_jpeg(picture: Picture, quality: int) -> bytes:
    """Encode an RGB picture (H, W, 3) as JPEG with a quality of 0 to 100. Raises OSError if OpenCV cannot encode it."""
    return _encode(picture, ".jpg", [cv2.IMWRITE_JPEG_QUALITY, quality])


def data_uri(kind: str, content: bytes) -> str:
    """Return an encoded picture as a data URI, for pages in a single file; ``kind`` is png or jpeg."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _encode(picture: Picture, suffix: str, parameters: list[int]) -> bytes:
    order = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    encoded, content = cv2.imencode(suffix, cv2.cvtColor(picture, order), parameters)
    if not encoded:
        raise OSError(f"a picture of shape {picture.shape} cannot be encoded as {suffix}")
    return content.tobytes()
