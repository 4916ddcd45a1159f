"""A whole detector as one ONNX graph: image batch in; anomaly map, image score and decision out."""

from typing import NamedTuple

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from training.defect_map.defect_map_model import DefectMapModel
from training.exporting.coreset_graph import CoresetGraph
from training.exporting.defect_map_graph import DefectMapGraph
from training.exporting.fusion_graph import combined, levels_of
from training.exporting.graph import IR_VERSION, OnnxGraph
from training.exporting.pixels import Pixels, image_input, planes_of
from training.exporting.region import only_inside
from training.model.anomaly_model import AnomalyModel
from training.model.detector import MapModel
from training.model.fused_detector import FusedModel
from training.support.user_error import UserError

OUTPUTS = ("anomaly_map", "image_score", "decision")


class _Found(NamedTuple):
    """Maps (N, H, W) and scores (N,)."""

    maps: ir.Value
    scores: ir.Value


def detector_model(model: MapModel, threshold: float, pixels: str, inside: NDArray[np.bool_] | None = None) -> ir.Model:
    """Return a detector as an ONNX model for input pixels of ``pixels.INPUTS``.

    Outputs: ``anomaly_map`` (N, H, W) float32, ``image_score`` (N,) float32 and ``decision`` (N,) bool, true if a pixel
    is at or above the threshold or not a number. With a region of interest ``inside`` (H, W), the input has its size,
    the maps are 0 outside, and only pixels inside decide. Raises UserError for a region without a patch.
    """
    image = image_input(pixels, None if inside is None else inside.shape)
    graph = OnnxGraph([image])
    found = _found(graph, model, planes_of(graph, image), "", inside)
    below = graph.op.Less(found.maps, graph.constant(np.float32(threshold)))
    at_or_above = only_inside(graph, graph.as_float(graph.op.Not(below)), inside)
    raised = graph.op.ReduceMax(at_or_above, graph.whole([1, 2]), keepdims=0)
    decision = graph.op.Cast(raised, to=ir.DataType.BOOL)
    sizes = (["batch", "height", "width"], ["batch"], ["batch"])
    types = (ir.DataType.FLOAT, ir.DataType.FLOAT, ir.DataType.BOOL)
    for value, name, size, dtype in zip((*found, decision), OUTPUTS, sizes, types, strict=True):
        output = graph.op.Identity(value)
        output.name, output.shape, output.dtype = name, ir.Shape(size), dtype
        graph.graph.outputs.append(output)
    return ir.Model(graph.graph, ir_version=IR_VERSION, producer_name="stainless")


def _found(graph: OnnxGraph, model: MapModel, pixels: Pixels, name: str, inside: NDArray[np.bool_] | None) -> _Found:
    """Return maps and scores of any detector; ``name`` tells a fusion's sources apart."""
    if isinstance(model, FusedModel):
        sources = [
            _found(graph, source, pixels, f"{name}_{number}", inside).maps
            for number, source in enumerate(model.sources, 1)
        ]
        pairs = zip(model.calibrations, sources, strict=True)
        levels = [levels_of(graph, calibration, maps) for calibration, maps in pairs]
        maps = only_inside(graph, combined(graph, levels, model.rule), inside)
        return _Found(maps, graph.op.ReduceMax(maps, graph.whole([1, 2]), keepdims=0))
    if isinstance(model, AnomalyModel):
        coreset = CoresetGraph(graph, model, name)
        maps = coreset.anomaly_map(pixels, inside)
        return _Found(maps, coreset.image_score(maps, inside))
    if isinstance(model, DefectMapModel):
        defect_map = DefectMapGraph(graph, model, name)
        maps = defect_map.anomaly_map(pixels, inside)
        return _Found(maps, defect_map.image_score(maps, inside))
    raise UserError(f"a detector of the kind {type(model).__name__} cannot be exported")
