"""The training loop of every stage: schedule, weight average, checkpoints, progress; resumable at any step."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

WARM_UP = 200
FINAL_RATE = 0.02
CHECKPOINT_PERIOD = 60.0
LINE_PERIOD = 10.0


def seed_step(seed: int, stage: str, step: int) -> None:
    """Seeds all of a step's randomness from the step alone, so that a resumed run draws what an unbroken one draws."""
    torch.manual_seed((seed * 1_000_003 + step) * 31 + sum(ord(c) * 7**i for i, c in enumerate(stage)) % 10_007)


def batch_indices(seed: int, stage: str, step: int, batch: int, count: int) -> Tensor:
    """Rows of batch `step` when epochs of `count` rows are each shuffled anew."""
    per_epoch = max(1, count // batch)
    epoch, place = divmod(step, per_epoch)
    shuffle = torch.Generator().manual_seed(seed * 7919 + epoch * 31 + len(stage))
    order = torch.randperm(count, generator=shuffle)
    return order[place * batch : (place + 1) * batch]


class Average:
    """Exponential moving average of a module's parameters."""

    def __init__(self, module: nn.Module, decay: float) -> None:
        self.decay = decay
        self.values = {name: p.detach().clone() for name, p in module.named_parameters()}

    @torch.no_grad()
    def update(self, module: nn.Module, step: int) -> None:
        keep = min(self.decay, (1 + step) / (10 + step))
        for name, parameter in module.named_parameters():
            self.values[name].lerp_(parameter, 1 - keep)

    @torch.no_grad()
    def write_to(self, module: nn.Module) -> None:
        for name, parameter in module.named_parameters():
            parameter.copy_(self.values[name])


def start_from(module: nn.Module, checkpoint: Path) -> None:
    """Takes the averaged weights of another run's stage over; raises ValueError where they do not fit."""
    if not checkpoint.exists():
        raise ValueError(f"{checkpoint} is missing: training can only go on from a folder that went through all stages")
    state = torch.load(checkpoint, weights_only=True, map_location=next(module.parameters()).device)
    try:
        module.load_state_dict({**state["module"], **state["average"]})
    except RuntimeError as unlike:
        raise ValueError(f"{checkpoint} is of a model of other sizes: {unlike}") from unlike


@dataclass(frozen=True)
class Stage:
    """One stage of training: how long, how fast, where its checkpoint lies."""

    name: str
    seed: int
    steps: int
    batch: int
    learning_rate: float
    checkpoint: Path
    weight_decay: float = 0.0
    ema: float = 0.0
    # Wall seconds after which the schedule is over even if steps are left; None: all steps, 0: none but the stored.
    limit: float | None = None


def save_atomically(value: object, path: Path) -> None:
    """A reader sees the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(value, partial)
    os.replace(partial, path)


def fit(
    stage: Stage,
    module: nn.Module,
    step_loss: Callable[[int, float], tuple[Tensor, dict[str, float]]],
    scale: dict[str, float] | None = None,
    stop_after: int | None = None,
    origin: Path | None = None,
) -> None:
    """Trains `module` by `step_loss(step, progress 0..1)`; leaves the averaged weights in it.

    Without a checkpoint of its own it begins with the weights of `origin`, the same stage's checkpoint of another run.
    `scale` gives parameters with a name prefix their own part of the learning rate. `stop_after` ends this call
    at that step as an interruption would; the next call goes on from there.
    """
    groups: dict[float, list[nn.Parameter]] = {}
    for name, parameter in module.named_parameters():
        if parameter.requires_grad:
            part = next((s for prefix, s in (scale or {}).items() if name.startswith(prefix)), 1.0)
            groups.setdefault(part, []).append(parameter)
    optimiser = torch.optim.AdamW(
        [{"params": parameters, "part": part} for part, parameters in groups.items()],
        lr=stage.learning_rate,
        weight_decay=stage.weight_decay,
        betas=(0.9, 0.98),
    )
    if origin is not None and not stage.checkpoint.exists():
        start_from(module, origin)
    average = Average(module, stage.ema)
    step, elapsed = 0, 0.0
    if stage.checkpoint.exists():
        state = torch.load(stage.checkpoint, weights_only=True, map_location=next(module.parameters()).device)
        module.load_state_dict(state["module"])
        average.values = state["average"]
        step, elapsed = state["step"], state["elapsed"]
        if step < stage.steps and stage.limit != 0:
            optimiser.load_state_dict(state["optimiser"])
    begun, first = time.monotonic() - elapsed, step
    resumed = time.monotonic()
    saved = shown = resumed

    def save() -> None:
        save_atomically(
            {
                "module": module.state_dict(),
                "optimiser": optimiser.state_dict(),
                "average": average.values,
                "step": step,
                "elapsed": time.monotonic() - begun,
            },
            stage.checkpoint,
        )

    totals: dict[str, list[float]] = {}
    module.train()
    while True:
        now = time.monotonic()
        progress = step / stage.steps
        if stage.limit is not None:
            progress = max(progress, (now - begun) / stage.limit if stage.limit > 0 else 1.0)
        if progress >= 1 or step >= stage.steps or step == stop_after:
            break
        seed_step(stage.seed, stage.name, step)
        cosine = FINAL_RATE + (1 - FINAL_RATE) * 0.5 * (1 + math.cos(math.pi * progress))
        rate = stage.learning_rate * min(1.0, (step + 1) / WARM_UP) * cosine
        for group in optimiser.param_groups:
            group["lr"] = rate * group["part"]
        loss, shares = step_loss(step, progress)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimiser.step()
        step += 1
        if stage.ema:
            average.update(module, step)
        for name, value in shares.items():
            totals.setdefault(name, []).append(value)
        now = time.monotonic()
        if now - shown >= LINE_PERIOD or step == stage.steps:
            shown = now
            rate_now = (step - first) * stage.batch / max(now - resumed, 1e-6)
            left = (stage.steps - step) * stage.batch / rate_now
            if stage.limit is not None:
                left = min(left, stage.limit - (now - begun))
            losses = " ".join(f"{name} {sum(v) / len(v):.4f}" for name, v in totals.items())
            totals.clear()
            print(
                f"{stage.name}: {100 * max(progress, step / stage.steps):5.1f} %  step {step}/{stage.steps}  "
                f"{rate_now:.0f} samples/s  ETA {max(0, left):.0f} s  {losses}",
                file=sys.stderr,
                flush=True,
            )
        if now - saved >= CHECKPOINT_PERIOD:
            saved = now
            save()
    if step > first:
        save()
    if stage.ema:
        average.write_to(module)
    module.eval()
