"""Stage 2: the bi-level RVQ-VAE, first the goal level on canonical motion, then the kinematics level on all of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from .config import Config
from .dataset import DIMENSIONS, JOINTS, Dataset, canonical_chunks
from .loop import Stage, fit
from .representation import Representation
from .normalisation import Statistics

# The encoder moves slowly, so that the codebooks can follow; slower still once the coarse level is frozen, because it
# decides which coarse code a motion gets. At the full rate it ran away from the codes and the error tripled.
ENCODER_RATE = {1: 0.1, 2: 0.05}
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
    """Both stages, or the one of a single level; `stop_after` interrupts the last of them at that step."""
    own = config.representation
    torch.manual_seed(config.seed + 1)
    device = torch.device(config.device)
    model = Representation(own, data.horizon, DIMENSIONS, config.bundle.decoder_bound).to(device)
    smooth = statistics.normalise(canonical_chunks(data, own.canonical_smoothing))
    full = statistics.normalise(data.labels)
    bound = config.bundle.clip
    smooth, full = clamp_joints(smooth, bound).to(device), clamp_joints(full, bound).to(device)

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

    def single(step: int, _progress: float) -> tuple[Tensor, dict[str, float]]:
        chunks, picker = draw(full)
        latent = model.latent(chunks)
        if step == 0:
            model.coarse.initialise(latent.detach(), picker)
        _, coarse = model.coarse.encode(latent)
        residual = latent - coarse
        if step == 0:
            model.fine.initialise(residual.detach(), picker)
        _, fine = model.fine.encode(residual)
        both = coarse + fine
        through = latent + (both - latent).detach()
        rebuilt = reconstruction_loss(model.decode_latent(through), chunks, own.smoothness)
        loss = rebuilt + commitment(latent, both)
        model.coarse.update(latent.detach(), picker)
        model.fine.update(residual.detach(), picker)
        return loss, {"reconstruction": rebuilt.item()}

    if not own.bi_level:
        # As many steps as both stages have together, so that what differs is the level and not the budget.
        one = replace(
            stage(2), name="representation", steps=2 * own.steps, checkpoint=folder / "representation.pt"
        )
        fit(one, model, single, scale={"encoder.": ENCODER_RATE[1]}, stop_after=stop_after)
        return model

    fit(stage(1), model, first, scale={"encoder.": ENCODER_RATE[1]})
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
        alone = torch.rand(len(chunks), 1, device=device) < own.coarse_only
        through = latent + (torch.where(alone, coarse, both) - latent).detach()
        rebuilt = reconstruction_loss(model.decode_latent(through), chunks, own.smoothness)
        loss = rebuilt + commitment(latent, both)
        model.fine.update(residual.detach(), picker)
        return loss, {"reconstruction": rebuilt.item()}

    fit(stage(2), model, second, scale={"encoder.": ENCODER_RATE[2]}, stop_after=stop_after)
    return model


def clamp_joints(chunks: Tensor, bound: float) -> Tensor:
    """Joint deltas of normalised chunks within the bound."""
    return torch.cat([chunks[..., :JOINTS].clamp(-bound, bound), chunks[..., JOINTS:]], dim=-1)
