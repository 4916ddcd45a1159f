"""A growing ONNX graph: operators, constants that stand once, and the sizes of images as values."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import onnx_ir as ir
from numpy.typing import NDArray
from onnx_ir.tape import Tape

OPSET = 20
IR_VERSION = 10
"""Version of the ONNX format; ONNX Runtime 1.18 and later read it."""


class Operators:
    """ONNX's operators as methods: ``op.Add(a, b)`` adds a node to the graph and returns its output."""

    def __init__(self, graph: ir.Graph) -> None:
        self._tape = Tape(graph)

    def __getattr__(self, operator: str) -> Callable[..., ir.Value]:
        def node(*inputs: ir.Value, **attributes: Any) -> ir.Value:
            return self._tape.op(operator, inputs, attributes)

        return node

    def highest(self, values: ir.Value, count: ir.Value) -> ir.Value:
        """Return the ``count`` (1,) highest values of each row of (N, K), in any order."""
        return self._tape.op_multi_out("TopK", [values, count], {"sorted": 0}, num_outputs=2)[0]

    def initializer(self, tensor: ir.TensorProtocol, name: str) -> ir.Value:
        """Return a constant tensor of the graph."""
        return self._tape.initializer(tensor, name)


class OnnxGraph:
    """A graph under construction."""

    def __init__(self, inputs: Sequence[ir.Value]) -> None:
        self.graph = ir.Graph(list(inputs), [], nodes=[], opset_imports={"": OPSET}, name="detector")
        self.op = Operators(self.graph)
        self._constants: dict[tuple[str, tuple[int, ...], bytes], ir.Value] = {}
        self._shared: dict[str, ir.Value] = {}
        self._copies = 0

    def constant(self, values: Any, dtype: Any = np.float32, name: str = "constant") -> ir.Value:
        """Return an initialiser; equal arrays stand once in the file."""
        array: NDArray[Any] = np.array(values, dtype=dtype, order="C")
        key = (str(array.dtype), array.shape, array.tobytes())
        if key not in self._constants:
            own = f"{name}_{len(self._constants)}"
            self._constants[key] = self.op.initializer(ir.tensor(array, name=own), own)
        return self._constants[key]

    def whole(self, values: Any) -> ir.Value:
        """Return an int64 constant."""
        return self.constant(values, np.int64)

    def real(self, values: Any) -> ir.Value:
        """Return a float64 constant: positions [pixels] need it."""
        return self.constant(values, np.float64)

    def size_of(self, value: ir.Value, axis: int) -> ir.Value:
        """Return the length of a value's axis, an int64 scalar of the graph."""
        return self.op.Squeeze(self.op.Shape(value, start=axis, end=axis + 1))

    def as_real(self, value: ir.Value) -> ir.Value:
        """Return a value as float64."""
        return self.op.Cast(value, to=ir.DataType.DOUBLE)

    def as_float(self, value: ir.Value) -> ir.Value:
        """Return a value as float32."""
        return self.op.Cast(value, to=ir.DataType.FLOAT)

    def as_whole(self, value: ir.Value) -> ir.Value:
        """Return a value as int64."""
        return self.op.Cast(value, to=ir.DataType.INT64)

    def counted_to(self, length: ir.Value) -> ir.Value:
        """Return 0, 1, ..., length - 1 as int64; ``length`` is a scalar of the graph."""
        return self.op.Range(self.whole(0), length, self.whole(1))

    def placed(self, part: ir.Graph, inputs: Sequence[ir.Value], name: str) -> list[ir.Value]:
        """Copy the nodes of another graph into this one and return its outputs; copies of a ``name`` share weights."""
        own, self._copies = part.clone(), self._copies + 1
        for inside, given in zip(own.inputs, inputs, strict=True):
            ir.convenience.replace_all_uses_with(inside, given)
        for inside in list(own.initializers.values()):
            shared = f"{name}/{inside.name}"
            if shared not in self._shared:
                assert inside.const_value is not None
                self._shared[shared] = self.op.initializer(inside.const_value, shared)
            ir.convenience.replace_all_uses_with(inside, self._shared[shared])
        nodes, outputs = list(own), list(own.outputs)
        own.outputs.clear()
        own.remove(nodes)
        for number, node in enumerate(nodes):
            node.name = f"{name}/{self._copies}/{number}_{node.op_type}"
            for value in node.outputs:
                value.name, value.shape = f"{node.name}/{value.name}", None
        self.graph.extend(nodes)
        return outputs
