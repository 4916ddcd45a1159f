"""The region of interest of an exported detector: one mask, fixed inside the graph."""

from dataclasses import dataclass

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from training.data.region_of_interest import RegionOfInterest
from training.exporting.graph import OnnxGraph
from training.features.inside_patches import nearest_inside
from training.model.anomaly_model import AnomalyModel
from training.model.model_region import region_for
from training.model.provenance import Provenance
from training.support.user_error import UserError


@dataclass(frozen=True)
class ExportRegion:
    """The region within which a detector is exported; ``mask`` (H, W) is None for the whole image."""

    mask: NDArray[np.bool_] | None
    document: dict[str, str] | None
    """Name and hash of the region file."""
    warnings: list[str]


def export_region(provenance: Provenance, given: RegionOfInterest | None) -> ExportRegion:
    """Return the region of a model, or a given one.

    Raises UserError as ``region_for`` does, and if the region depends on the names of images.
    """
    region, warnings = region_for(provenance, given)
    if region is None:
        return ExportRegion(None, None, warnings)
    try:
        mask = region.common_mask()
    except UserError as error:
        raise UserError(
            f"{error}, which an exported file does not see; give one region for all images with region.file=FILE"
        ) from error
    return ExportRegion(mask, {"name": region.name, "sha256": region.sha256}, warnings)


def only_inside(graph: OnnxGraph, maps: ir.Value, inside: NDArray[np.bool_] | None) -> ir.Value:
    """Return maps (N, H, W) that are 0 outside the region."""
    if inside is None:
        return maps
    return graph.op.Where(graph.constant(inside, np.bool_, name="inside"), maps, graph.constant(0.0))


def standing_patches(model: AnomalyModel, inside: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the flat index (h, w) of the patch that stands for each, as ``nearest_inside`` does.

    Raises UserError if no patch's centre lies inside, and for a region that is too small for the backbone.
    """
    strip = next(model.extractor.strips(np.zeros((*inside.shape, 3), dtype=np.uint8)))
    return nearest_inside(inside, strip.rows, strip.columns)
