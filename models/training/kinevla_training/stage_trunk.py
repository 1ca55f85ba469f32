"""Stage 1: both camera encoders and the trunk learn by regressing the chunk."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn

from .augment import augment_images, augment_proprio
from .config import Config
from .dataset import DIMENSIONS, JOINTS, Dataset
from .loop import Stage, batch_indices, fit
from .normalisation import Statistics
from .vision import RegressionHead, Trunk, images_to_input

# Normalised joints span -1..1; by this factor their deviation is about 1 for the smooth L1.
TARGET_SCALE = 2.5
GRIPPER_WEIGHT = 0.5


class TrunkRegressor(nn.Module):
    """The trunk with the head that is dropped later."""

    def __init__(self, config: Config, size: int, proprio: int, vocabulary: int, horizon: int) -> None:
        super().__init__()
        self.trunk = Trunk(config.vision, size, proprio)
        self.head = RegressionHead(config.vision.hidden, vocabulary, horizon * DIMENSIONS)

    def forward(self, images: Tensor, proprio: Tensor, prompt: Tensor) -> Tensor:
        features = self.trunk(images, proprio)
        fused = features.split(self.trunk.widths, dim=1)[-2]
        return self.head(fused, prompt)


def regression_loss(prediction: Tensor, chunks: Tensor) -> tuple[Tensor, Tensor]:
    """Smooth L1 of the joints and cross-entropy of the gripper; prediction [B, H * 8], chunks normalised [B, H, 8]."""
    prediction = prediction.view(chunks.shape)
    joints = nn.functional.smooth_l1_loss(
        prediction[..., :JOINTS], chunks[..., :JOINTS] * TARGET_SCALE, beta=0.5
    )
    gripper = nn.functional.binary_cross_entropy_with_logits(prediction[..., JOINTS], chunks[..., JOINTS].clamp(0, 1))
    return joints, gripper


def regression_to_chunks(prediction: Tensor, horizon: int) -> Tensor:
    """The head's output [B, H * 8] as normalised chunks [B, H, 8]."""
    shaped = prediction.view(-1, horizon, DIMENSIONS)
    return torch.cat([shaped[..., :JOINTS] / TARGET_SCALE, torch.sigmoid(shaped[..., JOINTS:])], dim=-1)


def train_trunk(
    config: Config,
    data: Dataset,
    statistics: Statistics,
    prompts: Tensor,
    wordings: list[list[int]],
    folder: Path,
    limit: float | None,
    stop_after: int | None = None,
    origin: Path | None = None,
) -> TrunkRegressor:
    """Trains, resumes, or goes on from the run in `origin`; `prompts` [wordings, T] holds prompt ids, `wordings` the rows of each task."""
    torch.manual_seed(config.seed)
    device = torch.device(config.device)
    proprio = statistics.proprio(data.proprio(config.bundle.features)).to(device)
    targets = statistics.normalise(data.labels).to(device)
    model = TrunkRegressor(config, data.size, proprio.shape[1], int(prompts.max()) + 1, data.horizon)
    model = model.to(device, memory_format=torch.channels_last)
    own = config.trunk
    stage = Stage(
        name="trunk",
        seed=config.seed,
        steps=own.samples // own.batch,
        batch=own.batch,
        learning_rate=own.learning_rate,
        weight_decay=own.weight_decay,
        ema=own.ema,
        checkpoint=folder / "trunk.pt",
        limit=limit,
    )

    def step_loss(step: int, _progress: float) -> tuple[Tensor, dict[str, float]]:
        rows = batch_indices(config.seed, stage.name, step, own.batch, len(data))
        images = augment_images(images_to_input(data.images[rows].to(device)), config.augment)
        prompt = prompts[draw_wordings(data.task[rows], wordings)].to(device)
        with torch.autocast(config.device, dtype=torch.bfloat16, enabled=own.bfloat16):
            prediction = model(images, augment_proprio(proprio[rows], config.augment), prompt).float()
        joints, gripper = regression_loss(prediction, targets[rows])
        return joints + GRIPPER_WEIGHT * gripper, {"joints": joints.item(), "gripper": gripper.item()}

    before = None if origin is None else origin / "trunk.pt"
    fit(stage, model, step_loss, stop_after=stop_after, origin=before)
    return model


def draw_wordings(tasks: Tensor, wordings: list[list[int]]) -> Tensor:
    """One row of the prompt table for each task of a batch: half the canonical wording, half any paraphrase."""
    counts = torch.tensor([len(w) for w in wordings])[tasks]
    first = torch.tensor([w[0] for w in wordings])[tasks]
    other = (torch.rand(len(tasks)) * counts).long().clamp_max(counts - 1)
    return first + torch.where(torch.rand(len(tasks)) < 0.5, torch.zeros_like(other), other)
