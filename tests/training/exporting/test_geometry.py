"""The matrices of the graph against OpenCV, NumPy, torch and the patch grid itself, at sizes down to one pixel."""

from collections.abc import Callable

import cv2
import numpy as np
import onnx_ir as ir
import onnxruntime
import pytest
import torch

from training.exporting.fusion_graph import levels_of
from training.exporting.geometry import Geometry, GraphSize
from training.exporting.graph import IR_VERSION, OnnxGraph
from training.features.extractor_settings import ResizeExactly, ResizeSide
from training.features.patch_grid import Axis, lerp_at, nearest_at
from training.features.resizing import resized, resized_shape
from training.model.calibration import Calibration

TYPES = {np.dtype(np.int64): ir.DataType.INT64, np.dtype(np.float32): ir.DataType.FLOAT}


def computed(build: Callable[..., tuple[ir.Value, ...]], *inputs: np.ndarray) -> list[np.ndarray]:
    """Return the float32 outputs of the nodes that ``build(graph, *values)`` adds, in ONNX Runtime."""
    values = [ir.val(f"input_{k}", TYPES[array.dtype], ir.Shape([None] * array.ndim)) for k, array in enumerate(inputs)]
    graph = OnnxGraph(values)
    for number, found in enumerate(build(graph, *values)):
        output = graph.op.Identity(graph.as_float(found))
        output.name, output.dtype = f"output_{number}", ir.DataType.FLOAT
        graph.graph.outputs.append(output)
    model = ir.to_proto(ir.Model(graph.graph, ir_version=IR_VERSION)).SerializeToString()
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {f"input_{k}": array for k, array in enumerate(inputs)})


@pytest.mark.parametrize(("length", "count"), [(100, 13), (33, 33), (5, 2), (1, 1)])
def test_upsampling_and_blur_are_matrices(length, count):
    axis = Axis(-0.5, 8.0, count)

    def build(graph, pixels, centres):
        geometry = Geometry(graph)
        own = geometry.axis(axis.first, axis.step, centres)
        upsampled = geometry.interpolation(own, geometry.pixels(pixels))
        nearest = geometry.interpolation(own, geometry.pixels(pixels), nearest=True)
        return upsampled, nearest, geometry.blurring(upsampled, pixels, 17, 2.0)

    upsampled, nearest, blurred = computed(build, np.array(length), np.array(count))
    low, high, weight = lerp_at(axis, np.arange(length) + 0.5)
    values = np.random.default_rng(3).random((count, 4)).astype(np.float32)
    wanted = values[low] + weight[:, None] * (values[high] - values[low])
    np.testing.assert_allclose(upsampled @ values, wanted, atol=1e-6)
    np.testing.assert_array_equal(nearest @ values, values[nearest_at(axis, np.arange(length) + 0.5)])
    kernels = np.ones((1, 1), np.float32), cv2.getGaussianKernel(17, 2.0, cv2.CV_32F)
    expected = cv2.sepFilter2D(wanted, -1, *kernels, borderType=cv2.BORDER_REFLECT_101)
    np.testing.assert_allclose(blurred @ values, expected, atol=1e-6)


@pytest.mark.parametrize("length", [1, 2, 5, 40])
def test_borders_are_reflected_as_often_as_needed(length):
    def build(graph, pixels):
        geometry, before, after = Geometry(graph), graph.whole(7), graph.whole(9)
        return tuple(geometry.reflected(pixels, before, after, repeat=repeat) for repeat in (True, False))

    symmetric, reflected = computed(build, np.array(length))
    numbers = np.arange(length, dtype=np.float32)
    np.testing.assert_array_equal(symmetric, np.pad(numbers, (7, 9), mode="symmetric"))
    bordered = cv2.copyMakeBorder(numbers[:, None], 7, 9, 0, 0, cv2.BORDER_REFLECT_101)
    np.testing.assert_array_equal(reflected, bordered[:, 0])


@pytest.mark.parametrize(
    ("resize", "further"),
    [
        (None, 0.2),
        (ResizeSide("shorter", 50), 1.0),
        (ResizeSide("longer", 301), 0.5),
        (ResizeExactly(64, 301), 1.0),
        (ResizeExactly(1, 3), 0.3),
    ],
)
def test_images_are_resized_as_torch_does(resize, further):
    rng = np.random.default_rng(4)
    for height, width in ((97, 133), (45, 41), (120, 64)):
        image = torch.from_numpy(rng.integers(0, 256, (1, 3, height, width), dtype=np.uint8))

        def build(graph, planes):
            geometry = Geometry(graph)
            size = GraphSize(graph.size_of(planes, 2), graph.size_of(planes, 3))
            return (geometry.resized(planes, size, geometry.resized_size(size, resize, further)),)

        found = computed(build, image.float().numpy() / 255)[0]
        wanted = resized(image, resized_shape((height, width), resize, further)).numpy()
        assert found.shape == wanted.shape
        np.testing.assert_allclose(found, wanted, atol=2e-5)  # torch's weights are float32


@pytest.mark.parametrize("knots", [1, 2, 5, 256])
def test_scores_come_to_the_common_scale(knots):
    rng = np.random.default_rng(knots)
    scores, levels = np.sort(rng.random(knots)).astype(np.float32) * 3, np.sort(rng.random(knots)).astype(np.float32)
    levels[0] = 0
    calibration = Calibration(scores, levels * 9, 2.5)
    maps = rng.random((2, 7, 9)).astype(np.float32) * 4
    maps[0, 0], maps[1, 0, :2] = 0, scores[-1]
    found = computed(lambda graph, values: (levels_of(graph, calibration, values),), maps)[0]
    np.testing.assert_allclose(found, calibration.levels_of(maps), atol=1e-5)
