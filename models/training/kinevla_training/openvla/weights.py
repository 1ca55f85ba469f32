"""Writes tensors to an ONNX external-data file, slice by slice, in any of the three precisions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from onnx import TensorProto

from .checkpoint import Tensor
from .errors import CheckpointError

# Values that are in memory at once, as float32: 8 MiB, and a few copies of it on the way.
SLICE = 1 << 21
# ONNX asks for multiples of the page size, so that a runtime may map large tensors; small ones are copied anyway.
PAGE, LARGE = 4096, 1 << 16
CACHE_LINE = 64
# Values that share one scale in int4 (the block size that ONNX Runtime's own quantiser takes).
BLOCK = 32
LARGEST_HALF = 65_504.0
TYPES = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.float16): TensorProto.FLOAT16, np.dtype(np.uint8): TensorProto.UINT8}


@dataclass(frozen=True)
class Precision:
    """What weights are stored as and what the large products are computed in; sums and norms are always float32."""

    name: str
    compute: np.dtype
    quantised: bool


PRECISIONS = {
    "fp32": Precision("fp32", np.dtype(np.float32), False),
    "fp16": Precision("fp16", np.dtype(np.float16), False),
    "int4": Precision("int4", np.dtype(np.float16), True),
}


class WeightFile:
    """One external-data file in the making; tensors are appended and never touched again."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")

    def close(self) -> None:
        self._file.close()

    def append(self, tensor: Tensor, dtype: np.dtype) -> TensorProto:
        """Copies a tensor as it lies, converted to `dtype`."""
        start = self._align(tensor.shape[0] * tensor.width * dtype.itemsize)
        for rows in slices(tensor):
            self._file.write(convert(rows, dtype, tensor.name).tobytes())
        return self._reference(tensor.name, tensor.shape, dtype, start)

    def append_quantised(self, tensor: Tensor, dtype: np.dtype) -> tuple[TensorProto, TensorProto]:
        """Copies a matrix [out, in] as blocks of signed 4-bit values and their scales of type `dtype`."""
        blocks = -(-tensor.width // BLOCK)
        start = self._align(tensor.shape[0] * blocks * BLOCK // 2)
        scales = []
        for rows in slices(tensor):
            packed, scale = quantise(rows)
            self._file.write(packed.tobytes())
            scales.append(convert(scale, dtype, tensor.name))
        values = self._reference(f"{tensor.name}.q4", (tensor.shape[0], blocks, BLOCK // 2), np.dtype(np.uint8), start)
        # One value in 32: small enough to have been kept until here.
        scale = np.concatenate(scales)
        start = self._align(scale.nbytes)
        self._file.write(scale.tobytes())
        return values, self._reference(f"{tensor.name}.scale", (tensor.shape[0] * blocks,), dtype, start)

    def _align(self, length: int) -> int:
        self._file.write(b"\0" * (-self._file.tell() % (PAGE if length >= LARGE else CACHE_LINE)))
        return self._file.tell()

    def _reference(self, name: str, shape: tuple[int, ...], dtype: np.dtype, start: int) -> TensorProto:
        reference = TensorProto(name=name, dims=shape, data_type=TYPES[dtype], data_location=TensorProto.EXTERNAL)
        length = self._file.tell() - start
        for key, value in (("location", self.path.name), ("offset", start), ("length", length)):
            reference.external_data.add(key=key, value=str(value))
        return reference


def slices(tensor: Tensor):  # noqa: ANN201
    """A tensor's rows in groups of at most SLICE values, or one row where a row has more."""
    step = max(1, SLICE // max(1, tensor.width))
    for start in range(0, tensor.shape[0], step):
        yield tensor.rows(start, min(start + step, tensor.shape[0]))


def convert(values: np.ndarray, dtype: np.dtype, name: str) -> np.ndarray:
    """float32 as `dtype`; raises CheckpointError where a value is not finite or does not fit."""
    largest = float(np.abs(values).max(initial=0.0))
    if not np.isfinite(largest):
        raise CheckpointError(f"{name} has a value that is not finite")
    if dtype == np.float16 and largest > LARGEST_HALF:
        raise CheckpointError(f"{name} has {largest:.3g}, more than fp16 holds; export with --precision fp32")
    return values.astype(dtype, copy=False)


def quantise(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows [n, in] as packed uint8 [n, blocks, 16], low half first, and scales [n, blocks]; 8 stands for zero.

    The value of largest size in a block becomes exactly -8, so the scale carries its sign.
    """
    count, width = rows.shape
    blocks = np.pad(rows, ((0, 0), (0, -width % BLOCK))).reshape(count, -1, BLOCK)
    extreme = np.take_along_axis(blocks, np.abs(blocks).argmax(2)[..., None], 2)
    scale = extreme / -8
    steps = np.divide(blocks, scale, out=np.zeros_like(blocks), where=scale != 0)
    codes = (np.clip(np.rint(steps), -8, 7) + 8).astype(np.uint8)
    return codes[..., ::2] | codes[..., 1::2] << 4, scale[..., 0]
