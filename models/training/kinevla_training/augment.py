"""Cheap noise on image and proprioception tensors."""

from __future__ import annotations

import torch
from torch import Tensor

from .config import AugmentConfig


def augment_images(images: Tensor, config: AugmentConfig) -> Tensor:
    """Shifts, brightens, stretches and tints float images [B, 2, 3, S, S] about zero, each camera on its own."""
    batch, cameras, channels, size, _ = images.shape
    flat = images.reshape(batch * cameras, channels, size, size)
    count = len(flat)
    if config.shift:
        padded = torch.nn.functional.pad(flat, [config.shift] * 4, mode="replicate")
        span = 2 * config.shift + 1
        # One shift for each group of images is noise enough and far cheaper than one a pixel grid.
        order = torch.randperm(count)
        flat = torch.empty_like(flat)
        for group, members in enumerate(order.chunk(min(count, 8))):
            dx, dy = torch.randint(span, (2,)).tolist()
            flat[members] = padded[members][:, :, dy : dy + size, dx : dx + size]
    gain = 1 + (torch.rand(count, 1, 1, 1) * 2 - 1) * config.contrast
    tint = 1 + (torch.rand(count, channels, 1, 1) * 2 - 1) * config.channel
    lift = (torch.rand(count, 1, 1, 1) * 2 - 1) * config.brightness
    return torch.addcmul(lift, flat, gain * tint).clamp(-0.5, 0.5).view(batch, cameras, channels, size, size)


def augment_proprio(proprio: Tensor, config: AugmentConfig) -> Tensor:
    """Adds noise to normalised proprioception [B, P]."""
    return proprio + torch.randn_like(proprio) * config.proprio
