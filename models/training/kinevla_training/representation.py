"""The bi-level RVQ-VAE: a goal (coarse) and a kinematics (fine) stack of codebooks over one latent."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .config import RepresentationConfig


class Codebooks(nn.Module):
    """A residual stack of codebooks, moved by exponential averages and not by gradients."""

    def __init__(self, depth: int, size: int, width: int, decay: float, revive_below: float) -> None:
        super().__init__()
        self.decay = decay
        self.revive_below = revive_below
        self.register_buffer("codes", torch.zeros(depth, size, width))
        self.register_buffer("counts", torch.ones(depth, size))
        self.register_buffer("sums", torch.zeros(depth, size, width))
        self.register_buffer("frozen", torch.tensor(False))

    @property
    def depth(self) -> int:
        return self.codes.shape[0]

    def distances(self, residual: Tensor, place: int) -> Tensor:
        """Squared distance [B, K] of residuals [B, d] to the codes at `place`."""
        book = self.codes[place]
        return residual.pow(2).sum(1, keepdim=True) - 2 * residual @ book.T + book.pow(2).sum(1)

    def encode(self, latent: Tensor) -> tuple[Tensor, Tensor]:
        """Nearest code at each depth [B, depth] and their sum [B, d]."""
        residual, chosen = latent, []
        for place in range(self.depth):
            code = self.distances(residual, place).argmin(1)
            chosen.append(code)
            residual = residual - self.codes[place][code]
        return torch.stack(chosen, dim=1), latent - residual

    def look_up(self, codes: Tensor) -> Tensor:
        """Sum [B, d] of the codes [B, depth]."""
        return sum(self.codes[place][codes[:, place]] for place in range(self.depth))

    @torch.no_grad()
    def initialise(self, latent: Tensor, generator: torch.Generator, rounds: int = 10) -> None:
        """Residual k-means on latents [B, d]."""
        residual = latent
        depth, size, _ = self.codes.shape
        for place in range(depth):
            pick = torch.randint(len(residual), (size,), generator=generator)
            self.codes[place] = residual[pick]
            for _ in range(rounds):
                code = self.distances(residual, place).argmin(1)
                count = torch.zeros(size).index_add_(0, code, torch.ones(len(code)))
                total = torch.zeros_like(self.codes[place]).index_add_(0, code, residual)
                alive = count > 0
                self.codes[place][alive] = total[alive] / count[alive, None]
            code = self.distances(residual, place).argmin(1)
            self.counts[place] = torch.zeros(size).index_add_(0, code, torch.ones(len(code))) + 1e-3
            self.sums[place] = self.codes[place] * self.counts[place][:, None]
            residual = residual - self.codes[place][code]

    @torch.no_grad()
    def update(self, latent: Tensor, generator: torch.Generator) -> None:
        """Moves the codes towards the residuals that chose them and revives dead ones; does nothing once frozen."""
        if self.frozen:
            return
        residual = latent
        depth, size, _ = self.codes.shape
        for place in range(depth):
            code = self.distances(residual, place).argmin(1)
            count = torch.zeros(size).index_add_(0, code, torch.ones(len(code)))
            total = torch.zeros_like(self.codes[place]).index_add_(0, code, residual)
            self.counts[place].mul_(self.decay).add_(count, alpha=1 - self.decay)
            self.sums[place].mul_(self.decay).add_(total, alpha=1 - self.decay)
            self.codes[place] = self.sums[place] / self.counts[place][:, None].clamp_min(1e-5)
            dead = torch.nonzero(self.counts[place] < self.revive_below).flatten()
            if len(dead):
                fresh = residual[torch.randint(len(residual), (len(dead),), generator=generator)]
                self.codes[place][dead] = fresh
                self.counts[place][dead] = 1.0
                self.sums[place][dead] = fresh
            residual = residual - self.codes[place][code]


class Perceptron(nn.Module):
    """A linear map with a non-linear part that starts at zero: it begins as PCA would and bends from there."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.straight = nn.Linear(inputs, outputs)
        self.bent = nn.Sequential(
            nn.Linear(inputs, hidden), nn.GELU(), nn.Linear(hidden, hidden), nn.GELU(), nn.Linear(hidden, outputs)
        )
        nn.init.zeros_(self.bent[-1].weight)
        nn.init.zeros_(self.bent[-1].bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.straight(x) + self.bent(x)


class Representation(nn.Module):
    """Normalised chunks [B, H, 8] to codes and back; gripper 0..1 outside, -1..1 inside."""

    def __init__(self, config: RepresentationConfig, horizon: int, dimensions: int, bound: float) -> None:
        super().__init__()
        self.shape = (horizon, dimensions)
        self.bound = bound
        flat = horizon * dimensions
        self.encoder = Perceptron(flat, config.hidden, config.latent)
        self.decoder = Perceptron(config.latent, config.hidden, flat)
        nn.init.orthogonal_(self.encoder.straight.weight)
        self.decoder.straight.weight.data.copy_(torch.linalg.pinv(self.encoder.straight.weight.data))
        nn.init.zeros_(self.encoder.straight.bias)
        nn.init.zeros_(self.decoder.straight.bias)
        books = (config.codebook, config.latent, config.decay, config.revive_below)
        self.coarse = Codebooks(config.coarse_depth, *books)
        self.fine = Codebooks(config.fine_depth, *books)

    def latent(self, chunks: Tensor) -> Tensor:
        """[B, H, 8] to [B, d]."""
        inside = torch.cat([chunks[..., :-1], chunks[..., -1:] * 2 - 1], dim=-1)
        return self.encoder(inside.flatten(1))

    def decode_latent(self, latent: Tensor) -> Tensor:
        """[B, d] to unbounded chunks [B, H, 8], gripper 0..1 where it is right."""
        inside = self.decoder(latent).view(-1, *self.shape)
        return torch.cat([inside[..., :-1], inside[..., -1:] * 0.5 + 0.5], dim=-1)

    def bounded(self, chunks: Tensor) -> Tensor:
        """Joints within the bound, gripper within 0..1."""
        return torch.cat([chunks[..., :-1].clamp(-self.bound, self.bound), chunks[..., -1:].clamp(0, 1)], dim=-1)

    def encode(self, chunks: Tensor) -> Tensor:
        """Codes [B, Mc + Mf], coarse first."""
        latent = self.latent(chunks)
        coarse, reached = self.coarse.encode(latent)
        fine, _ = self.fine.encode(latent - reached)
        return torch.cat([coarse, fine], dim=1)

    def decode(self, codes: Tensor, coarse_only: bool = False) -> Tensor:
        """Codes [B, Mc + Mf] to chunks [B, H, 8] within bounds."""
        latent = self.coarse.look_up(codes[:, : self.coarse.depth])
        if not coarse_only:
            latent = latent + self.fine.look_up(codes[:, self.coarse.depth :])
        return self.bounded(self.decode_latent(latent))

    def books(self) -> Tensor:
        """All codes [Mc + Mf, K, d]."""
        return torch.cat([self.coarse.codes, self.fine.codes])
