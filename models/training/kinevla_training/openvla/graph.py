"""A small ONNX graph builder: operators return the name of their output, weights go to an external-data file."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import onnx
from onnx import NodeProto, TensorProto, ValueInfoProto, helper, numpy_helper

from .checkpoint import Checkpoint
from .weights import BLOCK, Precision, WeightFile

OPSET = 20
# The newest that ONNX Runtime 1.20 reads.
IR_VERSION = 10
MICROSOFT = "com.microsoft"
# Of timm's vision transformers.
LAYER_NORM_EPSILON = 1e-6

Shape = list[int | str]


class Graph:
    """One graph in the making."""

    def __init__(self, checkpoint: Checkpoint, weights: WeightFile, precision: Precision) -> None:
        self.checkpoint = checkpoint
        self.precision = precision
        self._weights = weights
        self._nodes: list[NodeProto] = []
        self._initializers: dict[str, TensorProto] = {}
        self._inputs: list[ValueInfoProto] = []
        self._outputs: list[ValueInfoProto] = []

    def input(self, name: str, kind: int, shape: Shape) -> str:
        self._inputs.append(helper.make_tensor_value_info(name, kind, shape))
        return name

    def output(self, value: str, name: str, kind: int, shape: Shape) -> None:
        self._nodes.append(helper.make_node("Identity", [value], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, kind, shape))

    def ops(self, kind: str, *inputs: str, outputs: int = 1, domain: str = "", **attributes: object) -> list[str]:
        """Adds a node with several outputs and gives their names."""
        names = [f"{kind}_{len(self._nodes)}_{place}" for place in range(outputs)]
        self._nodes.append(helper.make_node(kind, inputs, names, domain=domain, **attributes))
        return names

    def op(self, kind: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        """Adds a node with one output and gives its name."""
        return self.ops(kind, *inputs, domain=domain, **attributes)[0]

    def floats(self, *values: float, shape: Shape | None = None) -> str:
        return self._constant(np.array(values, np.float32).reshape(shape if shape is not None else [len(values)]))

    def integers(self, *values: int) -> str:
        return self._constant(np.array(values, np.int64))

    def integer(self, value: int) -> str:
        return self._constant(np.array(value, np.int64))

    def array(self, values: np.ndarray) -> str:
        return self._constant(values.astype(np.float32))

    def parameter(self, name: str, *shape: int, dtype: np.dtype = np.dtype(np.float32)) -> str:
        """A weight of the checkpoint as it lies there."""
        if name not in self._initializers:
            self._initializers[name] = self._weights.append(self.checkpoint.tensor(name, *shape), dtype)
        return name

    def compute(self, value: str) -> str:
        """A float32 value in the type of the large products."""
        half = self.precision.compute == np.float16
        return self.op("Cast", value, to=TensorProto.FLOAT16) if half else value

    def single(self, value: str) -> str:
        """The way back to float32."""
        half = self.precision.compute == np.float16
        return self.op("Cast", value, to=TensorProto.FLOAT) if half else value

    def linear(self, value: str, name: str, inputs: int, outputs: int, bias: bool = True, quantise: bool = False) -> str:
        """`name`.weight [outputs, inputs] on rows [n, inputs]; types as `compute` gives them.

        Weights stay as PyTorch stores them: Gemm transposes on the way, so that copying never holds a whole matrix.
        """
        dtype = self.precision.compute
        if quantise and self.precision.quantised and not bias:
            packed, scale = self._weights.append_quantised(
                self.checkpoint.tensor(f"{name}.weight", outputs, inputs), dtype
            )
            self._initializers[packed.name], self._initializers[scale.name] = packed, scale
            sizes = {"K": inputs, "N": outputs, "bits": 4, "block_size": BLOCK}
            return self.op("MatMulNBits", value, packed.name, scale.name, domain=MICROSOFT, **sizes)
        weight = self.parameter(f"{name}.weight", outputs, inputs, dtype=dtype)
        added = [self.parameter(f"{name}.bias", outputs, dtype=dtype)] if bias else []
        return self.op("Gemm", value, weight, *added, transB=1)

    def layer_norm(self, value: str, name: str, width: int) -> str:
        gain, shift = self.parameter(f"{name}.weight", width), self.parameter(f"{name}.bias", width)
        return self.op("LayerNormalization", value, gain, shift, epsilon=LAYER_NORM_EPSILON)

    def rms_norm(self, value: str, name: str, width: int, epsilon: float) -> str:
        square = self.op("ReduceMean", self.op("Mul", value, value), self.integers(-1))
        root = self.op("Sqrt", self.op("Add", square, self.floats(epsilon)))
        return self.op("Mul", self.op("Div", value, root), self.parameter(f"{name}.weight", width))

    def reshape(self, value: str, *shape: int) -> str:
        return self.op("Reshape", value, self.integers(*shape))

    def slice(self, value: str, start: str, stop: str, axis: int) -> str:
        return self.op("Slice", value, start, stop, self.integers(axis))

    def attend(self, q: str, k: str, v: str, mask: str | None, head_width: int) -> str:
        """Softmax attention over the last two axes of float32 [..., n, hd]; gives the type of the large products."""
        scaled = self.compute(self.op("Mul", q, self.floats(head_width**-0.5)))
        score = self.single(self.op("MatMul", scaled, k))
        seen = score if mask is None else self.op("Add", score, mask)
        return self.op("MatMul", self.compute(self.op("Softmax", seen, axis=-1)), v)

    def save(self, path: Path, name: str) -> None:
        """Writes the graph and checks it together with its external data."""
        content = helper.make_graph(
            self._nodes, name, self._inputs, self._outputs, list(self._initializers.values())
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
        model = helper.make_model(content, opset_imports=opsets, ir_version=IR_VERSION, producer_name="kinevla_training")
        onnx.save(model, str(path))
        onnx.checker.check_model(str(path))

    def _constant(self, values: np.ndarray) -> str:
        digest = hashlib.sha256(values.tobytes()).hexdigest()[:12]
        name = f"constant_{values.dtype}_{'x'.join(map(str, values.shape))}_{digest}"
        if name not in self._initializers:
            self._initializers[name] = numpy_helper.from_array(values, name)
        return name
