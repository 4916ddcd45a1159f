"""The record inside an exported file, as JSON: what it decides, what it was made from, and what it accepts."""

import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any

import timm

from training.defect_map.defect_map_model import DefectMapModel
from training.exporting.region import ExportRegion
from training.features.backbone_weights import OWN
from training.features.extractor import FeatureExtractor
from training.features.packaged_weights import PACKAGE
from training.model.anomaly_model import AnomalyModel
from training.model.detector import Detector, MapModel
from training.model.fused_detector import FusedModel
from training.support.document import document_of
from training.support.software_versions import software_versions

KEY = "stainless"
FORMAT, VERSION = "stainless-export", 1
CLASSES = ("nominal", "anomalous")
"""The meanings of ``decision`` false and true."""


def export_record(detector: Detector, region: ExportRegion, pixels: str, precision: str) -> dict[str, Any]:
    """Return the record of an exported detector; ``pixels`` and ``precision`` as in ``ExportSettings``."""
    height, width = ("any", "any") if region.mask is None else region.mask.shape
    parts = list(_parts(detector))
    extractors = [part.extractor for part in parts if isinstance(part, AnomalyModel)]
    return {
        "format": FORMAT,
        "version": VERSION,
        "classes": list(CLASSES),
        "threshold": detector.threshold,
        "input": {
            "name": "image",
            "layout": "batch, height, width, RGB",
            "type": pixels,
            "range": [0, 255] if pixels == "uint8" else [0.0, 1.0],
            "height": height,
            "width": width,
            "resized": [_resized(part) for part in parts],
        },
        "region_of_interest": region.document,
        "precision": precision,
        "model": detector.fingerprint,
        "extractors": [extractor.fingerprint for extractor in extractors],
        "licences_of_weights": [_licence(part) for part in parts],
        "provenance_sha256": sha256_of_document(detector.provenance.document()),
        "warnings": [*detector.warnings, *region.warnings],
        "made_by": software_versions(),
    }


def sha256_of_document(document: dict[str, Any]) -> str:
    """Return a hash of a JSON document that does not depend on the order of its keys."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def differing_fields(record: dict[str, Any], own: dict[str, Any]) -> list[str]:
    """Return the names of fields in which the record of a file differs from that of the model it should come from.

    The program's version, the input's type and the precision are choices of the export.
    """
    compared = (
        "format",
        "version",
        "classes",
        "threshold",
        "region_of_interest",
        "model",
        "extractors",
        "provenance_sha256",
    )
    plain = json.loads(json.dumps(own))
    return [name for name in compared if record.get(name) != plain[name]]


def _parts(model: MapModel) -> list[MapModel]:
    """Return the coresets and defect maps that a detector consists of."""
    if isinstance(model, FusedModel):
        return [part for source in model.sources for part in _parts(source)]
    return [model]


def _resized(part: MapModel) -> dict[str, Any] | None:
    """Return the resizing inside the graph; None: the image's own size."""
    if isinstance(part, AnomalyModel):
        resize = part.extractor.settings.resize
    else:
        assert isinstance(part, DefectMapModel)
        resize = part.settings.resize
    return None if resize is None else document_of(resize)


def _licence(part: MapModel) -> str:
    if not isinstance(part, AnomalyModel):
        return "trained on the user's own images from random weights"
    return licence_of_weights(part.extractor)


def licence_of_weights(extractor: FeatureExtractor) -> str:
    """Return the licence of a backbone's weights, as far as their source states one."""
    settings = extractor.settings
    source = settings.weights
    if source == OWN:
        return "GPL-3.0-or-later (weights of this project)"
    if source == "random":
        return "none: random weights"
    if source == "imagenet" and settings.provider == "torchvision":
        return "BSD-3-Clause (torchvision)"
    if source == "imagenet":
        configuration = timm.get_pretrained_cfg(settings.architecture)
        return f"{(configuration and configuration.license) or 'not stated'} (timm)"
    if source.startswith(PACKAGE):
        package = source.removeprefix(PACKAGE).partition("/")[0]
        return f"{_licence_of_package(package)} (package {package})"
    return f"not known: the user's file {Path(source).name}"


def _licence_of_package(package: str) -> str:
    stated: set[str] = set()
    for name in metadata.packages_distributions().get(package, []):
        fields = metadata.metadata(name)
        stated |= {fields[key] for key in ("License-Expression", "License") if key in fields}
    return ", ".join(sorted(stated - {"UNKNOWN", ""})) or "not stated"
