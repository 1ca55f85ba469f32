"""Reads slices of `.safetensors` files: 8 bytes of length, a JSON header, raw little-endian values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .errors import CheckpointError

# Bytes a value has; bfloat16 is the upper half of a float32.
SIZES = {"F32": 4, "F16": 2, "BF16": 2}
# A header larger than this is no header (the format's own limit).
LARGEST_HEADER = 100_000_000


@dataclass(frozen=True)
class StoredTensor:
    """A tensor on disk, read in rows of its first axis."""

    path: Path
    name: str
    kind: str
    shape: tuple[int, ...]
    offset: int

    @property
    def width(self) -> int:
        """Values in one row."""
        return int(np.prod(self.shape[1:], dtype=np.int64))

    def rows(self, start: int, stop: int) -> np.ndarray:
        """Rows [start, stop) as float32 [rows, width]; an axis-less tensor has one row."""
        size = SIZES[self.kind]
        count = (stop - start) * self.width
        # Read, not mapped: mapped pages of a large file would count as this process's memory.
        raw = np.fromfile(self.path, "<u2" if size == 2 else "<f4", count, offset=self.offset + start * self.width * size)
        if raw.size != count:
            raise CheckpointError(f"{self.path.name} ends before {self.name} does")
        if self.kind == "BF16":
            values = (raw.astype(np.uint32) << 16).view(np.float32)
        else:
            values = raw.view("<f2").astype(np.float32) if self.kind == "F16" else raw
        return values.reshape(stop - start, self.width)


def read_header(path: Path) -> dict[str, StoredTensor]:
    """Every tensor of one file by name; raises CheckpointError for anything but F32, F16 and BF16."""
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(LARGEST_HEADER, size - 8):
            raise CheckpointError(f"{path.name} is no safetensors file, or was cut off")
        try:
            header = json.loads(file.read(length))
        except ValueError as cause:
            raise CheckpointError(f"{path.name} has no readable header") from cause
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        kind, shape, (start, stop) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        if kind not in SIZES:
            raise CheckpointError(f"{name} in {path.name} is {kind}; only {', '.join(SIZES)} are read")
        if stop - start != SIZES[kind] * int(np.prod(shape, dtype=np.int64)) or 8 + length + stop > size:
            raise CheckpointError(f"{name} in {path.name} does not have the bytes of its shape {list(shape)}")
        tensors[name] = StoredTensor(path, name, kind, shape or (1,), 8 + length + start)
    return tensors


def read_index(folder: Path, stem: str) -> dict[str, StoredTensor]:
    """All tensors of `stem.safetensors`, or of the shards that `stem.safetensors.index.json` names."""
    index = folder / f"{stem}.safetensors.index.json"
    if not index.exists():
        single = folder / f"{stem}.safetensors"
        if not single.exists():
            raise CheckpointError(f"{folder} has neither {single.name} nor {index.name}")
        return read_header(single)
    places = json.loads(index.read_text())["weight_map"]
    shards = {shard: read_header(folder / shard) for shard in sorted(set(places.values()))}
    missing = [name for name, shard in places.items() if name not in shards[shard]]
    if missing:
        raise CheckpointError(f"{index.name} names {missing[0]}, which {places[missing[0]]} does not have")
    return {name: shards[shard][name] for name, shard in places.items()}
