"""The patch grid inside the graph: linear maps between patch centres and pixels, as matrices of any image's size."""

from dataclasses import dataclass

import cv2
import onnx_ir as ir

from training.exporting.graph import OnnxGraph
from training.features.extractor_settings import ResizeExactly, ResizeSide


@dataclass(frozen=True)
class GraphAxis:
    """``training.features.patch_grid.Axis`` as scalars of the graph: float64, float64 [pixels] and int64."""

    first: ir.Value
    step: ir.Value
    count: ir.Value


@dataclass(frozen=True)
class GraphSize:
    """Height and width [pixels] as int64 scalars of the graph."""

    height: ir.Value
    width: ir.Value

    def along(self, axis: int) -> ir.Value:
        """Return the length along rows (0) or columns (1)."""
        return self.width if axis else self.height


class Geometry:
    """The geometry of ``training.features.patch_grid`` and of resizing, as nodes of a graph."""

    def __init__(self, graph: OnnxGraph) -> None:
        self._graph = graph
        self._op = graph.op

    def axis(self, first: float, step: float, count: ir.Value) -> GraphAxis:
        """Return an axis of known centres whose count depends on the image."""
        return GraphAxis(self._graph.real(first), self._graph.real(step), count)

    def pooled(self, axis: GraphAxis, kernel: int) -> GraphAxis:
        """Return the centres after average pooling, as ``Axis.pooled`` does."""
        if kernel % 2:
            return axis
        first = self._op.Sub(axis.first, self._op.Mul(axis.step, self._graph.real(0.5)))
        return GraphAxis(first, axis.step, self._op.Add(axis.count, self._graph.whole(1)))

    def scaled(self, axis: GraphAxis, image: ir.Value, seen: ir.Value) -> GraphAxis:
        """Return the centres in an image of length ``image`` that was resized to ``seen``."""
        factor = self._op.Div(self._graph.as_real(image), self._graph.as_real(seen))
        return GraphAxis(self._op.Mul(axis.first, factor), self._op.Mul(axis.step, factor), axis.count)

    def centres(self, axis: GraphAxis) -> ir.Value:
        """Return all centres (count,) float64 [pixels]."""
        numbers = self._graph.as_real(self._graph.counted_to(axis.count))
        return self._op.Add(axis.first, self._op.Mul(axis.step, numbers))

    def pixels(self, length: ir.Value) -> ir.Value:
        """Return the centres (length,) float64 of pixels: 0.5, 1.5, ..."""
        return self._op.Add(self._graph.as_real(self._graph.counted_to(length)), self._graph.real(0.5))

    def interpolation(self, axis: GraphAxis, positions: ir.Value, nearest: bool = False) -> ir.Value:
        """Return the matrix (P, count) float32 that takes values on ``axis`` to P positions, as ``lerp_at`` does.

        ``nearest`` takes the nearest centre instead, of two equally near the later.
        """
        op, real = self._op, self._graph.real
        last = self._graph.as_real(op.Sub(axis.count, self._graph.whole(1)))
        places = op.Mul(op.Div(op.Sub(positions, axis.first), axis.step), real(1e6))
        places = op.Min(op.Max(op.Div(op.Round(places), real(1e6)), real(0)), last)
        if nearest:
            places = op.Min(op.Floor(op.Add(places, real(0.5))), last)
        numbers = self._graph.as_real(self._graph.counted_to(axis.count))
        return self._tents(op.Sub(op.Unsqueeze(places, self._graph.whole([1])), numbers))

    def blurring(self, matrix: ir.Value, length: ir.Value, kernel: int, sigma: float) -> ir.Value:
        """Return a matrix (length, n) whose columns are blurred: Gaussian, borders reflected without repetition."""
        op = self._op
        margin = self._graph.whole(kernel // 2)
        wide = op.Gather(matrix, self.reflected(length, margin, margin, repeat=False), axis=0)
        weights = cv2.getGaussianKernel(kernel, sigma, cv2.CV_32F).reshape(1, 1, kernel, 1)
        picture = op.Unsqueeze(wide, self._graph.whole([0, 1]))
        return op.Squeeze(op.Conv(picture, self._graph.constant(weights)), self._graph.whole([0, 1]))

    def reflected(self, length: ir.Value, before: ir.Value, after: ir.Value, *, repeat: bool) -> ir.Value:
        """Return the indices (before + length + after,) of an axis that is continued by reflection at its ends.

        ``repeat`` repeats the end values (NumPy's "symmetric"); without it they stand once (OpenCV's 101).
        """
        op, whole = self._op, self._graph.whole
        numbers = op.Range(op.Neg(before), op.Add(length, after), whole(1))
        if repeat:
            period = op.Mul(length, whole(2))
            place = op.Mod(numbers, period)
            return op.Min(place, op.Sub(op.Sub(period, whole(1)), place))
        period = op.Max(op.Mul(op.Sub(length, whole(1)), whole(2)), whole(1))
        place = op.Mod(numbers, period)
        return op.Min(place, op.Sub(period, place))

    def resized_size(
        self, image: GraphSize, resize: ResizeSide | ResizeExactly | None, further: float = 1.0
    ) -> GraphSize:
        """Return the size after resizing, as ``training.features.resizing.resized_shape`` does."""
        if resize is None and further == 1.0:
            return image
        op, real = self._op, self._graph.real
        lengths = [self._graph.as_real(image.height), self._graph.as_real(image.width)]
        if resize is None:
            scales = [real(further)] * 2
        elif isinstance(resize, ResizeSide):
            chosen = (op.Min if resize.side == "shorter" else op.Max)(*lengths)
            scales = [op.Div(real(further * resize.pixels), chosen)] * 2
        else:
            wanted = (resize.height, resize.width)
            scales = [op.Div(real(further * w), length) for w, length in zip(wanted, lengths, strict=True)]
        rounded = [op.Round(op.Mul(length, scale)) for length, scale in zip(lengths, scales, strict=True)]
        return GraphSize(*(self._graph.as_whole(op.Max(length, real(1))) for length in rounded))

    def resized(self, pixels: ir.Value, image: GraphSize, size: GraphSize) -> ir.Value:
        """Return pixels (N, C, H, W) float32 at another size: bilinear, antialiased as torch does it.

        Two matrices do it, because the runtimes' own antialiased resizing differs from torch's.
        """
        columns = self._op.Transpose(self._antialiased(image.width, size.width), perm=[1, 0])
        rows = self._antialiased(image.height, size.height)
        return self._op.MatMul(rows, self._op.MatMul(pixels, columns))

    def _antialiased(self, image: ir.Value, size: ir.Value) -> ir.Value:
        """Return the matrix (size, image) float32: triangles as wide as the step, each row's sum is 1."""
        op = self._op
        scale = op.Div(self._graph.as_real(image), self._graph.as_real(size))
        centres = op.Unsqueeze(op.Mul(self.pixels(size), scale), self._graph.whole([1]))
        distances = op.Div(op.Sub(self.pixels(image), centres), op.Max(scale, self._graph.real(1)))
        weights = self._tents(distances)
        return op.Div(weights, op.ReduceSum(weights, self._graph.whole([1]), keepdims=1))

    def _tents(self, distances: ir.Value) -> ir.Value:
        """Return max(0, 1 - |distance|) float32."""
        near = self._op.Sub(self._graph.constant(1.0), self._op.Abs(self._graph.as_float(distances)))
        return self._op.Max(near, self._graph.constant(0.0))
