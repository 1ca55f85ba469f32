"""The projector and the Llama-style decoder that writes texts and codes."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .config import LanguageConfig
from .vision import CAMERAS


class RootMeanSquareNorm(nn.Module):
    """x / rms(x) with a learned gain."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(width))

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * self.gain


class Projector(nn.Module):
    """Feature rows to visual tokens: points and pool of each camera, the fused feature, proprioception."""

    def __init__(self, config: LanguageConfig, widths: tuple[int, ...]) -> None:
        super().__init__()
        self.widths = widths
        self.width = config.width
        counts = [1] * (2 * CAMERAS) + [config.fused_tokens, 1]
        self.tokens = sum(counts)
        self.entry = nn.ModuleList(
            nn.Linear(width, count * config.width) for width, count in zip(widths, counts, strict=True)
        )
        self.norm = RootMeanSquareNorm(config.width)
        self.mix = nn.Sequential(
            nn.Linear(config.width, 2 * config.width), nn.GELU(), nn.Linear(2 * config.width, config.width)
        )
        self.place = nn.Parameter(torch.randn(self.tokens, config.width) * 0.1)

    def forward(self, features: Tensor) -> Tensor:
        """[B, sum(widths)] to [B, N, d]."""
        parts = features.split(self.widths, dim=1)
        tokens = torch.cat([layer(part) for layer, part in zip(self.entry, parts, strict=True)], dim=1)
        x = self.norm(tokens.view(-1, self.tokens, self.width))
        return x + self.mix(x) + self.place


def rotation(positions: Tensor, width: int, theta: float) -> tuple[Tensor, Tensor]:
    """Cosine and sine [..., width / 2] of the rotary position embedding."""
    frequency = theta ** (-torch.arange(0, width, 2, device=positions.device, dtype=torch.float32) / width)
    angle = positions.unsqueeze(-1).float() * frequency
    return angle.cos(), angle.sin()


def rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotates pairs (first half, second half) of the last axis."""
    a, b = x.chunk(2, dim=-1)
    return torch.cat([a * cosine - b * sine, b * cosine + a * sine], dim=-1)


class Block(nn.Module):
    """Self-attention with rotary positions, then SwiGLU; both behind an RMS norm."""

    def __init__(self, config: LanguageConfig) -> None:
        super().__init__()
        d = config.width
        self.heads = config.heads
        self.head_width = d // config.heads
        self.attention_norm = RootMeanSquareNorm(d)
        self.attention_in = nn.Linear(d, 3 * d, bias=False)
        self.attention_out = nn.Linear(d, d, bias=False)
        self.feed_norm = RootMeanSquareNorm(d)
        self.feed_in = nn.Linear(d, 2 * config.feed_forward, bias=False)
        self.feed_out = nn.Linear(config.feed_forward, d, bias=False)

    def forward(
        self, x: Tensor, cosine: Tensor, sine: Tensor, past: tuple[Tensor, Tensor] | None, mask: Tensor | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """x [B, S, d] with keys and values [B, h, P, hd] of the past to x and keys and values [B, h, P + S, hd]."""
        batch, length, width = x.shape
        q, k, v = self.attention_in(self.attention_norm(x)).split(width, dim=-1)
        q, k, v = (t.view(batch, length, self.heads, self.head_width).transpose(1, 2) for t in (q, k, v))
        q, k = rotate(q, cosine, sine), rotate(k, cosine, sine)
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        if mask is None:
            read = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            score = q @ k.transpose(2, 3) * self.head_width**-0.5 + mask
            read = torch.softmax(score, dim=-1) @ v
        x = x + self.attention_out(read.transpose(1, 2).reshape(batch, length, width))
        gate, value = self.feed_in(self.feed_norm(x)).chunk(2, dim=-1)
        return x + self.feed_out(functional.silu(gate) * value), k, v


class LanguageModel(nn.Module):
    """Token ids and visual tokens to hidden states; the head shares one vocabulary for text and codes."""

    def __init__(self, config: LanguageConfig, vocabulary: int) -> None:
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding(vocabulary, config.width)
        nn.init.normal_(self.embedding.weight, std=0.5)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RootMeanSquareNorm(config.width)
        self.head = nn.Linear(config.width, vocabulary, bias=False)
        nn.init.normal_(self.head.weight, std=0.02)

    def forward(self, ids: Tensor, visual: Tensor, positions: Tensor) -> Tensor:
        """Training pass: ids [B, S] whose places 1..N hold no token, visual [B, N, d], to hidden states [B, S, d]."""
        count = visual.shape[1]
        x = self.embedding(ids)
        x = torch.cat([x[:, :1], visual, x[:, 1 + count :]], dim=1)
        cosine, sine = rotation(positions.unsqueeze(1), self.config.width // self.config.heads, self.config.rope_theta)
        for block in self.blocks:
            x, _, _ = block(x, cosine, sine, None, None)
        return self.norm(x)

    def extend(
        self, ids: Tensor, visual: Tensor, past_k: Tensor, past_v: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Run-time pass: logits [1, T, V] of ids [1, T] and all keys and values [L, 1, h, P + N + T, hd].

        Visual tokens [1, N, d] stand behind the first id; N and P may be 0.
        """
        count, past = visual.shape[1], past_k.shape[3]
        x = self.embedding(ids)
        x = torch.cat([x[:, :1], visual, x[:, 1:]], dim=1)
        length = x.shape[1]
        positions = torch.arange(length) + past
        cosine, sine = rotation(positions, self.config.width // self.config.heads, self.config.rope_theta)
        unseen = torch.arange(past + length).unsqueeze(0) > positions.unsqueeze(1)
        mask = unseen.to(torch.float32) * -1e9
        keys, values = [], []
        for layer, block in enumerate(self.blocks):
            x, k, v = block(x, cosine, sine, (past_k[layer], past_v[layer]), mask)
            keys.append(k)
            values.append(v)
        x = self.norm(x)
        logits = self.head(torch.cat([x[:, :1], x[:, 1 + count :]], dim=1))
        return logits, torch.stack(keys), torch.stack(values)
