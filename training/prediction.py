"""Anomaly maps of loose images, written as 16-bit PNG with a table."""

import glob
import logging
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from omegaconf import DictConfig

from training.anomaly_model import AnomalyModel, load_anomaly_model
from training.image_file import IMAGE_SUFFIXES, read_image
from training.progress import with_progress
from training.user_error import UserError
from training.whole_file import write_whole

log = logging.getLogger(__name__)

TABLE = "predictions.csv"
_OUTLINE = (255, 0, 0)


def predict_run(cfg: DictConfig) -> None:
    """Predict every image of ``cfg.input`` into ``cfg.output``; images that fail are told in the table and at the
    end.

    Raises UserError where there is no image, where an output cannot be written, and, after all others are done, where
    an image could not be predicted.
    """
    output = Path(cfg.output)
    images, base = find_images(cfg.input, output)
    model = load_anomaly_model(cfg.model, cfg)
    rows = [
        _predicted(model, path, base, output, cfg.overlays) for path in with_progress(images, len(images), "predict")
    ]
    write_whole(output / TABLE, pd.DataFrame(rows).to_csv(index=False).encode())
    failed = [row for row in rows if row["error"]]
    anomalous = sum(row["anomalous"] is True for row in rows)
    log.info("%d images, %d anomalous at threshold %.6g, %d failed", len(rows), anomalous, model.threshold, len(failed))
    log.info("Results: %s", output / TABLE)
    if failed:
        raise UserError(
            f"{len(failed)} of {len(rows)} images failed (see {output / TABLE}), the first: {failed[0]['error']}"
        )


def find_images(pattern: str, output: Path) -> tuple[list[Path], Path]:
    """Return the images of a folder (searched deeply), a glob pattern or one file, sorted, and the folder they are
    named from; those below the folder of the output, which earlier predictions wrote, are left out.

    Raises UserError where there is none, and where the output would lie among the input.
    """
    path = Path(pattern)
    if path.is_dir() and path.resolve().is_relative_to(output.resolve()):
        raise UserError(f"output={output} holds the input; choose a folder of its own for the results")
    if path.is_file():
        return [path], path.parent
    if path.is_dir():
        candidates, base = path.rglob("*"), path
    else:
        base = Path(*path.parts[: _first_magic(path)])
        candidates = (Path(name) for name in glob.glob(pattern, recursive=True))  # noqa: PTH207 (takes absolute patterns)
    found = sorted(found for found in candidates if found.suffix.lower() in IMAGE_SUFFIXES and found.is_file())
    written = output.resolve()
    images = [image for image in found if not image.resolve().is_relative_to(written)]
    if len(images) < len(found):
        log.info("%d images in %s, results of an earlier prediction, are left out", len(found) - len(images), output)
    if not images:
        raise UserError(f"input={pattern}: no image there")
    return images, base


def encode_map(anomaly_map: NDArray[np.float32]) -> tuple[NDArray[np.uint16], float]:
    """Return an anomaly map as uint16 and the scale: distance = value * scale, exact to half a scale."""
    highest = float(anomaly_map.max())
    scale = highest / 65535 if highest > 0 else 1.0
    encoded = np.empty(anomaly_map.shape, dtype=np.uint16)
    for row, distances in zip(encoded, anomaly_map, strict=True):  # float64 for a row only: a map may be large
        row[:] = np.round(distances.astype(np.float64) / scale)
    return encoded, scale


def _predicted(model: AnomalyModel, path: Path, base: Path, output: Path, overlays: bool) -> dict[str, Any]:
    name = path.relative_to(base)
    blank = {"score": None, "anomalous": None, "threshold": model.threshold, "scale": None, "map": ""}
    row = {"image": str(path), **blank, "error": ""}
    try:
        image = read_image(path)
        anomaly_map = model.anomaly_map(image)
    except UserError as error:
        told = str(error) if str(path) in str(error) else f"{path}: {error}"
        log.error(told)
        return {**row, "error": told}
    encoded, scale = encode_map(anomaly_map)
    place = Path("maps") / name.with_name(f"{name.name}.png")  # two images may differ in their suffix only
    _write_png(output / place, encoded)
    if overlays:
        _write_png(output / "overlays" / place.relative_to("maps"), _outlined(image, anomaly_map >= model.threshold))
    score = model.image_score(anomaly_map)
    return {**row, "score": score, "anomalous": score >= model.threshold, "scale": scale, "map": place.as_posix()}


def _outlined(image: NDArray[np.uint8], anomalous: NDArray[np.bool_]) -> NDArray[np.uint8]:
    contours, _ = cv2.findContours(anomalous.astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    drawn = cv2.drawContours(np.ascontiguousarray(image), contours, -1, _OUTLINE, 1)
    return np.asarray(cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR), dtype=np.uint8)


def _write_png(path: Path, pixels: NDArray[Any]) -> None:
    write_whole(path, cv2.imencode(".png", pixels)[1].tobytes())


def _first_magic(path: Path) -> int:
    return next((i for i, part in enumerate(path.parts) if glob.has_magic(part)), len(path.parts) - 1)
