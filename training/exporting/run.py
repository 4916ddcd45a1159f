"""Export of a detector into one file, and the check of such a file."""

import logging
from pathlib import Path

import onnx_ir as ir
import torch
from rich.console import Console
from rich.table import Table

from training.data.file_identity import list_images
from training.exporting.check import Comparison, compared
from training.exporting.detector_graph import detector_model
from training.exporting.exported_model import ExportedModel
from training.exporting.int8 import quantised
from training.exporting.metadata import export_record
from training.exporting.region import export_region
from training.exporting.settings import CheckSettings, ExportSettings
from training.exporting.written_file import SUFFIXES, checked_target, files_of, write_onnx, write_openvino
from training.model.file_header import model_file
from training.model.load_detector import load_detector
from training.support.user_error import UserError
from training.support.whole_file import write_json

log = logging.getLogger(__name__)

CHECK_SUFFIX = ".check.json"


def export_run(settings: ExportSettings) -> Path:
    """Export a detector and return the path of its file.

    Raises UserError for a model that cannot be loaded, a file that exists, images that cannot be read, and a region of
    interest that depends on the names of images.
    """
    target = checked_target(_target(settings), settings.format, settings.overwrite)
    images = [] if settings.images is None else _images(settings.images)
    if settings.format == "openvino":
        import openvino  # noqa: F401 - if it is missing, say so before the work
    detector = load_detector(settings.model, settings.overrides)
    region = export_region(detector.provenance, settings.region)
    log.info("Exporting %s ...", model_file(settings.model))
    model = ir.to_proto(detector_model(detector, detector.threshold, settings.pixels, region.mask))
    if settings.precision == "int8":
        chosen = images[:: max(1, len(images) // settings.calibration_images)][: settings.calibration_images]
        log.info("Calibrating int8 on %d of %d images", len(chosen), len(images))
        model = quantised(model, chosen, detector.provenance.white_level, settings.pixels)
    record = export_record(detector, region, settings.pixels, settings.precision)
    if settings.format == "onnx":
        write_onnx(target, model, record)
    else:
        write_openvino(target, model, record)
    for warning in record["warnings"]:
        log.warning("Warning: %s", warning)
    for file in files_of(target):
        log.info("Written: %s (%.1f MB)", file, file.stat().st_size / 1e6)
    return target


def check_run(settings: CheckSettings) -> Comparison:
    """Compare an exported file with its model on a folder of images; write ``<file>.check.json`` and print a table.

    Raises UserError for a file that is no export and for images that cannot be read.
    """
    images = _images(settings.images)
    if settings.threads is not None:
        torch.set_num_threads(settings.threads)
    exported = ExportedModel(settings.exported, settings.threads or torch.get_num_threads())
    detector = load_detector(settings.model, settings.overrides)
    region = export_region(detector.provenance, settings.region)
    found = compared(detector, exported, images, settings.images, settings.tolerance, region)
    report = settings.exported.with_name(settings.exported.name + CHECK_SUFFIX)
    write_json(report, found.document())
    table = Table(show_header=False)
    for name, value in found.rows():
        table.add_row(name, value)
    Console().print(table)
    log.info("Written: %s", report)
    return found


def _target(settings: ExportSettings) -> Path:
    if settings.output is not None:
        return settings.output
    source = model_file(settings.model)
    name = source.stem if settings.precision == "float32" else f"{source.stem}_{settings.precision}"
    return source.with_name(name + SUFFIXES[settings.format])


def _images(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UserError(f"images={folder}: there is no such folder")
    images = list(list_images(folder).files)
    if not images:
        raise UserError(f"images={folder}: no image there")
    return images
