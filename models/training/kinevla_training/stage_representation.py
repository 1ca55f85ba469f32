"""Stage 2: the bi-level RVQ-VAE, first the goal level on canonical motion, then the kinematics level on all of it."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from .config import Config
from .dataset import DIMENSIONS, JOINTS, Dataset, canonical_chunks
from .loop import Stage, fit
from .representation import Representation
from .normalisation import Statistics

# The encoder moves slower once the coarse level is frozen: it decides which coarse code a motion gets.
ENCODER_RATE_STAGE_2 = 0.5
GRIPPER_WEIGHT = 2.0


def reconstruction_loss(made: Tensor, chunks: Tensor, smoothness: float) -> Tensor:
    """L1 of chunks [B, H, 8] and of their first differences."""
    difference = (made - chunks).abs()
    plain = difference[..., :JOINTS].mean() + GRIPPER_WEIGHT / JOINTS * difference[..., JOINTS:].mean()
    steps = (made.diff(dim=1) - chunks.diff(dim=1)).abs()[..., :JOINTS].mean()
    return plain + smoothness * steps


def train_representation(
    config: Config, data: Dataset, statistics: Statistics, folder: Path, stop_after: int | None = None
) -> Representation:
    """Both stages; `stop_after` interrupts stage II at that step."""
    own = config.representation
    torch.manual_seed(config.seed + 1)
    model = Representation(own, data.horizon, DIMENSIONS, config.bundle.decoder_bound)
    smooth = statistics.normalise(canonical_chunks(data, own.canonical_smoothing))
    full = statistics.normalise(data.labels)
    bound = config.bundle.clip
    smooth, full = clamp_joints(smooth, bound), clamp_joints(full, bound)

    def stage(number: int) -> Stage:
        return Stage(
            name=f"representation-{number}",
            seed=config.seed,
            steps=own.steps,
            batch=min(own.batch, len(smooth if number == 1 else full)),
            learning_rate=own.learning_rate,
            weight_decay=1e-4,
            checkpoint=folder / f"representation-{number}.pt",
        )

    def draw(chunks: Tensor) -> tuple[Tensor, torch.Generator]:
        picker = torch.Generator().manual_seed(int(torch.randint(2**31, ())))
        return chunks[torch.randint(len(chunks), (own.batch,), generator=picker)], picker

    def commitment(latent: Tensor, level: Tensor) -> Tensor:
        return own.commitment * (latent - level.detach()).pow(2).mean()

    def first(step: int, _progress: float) -> tuple[Tensor, dict[str, float]]:
        chunks, picker = draw(smooth)
        latent = model.latent(chunks)
        if step == 0:
            model.coarse.initialise(latent.detach(), picker)
        _, coarse = model.coarse.encode(latent)
        through = latent + (coarse - latent).detach()
        rebuilt = reconstruction_loss(model.decode_latent(through), chunks, own.smoothness)
        loss = rebuilt + commitment(latent, coarse)
        model.coarse.update(latent.detach(), picker)
        return loss, {"reconstruction": rebuilt.item()}

    fit(stage(1), model, first)
    model.coarse.frozen.fill_(True)

    def second(step: int, _progress: float) -> tuple[Tensor, dict[str, float]]:
        chunks, picker = draw(full)
        latent = model.latent(chunks)
        _, coarse = model.coarse.encode(latent)
        residual = latent - coarse
        if step == 0:
            model.fine.initialise(residual.detach(), picker)
        _, fine = model.fine.encode(residual)
        both = coarse + fine
        alone = torch.rand(len(chunks), 1) < own.coarse_only
        through = latent + (torch.where(alone, coarse, both) - latent).detach()
        rebuilt = reconstruction_loss(model.decode_latent(through), chunks, own.smoothness)
        loss = rebuilt + commitment(latent, both)
        model.fine.update(residual.detach(), picker)
        return loss, {"reconstruction": rebuilt.item()}

    fit(stage(2), model, second, scale={"encoder.": ENCODER_RATE_STAGE_2}, stop_after=stop_after)
    return model


def clamp_joints(chunks: Tensor, bound: float) -> Tensor:
    """Joint deltas of normalised chunks within the bound."""
    return torch.cat([chunks[..., :JOINTS].clamp(-bound, bound), chunks[..., JOINTS:]], dim=-1)
