"""Statistics of a picture that light, lens and camera move: brightness, contrast, sharpness, colour."""

import cv2
import numpy as np
from numpy.typing import NDArray

IMAGE_STATISTICS = ("brightness", "contrast", "sharpness", "red", "blue")
SCORE = "score"
"""The statistic that the detector adds: the score of the image."""
_NEIGHBOURS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))


def image_statistics(image: NDArray[np.uint8], inside: NDArray[np.bool_] | None = None) -> dict[str, float]:
    """Return the statistics of an RGB image (H, W, 3), by the names of IMAGE_STATISTICS.

    Brightness and contrast are the mean and the standard deviation of the grey levels [0, 255]. Sharpness is the mean
    absolute Laplacian of the grey levels. Red and blue are the channels' shares of the image's light; a black image
    has a third of each.
    Of a region of interest ``inside`` (H, W), pixels inside count only. Sharpness counts those with four neighbours
    inside, and is 0 if there is none.
    """
    counted = None if inside is None else inside.astype(np.uint8)
    grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
    mean, deviation = (float(value[0, 0]) for value in cv2.meanStdDev(grey, mask=counted))
    edges = np.abs(cv2.Laplacian(grey, cv2.CV_16S, borderType=cv2.BORDER_REFLECT_101))
    if counted is not None:
        edges = edges[cv2.erode(counted, _NEIGHBOURS) > 0]  # the image's border is no border of the region
    sharpness = float(edges.mean()) if edges.size else 0.0
    red, green, blue = (float(value) for value in cv2.mean(image, mask=counted)[:3])
    light = red + green + blue
    shares = (red / light, blue / light) if light > 0 else (1 / 3, 1 / 3)
    shares = (round(shares[0], 6), round(shares[1], 6))  # the last bits of a grey picture's thirds are no colour
    return dict(zip(IMAGE_STATISTICS, (mean, deviation, sharpness, *shares), strict=True))
