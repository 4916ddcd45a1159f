"""Prediction of loose images: anomaly maps, masks, overlays, a table, and the findings as a COCO file."""

import glob
import json
import logging
from pathlib import Path
from typing import Any

import pandas as pd

from training.data.file_identity import chosen_images, left_out_in_words, list_images
from training.data.region_of_interest import RegionOfInterest
from training.data.region_sizes import check_sizes
from training.model.detector import Detector
from training.model.load_detector import load_detector
from training.model.model_region import region_for
from training.prediction.coco_results import FILE as COCO_RESULTS
from training.prediction.coco_results import CocoIds, read_coco_ids, results_of
from training.prediction.image import CATEGORY, PredictedImage, predict_image
from training.prediction.journal import PredictionJournal
from training.prediction.result_files import FINDINGS, TABLE
from training.prediction.settings import PredictionSettings
from training.support.progress import with_progress
from training.support.software_versions import software_versions
from training.support.user_error import UserError
from training.support.whole_file import write_json, write_whole

log = logging.getLogger(__name__)


class FailedImagesError(Exception):
    """Single images that could not be predicted; all others were."""


def predict_run(settings: PredictionSettings) -> None:
    """Predict every image of the input; keep earlier results of the same model and settings.

    Raises UserError if there is no image, if one does not fit the region of interest, or an output cannot be written.
    Raises FailedImagesError after all other images if one could not be predicted.
    """
    output = settings.output
    images, base = find_images(settings.input, output)
    ids = None if settings.coco is None else read_coco_ids(settings.coco, settings.coco_category)
    model = load_detector(settings.model, settings.overrides)
    region, warnings = region_for(model.provenance, settings.region)
    for warning in warnings:
        log.warning("Warning: %s", warning)
    if region is not None:
        check_sizes(region, images)
    journal = PredictionJournal(output, _job(model, settings, region), settings.resume)
    known = {path: journal.find(path.relative_to(base).as_posix(), path) for path in images}
    kept = sum(found is not None for found in known.values())
    if kept:
        log.info("%d of %d images are predicted already; resume=false predicts them again", kept, len(images))
    done: list[PredictedImage] = []
    rows: list[dict[str, Any]] = []
    for path in with_progress(images, len(images), "predict"):
        name = path.relative_to(base)
        found = known[path]
        if found is None:
            try:
                found = predict_image(
                    model, path, name, output, settings.minimum_prediction_size, settings.overlays, region
                )
            except UserError as error:
                message = str(error) if str(path) in str(error) else f"{path}: {error}"
                log.error(message)
                rows.append({"image": str(path), "threshold": model.threshold, "error": message})
                continue
            journal.add(name.as_posix(), path, found)
        done.append(found)
        rows.append(found.row)
    _write_results(output, rows, done)
    if ids is not None:
        _write_coco_results(output, ids, done)
    _log_summary(output, rows, model.threshold)


def _write_results(output: Path, rows: list[dict[str, Any]], done: list[PredictedImage]) -> None:
    columns = list(done[0].row) if done else ["image", "threshold", "error"]
    write_whole(output / TABLE, pd.DataFrame(rows, columns=columns).to_csv(index=False).encode())
    coco: dict[str, Any] = {
        "info": {"description": "findings", "stainless": software_versions()},
        "licenses": [],
        "categories": [CATEGORY],
        "images": [{**entry.coco_image, "id": number} for number, entry in enumerate(done, start=1)],
        "annotations": [],
    }
    for image_id, entry in enumerate(done, start=1):
        for own in entry.annotations:
            coco["annotations"].append({**own, "id": len(coco["annotations"]) + 1, "image_id": image_id})
    write_json(output / FINDINGS, coco)


def _write_coco_results(output: Path, ids: CocoIds, done: list[PredictedImage]) -> None:
    results, notes = results_of(ids, done)
    write_whole(output / COCO_RESULTS, (json.dumps(results) + "\n").encode())
    for note in notes:
        log.warning("Warning: %s", note)
    if not results:
        log.warning("Warning: there is no finding, and pycocotools' loadRes refuses an empty list")
    log.info("COCO results: %s (%d findings)", output / COCO_RESULTS, len(results))


def _log_summary(output: Path, rows: list[dict[str, Any]], threshold: float) -> None:
    failed = [row for row in rows if row["error"]]
    anomalous = sum(row.get("decision") == "anomalous" for row in rows)
    log.info("%d images, %d anomalous at threshold %.6g, %d failed", len(rows), anomalous, threshold, len(failed))
    log.info("Results: %s", output / TABLE)
    if failed:
        raise FailedImagesError(
            f"{len(failed)} of {len(rows)} images failed (see {output / TABLE}), the first: {failed[0]['error']}"
        )


def _job(model: Detector, settings: PredictionSettings, region: RegionOfInterest | None) -> dict[str, Any]:
    """Return everything that a prediction depends on besides the image."""
    return {
        "model": model.fingerprint,
        "threshold": model.threshold,
        "minimum_prediction_size": settings.minimum_prediction_size,
        "overlays": settings.overlays,
        **({} if region is None else {"region of interest": region.sha256}),
    }


def find_images(pattern: str, output: Path) -> tuple[list[Path], Path]:
    """Return the images of a folder (recursive), a glob pattern or one file, sorted, and the folder of their names.

    Images below the output folder are results of earlier predictions and are left out. Raises UserError if there is no
    image, and if the input lies in the output folder.
    """
    path = Path(pattern)
    if path.is_dir() and path.resolve().is_relative_to(output.resolve()):
        raise UserError(f"output={output} contains the input; choose a separate folder for the results")
    if path.is_file():
        return [path], path.parent
    if path.is_dir():
        base, listing = path, list_images(path)
    else:
        base = Path(*path.parts[: _first_magic(path)])
        found = glob.glob(pattern, recursive=True, include_hidden=True)  # noqa: PTH207 (accepts absolute patterns)
        listing = chosen_images(map(Path, found), base)
    written = output.resolve()
    images = [image for image in listing.files if not image.resolve().is_relative_to(written)]
    if len(images) < len(listing.files):
        number = len(listing.files) - len(images)
        log.info("%d images in %s, results of an earlier prediction, are left out", number, output)
    for line in left_out_in_words(listing.left_out, base):
        log.info("%s", line)
    if not images:
        raise UserError(f"input={pattern}: no image there")
    return images, base


def _first_magic(path: Path) -> int:
    return next((i for i, part in enumerate(path.parts) if glob.has_magic(part)), len(path.parts) - 1)
