"""A coreset inside the graph: normalisation, backbone, patch grid, nearest members, upsampling and blur."""

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray

from training.exporting.geometry import Geometry, GraphAxis, GraphSize
from training.exporting.graph import OnnxGraph, Operators
from training.exporting.pixels import Pixels, resized
from training.exporting.region import only_inside, standing_patches
from training.exporting.traced import backbone_graph
from training.features.extractor import LEAST_CONTRAST, FeatureExtractor
from training.features.patch_grid import PatchLayout
from training.model.anomaly_model import AnomalyModel

BACKBONE = "backbone"
"""The first part of the names of a backbone's nodes."""


class CoresetGraph:
    """The nodes of one coreset."""

    def __init__(self, graph: OnnxGraph, model: AnomalyModel, name: str) -> None:
        """``name`` tells the detectors of one graph apart."""
        self._graph, self._op, self._geometry = graph, graph.op, Geometry(graph)
        self._model = model
        self._name = f"coreset{name}"
        self._backbone = backbone_graph(model.extractor)
        self._weights = f"{BACKBONE}_{model.extractor.fingerprint['weights_sha256'][:8]}"

    def anomaly_map(self, pixels: Pixels, inside: NDArray[np.bool_] | None = None) -> ir.Value:
        """Return the maps (N, H, W) float32, as ``AnomalyModel.anomaly_map`` does. Raises UserError.

        With a region of interest ``inside`` (H, W), a patch outside has the distance of the nearest patch inside.
        """
        extractor, op = self._model.extractor, self._op
        features, rows, columns = self._features(pixels, 1.0)
        parts = [features]
        for further in extractor.settings.further_scales:
            small, own_rows, own_columns = self._features(pixels, further.scale)
            weighted = op.Mul(small, self._graph.constant(further.weight))
            parts.append(self._resampled(weighted, (own_rows, own_columns), (rows, columns)))
        joined = parts[0] if len(parts) == 1 else op.Concat(*parts, axis=1)
        patches = op.Transpose(joined, perm=[0, 2, 3, 1])
        distances = self._distances(patches, rows, columns)
        if inside is not None:
            standing = self._graph.whole(standing_patches(self._model, inside))
            distances = op.Gather(op.Flatten(distances, axis=1), standing, axis=1)
        return only_inside(self._graph, self._map(distances, (rows, columns), pixels.size), inside)

    def image_score(self, maps: ir.Value, inside: NDArray[np.bool_] | None = None) -> ir.Value:
        """Return the scores (N,) of maps (N, H, W), as ``AnomalyModel.image_score`` does.

        The map is 0 outside the region and not below 0 inside, so that the highest values are those inside.
        """
        op, graph, share = self._op, self._graph, self._model.settings.score_share
        flat = op.Flatten(maps, axis=1)
        if share == 0:
            return op.ReduceMax(flat, graph.whole([1]), keepdims=0)
        pixels = graph.size_of(flat, 1) if inside is None else graph.whole(int(inside.sum()))
        count = op.Round(op.Mul(graph.as_real(pixels), graph.real(share)))
        number = graph.as_whole(op.Reshape(op.Max(count, graph.real(1)), graph.whole([1])))
        highest = op.highest(flat, number)
        return graph.as_float(op.ReduceMean(graph.as_real(highest), graph.whole([1]), keepdims=0))

    def _features(self, pixels: Pixels, further: float) -> tuple[ir.Value, GraphAxis, GraphAxis]:
        """Return the features (N, C, h, w) at a scale, and their centres in pixels of the image as given."""
        extractor, geometry = self._model.extractor, self._geometry
        seen = resized(self._graph, pixels, extractor.settings.resize, further)
        maps = self._graph.placed(self._backbone, [self._normalised(extractor, seen)], self._weights)
        features, axes = self._on_common_centres(maps, extractor.layout)
        scaled = [geometry.scaled(axes[k], pixels.size.along(k), seen.size.along(k)) for k in (0, 1)]
        return features, scaled[0], scaled[1]

    def _normalised(self, extractor: FeatureExtractor, pixels: Pixels) -> ir.Value:
        op, graph = self._op, self._graph
        if not extractor.standardise:
            mean, std = (graph.constant(part.cpu().numpy()) for part in (extractor.mean, extractor.std))
            return op.Div(op.Sub(pixels.planes, mean), std)
        axes = graph.whole([1, 2, 3])
        centred = op.Sub(pixels.planes, op.ReduceMean(pixels.planes, axes, keepdims=1))
        deviation = op.Sqrt(op.ReduceMean(op.Mul(centred, centred), axes, keepdims=1))
        return op.Div(centred, op.Max(deviation, graph.constant(LEAST_CONTRAST)))

    def _on_common_centres(self, maps: list[ir.Value], layout: PatchLayout) -> tuple[ir.Value, list[GraphAxis]]:
        """Return the pooled maps on the layout's common patch centres, as ``whole_features`` does."""
        finest = min(range(len(maps)), key=lambda layer: layout.strides[layer])
        layers = [self._axes(layout, layer, value) for layer, value in enumerate(maps)]
        common = [self._geometry.pooled(axis, layout.kernels[0]) for axis in layers[finest]]
        parts = []
        for kernel in layout.kernels:
            for layer, value in enumerate(maps):
                pooled = self._pooled(value, kernel)
                if layer != finest or (kernel - layout.kernels[0]) % 2:
                    own = [self._geometry.pooled(axis, kernel) for axis in layers[layer]]
                    pooled = self._resampled(pooled, (own[0], own[1]), (common[0], common[1]))
                parts.append(pooled)
        return (parts[0] if len(parts) == 1 else self._op.Concat(*parts, axis=1)), common

    def _axes(self, layout: PatchLayout, layer: int, value: ir.Value) -> list[GraphAxis]:
        return [
            self._geometry.axis(layout.centres[layer][k], layout.strides[layer], self._graph.size_of(value, 2 + k))
            for k in (0, 1)
        ]

    def _pooled(self, value: ir.Value, kernel: int) -> ir.Value:
        if kernel == 1:
            return value
        pad = [kernel // 2] * 4
        return self._op.AveragePool(value, kernel_shape=[kernel, kernel], pads=pad, count_include_pad=1)

    def _resampled(
        self, values: ir.Value, own: tuple[GraphAxis, GraphAxis], wanted: tuple[GraphAxis, GraphAxis]
    ) -> ir.Value:
        """Return features (N, C, h', w') on other axes as (N, C, h, w) on the wanted ones."""
        rows, columns = (
            self._geometry.interpolation(axis, self._geometry.centres(to)) for axis, to in zip(own, wanted, strict=True)
        )
        return self._op.MatMul(rows, self._op.MatMul(values, self._op.Transpose(columns, perm=[1, 0])))

    def _distances(self, patches: ir.Value, rows: GraphAxis, columns: GraphAxis) -> ir.Value:
        """Return the distances (N, h, w) of patches (N, h, w, C) to their nearest members, row by row.

        One row at a time keeps the products of patches and members in the processor's cache.
        """
        op, graph = self._op, self._graph
        channels = self._model.centred_members.shape[1]
        width = op.Unsqueeze(columns.count, graph.whole([0]))
        lines = op.Reshape(patches, op.Concat(graph.whole([-1]), width, graph.whole([channels]), axis=0))
        found = op.Scan(lines, body=self._nearest(channels), num_scan_inputs=1)
        height = op.Unsqueeze(rows.count, graph.whole([0]))
        return op.Reshape(found, op.Concat(graph.whole([-1]), height, width, axis=0))

    def _nearest(self, channels: int) -> ir.Graph:
        """Return the graph from a row of patches (w, C) to their distances (w,)."""
        graph = self._graph
        centre = graph.constant(self._model.centre.cpu().numpy(), name="members_mean")
        # by channel, as the product needs it; OpenVINO accepts only constants from outside a Scan
        members = graph.constant(self._model.centred_members.cpu().numpy().T, name="members")
        half_norms = graph.constant(self._model.half_norms.cpu().numpy(), name="members_half_norms")
        row = ir.val(f"{self._name}/patches", ir.DataType.FLOAT, ir.Shape([None, channels]))
        body = ir.Graph([row], [], nodes=[], name="nearest_member")
        op = Operators(body)
        centred = op.Sub(row, centre)
        nearest = op.ArgMin(op.Sub(half_norms, op.MatMul(centred, members)), axis=1, keepdims=0)
        apart = op.Sub(centred, op.Transpose(op.Gather(members, nearest, axis=1), perm=[1, 0]))
        distances = op.ReduceL2(apart, graph.whole([1]), keepdims=0)
        for number, node in enumerate(body):
            node.name = f"{self._name}/nearest_member/{number}_{node.op_type}"
            node.outputs[0].name = f"{node.name}/output"  # names are unique in a graph and the graphs inside it
        distances.dtype, distances.shape = ir.DataType.FLOAT, ir.Shape([None])
        body.outputs.append(distances)
        return body

    def _map(self, distances: ir.Value, axes: tuple[GraphAxis, GraphAxis], size: GraphSize) -> ir.Value:
        """Return distances (N, h, w) upsampled to the image's size and blurred: a matrix for rows, one for columns."""
        settings, matrices = self._model.settings, []
        for k, axis in enumerate(axes):
            length = size.along(k)
            upsampled = self._geometry.interpolation(
                axis, self._geometry.pixels(length), nearest=settings.upsampling == "nearest"
            )
            matrices.append(self._geometry.blurring(upsampled, length, settings.blur_kernel, settings.blur_sigma))
        rows, columns = matrices
        return self._op.MatMul(rows, self._op.MatMul(distances, self._op.Transpose(columns, perm=[1, 0])))
