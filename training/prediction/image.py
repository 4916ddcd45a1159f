"""The prediction of one image: its map, its mask, its findings, and their files."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from training.data.image_file import read_image
from training.data.region_of_interest import RegionOfInterest
from training.model.detector import Detector
from training.prediction.coco import annotation_in_box
from training.prediction.judgement import Judgement, judge
from training.support.whole_file import write_whole

CATEGORY = {"id": 1, "name": "anomaly", "supercategory": "anomaly"}
_OUTLINE, _REGION = (0, 0, 255), (255, 144, 30)  # red and blue, in OpenCV's order


@dataclass(frozen=True)
class PredictedImage:
    """A row of predictions.csv, and the image and its findings as entries of a COCO file, with ids still 0."""

    row: dict[str, Any]
    coco_image: dict[str, Any]
    annotations: list[dict[str, Any]]


def predict_image(
    model: Detector,
    path: Path,
    name: Path,
    output: Path,
    minimum_size: int,
    overlay: bool,
    region: RegionOfInterest | None = None,
) -> PredictedImage:
    """Predict an image file and write maps/, masks/ and, if wanted, overlays/ below ``output``, under its name.

    Of a region of interest, findings and score count inside only; the overlay shows its outline. Raises UserError if
    the image cannot be predicted or a file cannot be written.
    """
    started = time.perf_counter()
    image = read_image(path, model.provenance.white_level)
    inside = None if region is None else region.inside(path, image.shape[0], image.shape[1])
    judged = judge(model, image, minimum_size, started, inside)
    files = write_pictures(judged, name, output, overlay)
    labels = judged.labels
    annotations = []
    for finding in judged.findings:
        left, top, width, height = finding.box
        shown = labels[top : top + height, left : left + width] == finding.number
        entry = annotation_in_box(0, 0, CATEGORY["id"], shown, left, top, labels.shape)  # type: ignore[arg-type]
        annotations.append({**entry, "score": finding.score})
    row = {"image": str(path), **judged.row(), **files, "error": ""}
    coco_image = {"id": 0, "file_name": name.as_posix(), "width": row["width"], "height": row["height"]}
    return PredictedImage(row, coco_image, annotations)


def write_pictures(judged: Judgement, name: Path, output: Path, overlay: bool) -> dict[str, Any]:
    """Write maps/, masks/ and, if wanted, overlays/ below ``output``, under the image's name.

    Returns the table's fields of the files, and the scale of the map. Raises UserError if a file cannot be written.
    """
    file = name.with_name(f"{name.name}.png")  # two images may differ in the suffix only
    encoded, scale = encode_map(judged.anomaly_map)
    predicted = judged.labels > 0
    _write_png(output / "maps" / file, encoded)
    _write_png(output / "masks" / file, np.where(predicted, np.uint8(255), np.uint8(0)))
    if overlay:
        _write_png(output / "overlays" / file, _outlined(judged.image, predicted, judged.inside))
    return {
        "map": f"maps/{file.as_posix()}",
        "scale": scale,
        "mask": f"masks/{file.as_posix()}",
        "overlay": f"overlays/{file.as_posix()}" if overlay else "",
    }


def encode_map(anomaly_map: NDArray[np.float32]) -> tuple[NDArray[np.uint16], float]:
    """Return an anomaly map as uint16 and the scale: distance = value * scale, exact to half a scale."""
    highest = float(anomaly_map.max())
    scale = highest / 65535 if highest > 0 else 1.0
    encoded = np.empty(anomaly_map.shape, dtype=np.uint16)
    for row, distances in zip(encoded, anomaly_map, strict=True):  # float64 for one row at a time: a map may be large
        row[:] = np.round(distances.astype(np.float64) / scale)
    return encoded, scale


def _outlined(
    image: NDArray[np.uint8], predicted: NDArray[np.bool_], inside: NDArray[np.bool_] | None
) -> NDArray[np.uint8]:
    """Return the image (BGR), findings outlined in red, the region of interest in blue; large images: wider lines."""
    drawn = cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    for pixels, colour in ((inside, _REGION), (predicted, _OUTLINE)):
        if pixels is not None:
            contours, _ = cv2.findContours(pixels.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
            drawn = cv2.drawContours(drawn, contours, -1, colour, 1 + max(image.shape) // 1500)
    return np.asarray(drawn, dtype=np.uint8)


def _write_png(path: Path, pixels: NDArray[Any]) -> None:
    write_whole(path, encoded_png(pixels))


def encoded_png(pixels: NDArray[Any]) -> bytes:
    """Return pixels (H, W) of 8 or 16 bit, or BGR (H, W, 3), as a PNG file."""
    return cv2.imencode(".png", pixels)[1].tobytes()
