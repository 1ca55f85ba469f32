"""Normalisation of chunks and proprioception, from the training set alone."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .dataset import JOINTS, Dataset

# A joint that hardly moves is not blown up: its range counts as at least this part of the mean range of its step.
NARROWEST = 0.3
# A proprioceptive value that hardly varies is not blown up either.
SMALLEST_DEVIATION = 0.05


@dataclass(frozen=True)
class Statistics:
    """q01 and q99 [H, 8] of chunks, mean and std [P] of proprioception; joints are masked in, the gripper out."""

    q01: Tensor
    q99: Tensor
    mean: Tensor
    std: Tensor

    def normalise(self, chunks: Tensor) -> Tensor:
        """[B, H, 8] in rad and opening to about -1..1; the gripper is left as it is."""
        joints = 2 * (chunks - self.q01) / (self.q99 - self.q01) - 1
        return torch.cat([joints[..., :JOINTS], chunks[..., JOINTS:]], dim=-1)

    def denormalise(self, chunks: Tensor) -> Tensor:
        """The inverse of `normalise`."""
        joints = 0.5 * (chunks + 1) * (self.q99 - self.q01) + self.q01
        return torch.cat([joints[..., :JOINTS], chunks[..., JOINTS:]], dim=-1)

    def proprio(self, raw: Tensor) -> Tensor:
        """Raw proprioception [B, P] to zero mean and unit variance."""
        return (raw - self.mean) / self.std

    def state(self) -> dict[str, Tensor]:
        return {"q01": self.q01, "q99": self.q99, "mean": self.mean, "std": self.std}


def measure(data: Dataset, features: tuple[str, ...]) -> Statistics:
    """Statistics of a training set."""
    flat = data.labels.flatten(1)
    # torch.quantile refuses more than 16 M values at once; column by column it always fits.
    q01 = torch.stack([torch.quantile(flat[:, i], 0.01) for i in range(flat.shape[1])]).view(data.labels.shape[1:])
    q99 = torch.stack([torch.quantile(flat[:, i], 0.99) for i in range(flat.shape[1])]).view(data.labels.shape[1:])
    width = q99 - q01
    floor = NARROWEST * width[:, :JOINTS].mean(1, keepdim=True)
    widen = (floor.expand_as(width) - width).clamp_min(0) / 2
    q01, q99 = q01 - widen, q99 + widen
    q01[:, JOINTS:], q99[:, JOINTS:] = 0.0, 1.0
    raw = data.proprio(features)
    return Statistics(q01, q99, raw.mean(0), raw.std(0).clamp_min(SMALLEST_DEVIATION))
