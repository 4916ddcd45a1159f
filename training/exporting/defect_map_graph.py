"""A defect map inside the graph: resizing, reflected border, networks, and the map at the image's size."""

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from training.defect_map.defect_map_model import DefectMapModel
from training.exporting.geometry import Geometry, GraphSize
from training.exporting.graph import OnnxGraph
from training.exporting.pixels import Pixels, resized
from training.exporting.region import only_inside
from training.exporting.traced import defect_map_graph

NETWORKS = "networks"
"""The first part of the names of a defect map's nodes."""


class DefectMapGraph:
    """The nodes of one defect map."""

    def __init__(self, graph: OnnxGraph, model: DefectMapModel, name: str) -> None:
        """``name`` tells the detectors of one graph apart."""
        self._graph, self._op, self._geometry = graph, graph.op, Geometry(graph)
        self._model = model
        self._name = f"{NETWORKS}{name}"
        self._networks = defect_map_graph(model.network)

    def anomaly_map(self, pixels: Pixels, inside: NDArray[np.bool_] | None = None) -> ir.Value:
        """Return the maps (N, H, W) float32, as ``DefectMapModel.anomaly_map`` does."""
        return only_inside(self._graph, self._map_of(pixels), inside)

    def _map_of(self, pixels: Pixels) -> ir.Value:
        op, whole = self._op, self._graph.whole
        seen = resized(self._graph, pixels, self._model.settings.resize)
        border = self._model.settings.border
        planes = seen.planes
        for k in (0, 1):
            around = self._geometry.reflected(
                seen.size.along(k), self._graph.whole(border), self._after(seen.size.along(k)), repeat=True
            )
            planes = op.Gather(planes, around, axis=2 + k)
        found = self._graph.placed(self._networks, [planes], self._name)[0]
        ends = [op.Unsqueeze(op.Add(seen.size.along(k), whole(border)), whole([0])) for k in (0, 1)]
        inner = op.Slice(found, whole([border, border]), op.Concat(*ends, axis=0), whole([1, 2]))
        if self._model.settings.resize is None:
            return inner
        rows, columns = (self._widening(seen.size.along(k), pixels.size.along(k)) for k in (0, 1))
        return op.MatMul(rows, op.MatMul(inner, op.Transpose(columns, perm=[1, 0])))

    def image_score(self, maps: ir.Value, inside: NDArray[np.bool_] | None = None) -> ir.Value:
        """Return the scores (N,) of maps (N, H, W), as ``DefectMapModel.image_score`` does.

        With a region of interest, the sums of a window are divided by the share of its pixels that lie inside.
        """
        settings = self._model.settings
        if settings.score != "maximum":
            size = GraphSize(self._graph.size_of(maps, 1), self._graph.size_of(maps, 2))
            seen = self._geometry.resized_size(size, settings.resize)
            counting = None if inside is None else self._graph.constant(inside[None], name="counting")
            for k in (0, 1):
                maps = self._averaged(maps, k, size.along(k), seen.along(k))
                counting = None if counting is None else self._averaged(counting, k, size.along(k), seen.along(k))
            if counting is not None:
                least = self._graph.constant(np.finfo(np.float32).tiny)  # 0 / 0 far outside would be no number
                maps = only_inside(self._graph, self._op.Div(maps, self._op.Max(counting, least)), inside)
        return self._op.ReduceMax(maps, self._graph.whole([1, 2]), keepdims=0)

    def _after(self, length: ir.Value) -> ir.Value:
        """Return the border behind an axis: at least ``border``, so that the network's stride divides the sum."""
        op, whole, border = self._op, self._graph.whole, self._model.settings.border
        both = op.Add(length, whole(2 * border))
        return op.Add(op.Mod(op.Neg(both), whole(self._model.network.stride)), whole(border))

    def _widening(self, seen: ir.Value, image: ir.Value) -> ir.Value:
        """Return the matrix (image, seen) of OpenCV's bilinear resizing from the network's to the image's length."""
        axis = self._geometry.scaled(self._geometry.axis(0.5, 1.0, seen), image, seen)
        return self._geometry.interpolation(axis, self._geometry.pixels(image))

    def _averaged(self, maps: ir.Value, k: int, length: ir.Value, seen: ir.Value) -> ir.Value:
        """Return maps averaged along an axis over ``score_window`` pixels of the network's input, as OpenCV does.

        The window's length depends on the image, so that differences of cumulative sums give the means.
        """
        op, graph, whole = self._op, self._graph, self._graph.whole
        share = op.Div(graph.as_real(length), graph.as_real(seen))
        window = op.Max(op.Round(op.Mul(graph.real(self._model.settings.score_window), share)), graph.real(1))
        side = graph.as_whole(window)
        before = op.Div(side, whole(2))  # OpenCV's anchor
        after = op.Sub(op.Sub(side, before), whole(1))
        around = self._geometry.reflected(length, before, after, repeat=False)
        wide = graph.as_real(op.Gather(maps, around, axis=1 + k))
        sums, first = op.CumSum(wide, whole(1 + k)), graph.counted_to(length)
        below = op.Sub(op.Gather(sums, first, axis=1 + k), op.Gather(wide, first, axis=1 + k))
        upto = op.Gather(sums, op.Add(first, op.Sub(side, whole(1))), axis=1 + k)
        return graph.as_float(op.Div(op.Sub(upto, below), window))
