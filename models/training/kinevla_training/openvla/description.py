"""What a lab says about its model beside the checkpoint, and the statistics of its data set."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from pathlib import Path

from .checkpoint import read_json
from .errors import CheckpointError

# Seven joints and the gripper.
DIMENSIONS = 8
JOINTS = 7


@dataclass(frozen=True)
class Description:
    """`description.json`: keys are these names; those without a default must be there."""

    id: str
    # Key in dataset_statistics.json.
    dataset: str
    # Exact wordings of the training set.
    instructions: tuple[str, ...]
    # Seconds between two steps of a chunk.
    period: float
    codebook: int = 128
    coarse_depth: int = 4
    fine_depth: int = 4
    horizon: int = 5
    execute: int = 5
    # Normalised values beyond this are refused; q01 and q99 stand for -1 and 1.
    clip: float = 1.3
    prompt: str = "In: What action should the robot take to {instruction}?\nOut:"
    # Tokens; the longest texts of the paper have 11 and 123 (reference/model.md section 3.2).
    coarse_budget: int = 24
    fine_budget: int = 160
    # Side of the centre crop; sqrt(0.9) = 0.9487 after training with OpenVLA's image augmentation.
    crop: float = 1.0
    resize: str = "lanczos"
    rotate_front: bool = False
    rotate_wrist: bool = False
    # Ids between prompt and <coarse>; default: Llama-2's lone space, if the tokenizer has one.
    trailing: tuple[int, ...] | None = None
    # Features of models/bundle/manifest.ts that go through `proprio_projector`, with mean and std of each value.
    proprio_features: tuple[str, ...] = ()
    proprio_mean: tuple[float, ...] = ()
    proprio_std: tuple[float, ...] = ()
    gripper_threshold: float = 0.5
    gripper_hysteresis: float = 0.1
    still_chunks: int = 3
    # rad over a chunk
    stillness: float = 0.03
    # rad
    chunk_tolerance: float = 1e-3
    minimum_ort: str = "1.24.0"


@dataclass(frozen=True)
class ActionStatistics:
    """q01 and q99 of chunks [H][8]: joint deltas in rad, gripper 0 closed to 1 open."""

    q01: list[list[float]]
    q99: list[list[float]]
    mask: list[bool]


def read_description(path: Path) -> Description:
    """Raises CheckpointError that names a key that is unknown or missing."""
    given = read_json(path)
    fields = {field.name: field for field in dataclasses.fields(Description)}
    unknown = sorted(given.keys() - fields.keys())
    needed = {name for name, field in fields.items() if field.default is dataclasses.MISSING}
    missing = sorted(needed - given.keys())
    if unknown or missing:
        raise CheckpointError(f"{path.name}: unknown keys {unknown}, missing keys {missing}")
    found = Description(**{key: tuple(value) if isinstance(value, list) else value for key, value in given.items()})
    if len(found.proprio_mean) != len(found.proprio_std) or bool(found.proprio_mean) != bool(found.proprio_features):
        raise CheckpointError(f"{path.name}: proprio_features, proprio_mean and proprio_std do not fit each other")
    if not found.instructions:
        raise CheckpointError(f"{path.name}: instructions are empty")
    return found


def read_statistics(path: Path, description: Description) -> ActionStatistics:
    """One row for all steps of a chunk, or one row a step; raises CheckpointError."""
    datasets = read_json(path)
    if description.dataset not in datasets:
        raise CheckpointError(f"{path.name} has no {description.dataset!r}; it has {sorted(datasets)}")
    action = datasets[description.dataset].get("action", {})
    rows = {}
    for key in ("q01", "q99"):
        values = action.get(key) or []
        table = values if values and isinstance(values[0], list) else [values] * description.horizon
        if len(table) != description.horizon or any(len(row) != DIMENSIONS for row in table):
            raise CheckpointError(
                f"{path.name}: action.{key} must be {DIMENSIONS} values, or {description.horizon} rows of them"
            )
        if not all(math.isfinite(value) for row in table for value in row):
            raise CheckpointError(f"{path.name}: action.{key} has a value that is not finite")
        rows[key] = [[float(value) for value in row] for row in table]
    mask = [True] * JOINTS + [False]
    if action.get("mask", mask) != mask:
        raise CheckpointError(f"{path.name}: action.mask must be true for seven joints and false for the gripper")
    for low, high in zip(rows["q01"], rows["q99"], strict=True):
        if any(not a < b for a, b in zip(low[:JOINTS], high[:JOINTS], strict=True)):
            raise CheckpointError(f"{path.name}: action.q01 is not below action.q99 for every joint")
    return ActionStatistics(rows["q01"], rows["q99"], mask)
