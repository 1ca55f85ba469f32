"""From two images and proprioception to features: the part that stage 1 trains by regression."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import VisionConfig

CAMERAS = 2
# The stem's stride: a 96 px image becomes a 24 x 24 map.
STRIDE = 4
# First sharpness of the spatial softmax, in standard deviations of a map: most weight lies on its few highest places.
SHARPNESS = 3.0
# Keeps an even map from being blown up.
EVEN = 1e-4


class CameraEncoder(nn.Module):
    """One camera: convolutions without norm layers, then spatial-softmax points and a grid of pooled features."""

    def __init__(self, config: VisionConfig, size: int) -> None:
        super().__init__()
        c = config.channels
        layers: list[nn.Module] = [nn.Conv2d(3, c, 7, STRIDE, 3), nn.ReLU()]
        for _ in range(config.convolutions - 1):
            layers += [nn.Conv2d(c, c, 3, 1, 1), nn.ReLU()]
        layers.append(nn.Conv2d(c, c, 3, 1, 1))
        self.layers = nn.Sequential(*layers)
        for layer in self.layers:
            if isinstance(layer, nn.Conv2d):
                # The default shrinks features from layer to layer until no gradient reaches the first.
                nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
                nn.init.zeros_(layer.bias)
        side = size // STRIDE
        if side % config.pool:
            raise ValueError(f"a map of {side} x {side} cannot be pooled to {config.pool} x {config.pool}")
        self.pool = nn.AvgPool2d(side // config.pool)
        self.sharpness = nn.Parameter(torch.full((c, 1), SHARPNESS))
        line = torch.linspace(-1, 1, side)
        self.register_buffer("across", line.repeat(side), persistent=False)
        self.register_buffer("down", line.repeat_interleave(side), persistent=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Image [B, 3, S, S] to points [B, 3 C] (x, y, value of each channel) and pooled features [B, C pool^2]."""
        features = self.layers(image)
        flat = features.flatten(2).float()
        # Maps of unit spread: a softmax over weak ones is even, and its points say nothing and learn nothing.
        spread = (flat - flat.mean(2, keepdim=True)) / (flat.var(2, unbiased=False, keepdim=True) + EVEN).sqrt()
        weight = torch.softmax(spread * self.sharpness, dim=2)
        points = torch.cat(
            [(weight * self.across).sum(2), (weight * self.down).sum(2), (weight * flat).sum(2)], dim=1
        )
        return points, self.pool(torch.relu(features)).flatten(1)


class Trunk(nn.Module):
    """Both cameras and proprioception to one row of features per observation; knows nothing of the instruction."""

    def __init__(self, config: VisionConfig, size: int, proprio: int) -> None:
        super().__init__()
        self.front = CameraEncoder(config, size)
        self.wrist = CameraEncoder(config, size)
        self.point_width = 3 * config.channels
        self.pool_width = config.channels * config.pool**2
        self.hidden = config.hidden
        self.proprio = proprio
        self.fuse = nn.Sequential(
            nn.Linear(CAMERAS * (self.point_width + self.pool_width) + proprio, config.hidden),
            nn.ReLU(),
            nn.Linear(config.hidden, config.hidden),
            nn.ReLU(),
        )

    @property
    def widths(self) -> tuple[int, ...]:
        """Widths of the parts of a feature row: front points, front pool, wrist points, wrist pool, fused, proprio."""
        return (self.point_width, self.pool_width) * CAMERAS + (self.hidden, self.proprio)

    def forward(self, images: Tensor, proprio: Tensor) -> Tensor:
        """Images [B, 2, 3, S, S] about zero and normalised proprioception [B, P] to features [B, sum(widths)]."""
        seen = torch.cat([*self.front(images[:, 0]), *self.wrist(images[:, 1])], dim=1)
        return torch.cat([seen, self.fuse(torch.cat([seen, proprio], dim=1)), proprio], dim=1)


class RegressionHead(nn.Module):
    """Features and the words of the instruction to a scaled chunk; dropped once the generator exists."""

    def __init__(self, hidden: int, vocabulary: int, outputs: int, words: int = 32) -> None:
        super().__init__()
        self.hidden = hidden
        self.words = nn.EmbeddingBag(vocabulary, words, mode="mean", padding_idx=0)
        self.layers = nn.Sequential(nn.Linear(hidden + words, hidden), nn.ReLU(), nn.Linear(hidden, outputs))

    def forward(self, fused: Tensor, prompt: Tensor) -> Tensor:
        """Fused features [B, hidden] and padded prompt ids [B, T] to [B, outputs]."""
        return self.layers(torch.cat([fused, self.words(prompt)], dim=1))


def images_to_input(images: Tensor) -> Tensor:
    """uint8 [B, 2, S, S, 3] to float [B, 2, 3, S, S] in -0.5..0.5."""
    return images.permute(0, 1, 4, 2, 3).float() * (1 / 255) - 0.5
