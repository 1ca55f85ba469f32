"""A checkpoint folder: its sizes, its tensors, and a LoRA adapter merged into them row by row."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from .errors import CheckpointError
from .safetensors import StoredTensor, read_index

TOWERS = ("vision_backbone.featurizer", "vision_backbone.fused_featurizer")
LAYERS = "language_model.model.layers"
# Attention heads are in no tensor's shape and in no config.json: these are what timm builds for these names.
TOWER_HEADS = {"vit_large_patch14_reg4_dinov2.lvd142m": 16, "vit_so400m_patch14_siglip_224": 16}
# Features are the output of the second-to-last block, so nothing behind it is used; rotary tables are recomputed.
UNUSED = re.compile(
    r"vision_backbone\.\w+\.(norm|fc_norm|attn_pool|head)\..*|.*\.rotary_emb\.inv_freq|.*\.attn\.[qk]_norm\.dummy"
)
ADAPTER_PREFIX = "base_model.model."


class Tensor(Protocol):
    """Something with rows of float32, read when asked for."""

    @property
    def name(self) -> str: ...

    @property
    def shape(self) -> tuple[int, ...]: ...

    @property
    def width(self) -> int: ...

    def rows(self, start: int, stop: int) -> np.ndarray: ...


@dataclass(frozen=True)
class MergedTensor:
    """W + scale B A, without ever holding more of W and B than the rows asked for."""

    stored: StoredTensor
    # [r, in]
    low: StoredTensor
    # [out, r]
    high: StoredTensor
    scale: float

    @property
    def name(self) -> str:
        return self.stored.name

    @property
    def shape(self) -> tuple[int, ...]:
        return self.stored.shape

    @property
    def width(self) -> int:
        return self.stored.width

    def rows(self, start: int, stop: int) -> np.ndarray:
        return self.stored.rows(start, stop) + self.scale * (self.high.rows(start, stop) @ self.low.rows(0, self.low.shape[0]))


@dataclass(frozen=True)
class TowerSizes:
    """One vision transformer."""

    prefix: str
    width: int
    heads: int
    # Blocks that are run: all but the last.
    blocks: int
    patch: int
    # Class and register tokens in front of the patches.
    prefix_tokens: int


@dataclass(frozen=True)
class LanguageSizes:
    """The Llama-style decoder."""

    width: int
    heads: int
    layers: int
    # Rows of embedding and head, padding included.
    vocabulary: int
    # Ids of the tokenizer; the padding row is the first behind them.
    words: int
    pad: int
    epsilon: float
    theta: float


class Checkpoint:
    """A folder with config.json, safetensors and, if given, an adapter that is merged while reading."""

    def __init__(self, folder: Path, adapter: Path | None = None) -> None:
        self.folder = folder
        self.config = read_json(folder / "config.json")
        self._tensors: dict[str, Tensor] = dict(read_index(folder, "model"))
        self._used: set[str] = set()
        if adapter is not None:
            self._merge(adapter)
        self.towers = tuple(self._tower(place) for place in range(len(TOWERS)))
        self.image_size = self._image_size()
        self.language = self._language()

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def tensor(self, name: str, *shape: int) -> Tensor:
        """One tensor of exactly this shape; it counts as used."""
        found = self._tensors.get(name)
        if found is None:
            raise CheckpointError(f"the checkpoint has no {name}")
        if shape and found.shape != shape:
            raise CheckpointError(f"{name} has shape {list(found.shape)}, expected {list(shape)}")
        self._used.add(name)
        return found

    def check_all_used(self) -> None:
        """Raises CheckpointError when the checkpoint holds a tensor that the graphs left out unexpectedly."""
        dropped = tuple(f"{tower.prefix}.blocks.{tower.blocks}." for tower in self.towers)
        for name in sorted(self._tensors.keys() - self._used):
            if not name.startswith(dropped) and not UNUSED.fullmatch(name):
                raise CheckpointError(f"{name} has no place in this architecture; the exported model would differ")

    def _shape(self, name: str) -> tuple[int, ...]:
        found = self._tensors.get(name)
        if found is None:
            raise CheckpointError(f"the checkpoint has no {name}: it does not have OpenVLA's layout")
        return found.shape

    def _count(self, prefix: str) -> int:
        numbers = {int(m[1]) for name in self._tensors if (m := re.match(rf"{re.escape(prefix)}\.(\d+)\.", name))}
        if numbers != set(range(len(numbers))):
            raise CheckpointError(f"{prefix} has gaps: {sorted(numbers)}")
        return len(numbers)

    def _tower(self, place: int) -> TowerSizes:
        prefix = TOWERS[place]
        width, _, patch, _ = self._shape(f"{prefix}.patch_embed.proj.weight")
        identity = self._config("timm_model_ids")[place]
        if identity not in TOWER_HEADS:
            raise CheckpointError(f"{prefix} is {identity}; known are {', '.join(TOWER_HEADS)}")
        if any(self.config.get("timm_override_act_layers") or []):
            raise CheckpointError("timm_override_act_layers changes the activation; only GELU is built")
        prefix_tokens = sum(
            self._shape(f"{prefix}.{token}")[1] for token in ("cls_token", "reg_token") if f"{prefix}.{token}" in self
        )
        blocks = self._count(f"{prefix}.blocks")
        return TowerSizes(prefix, width, TOWER_HEADS[identity], blocks - 1, patch, prefix_tokens)

    def _image_size(self) -> int:
        sizes = set(self._config("image_sizes"))
        if len(sizes) != 1:
            raise CheckpointError(f"image_sizes are {sorted(sizes)}; both towers must take the same picture")
        strategy = self.config.get("image_resize_strategy")
        if strategy != "resize-naive":
            raise CheckpointError(f"image_resize_strategy is {strategy}; the daemon only does resize-naive")
        return sizes.pop()

    def _language(self) -> LanguageSizes:
        text = self._config("text_config")
        vocabulary, width = self._shape("language_model.model.embed_tokens.weight")
        # A config.json states only what differs from the defaults of transformers' LlamaConfig.
        heads = text.get("num_attention_heads", 32)
        if text.get("model_type", "llama") != "llama" or text.get("rope_scaling"):
            raise CheckpointError("text_config is no plain Llama")
        if text.get("num_key_value_heads") not in (None, heads):
            raise CheckpointError("grouped key and value heads are not built: num_key_value_heads must equal the heads")
        if text.get("hidden_act", "silu") != "silu" or width % heads:
            raise CheckpointError("text_config: hidden_act must be silu, and the heads must divide the width")
        pad = self.config.get("pad_token_id", 32_000)
        return LanguageSizes(
            width=width,
            heads=heads,
            layers=self._count(LAYERS),
            vocabulary=vocabulary,
            words=pad,
            pad=pad,
            epsilon=text.get("rms_norm_eps", 1e-6),
            theta=text.get("rope_theta", 10_000.0),
        )

    def _config(self, key: str):  # noqa: ANN202
        if key not in self.config:
            raise CheckpointError(f"config.json has no {key}")
        return self.config[key]

    def _merge(self, folder: Path) -> None:
        settings = read_json(folder / "adapter_config.json")
        if settings.get("use_dora") or settings.get("fan_in_fan_out") or settings.get("rank_pattern"):
            raise CheckpointError("the adapter uses DoRA, transposed weights or several ranks; merge it with PEFT first")
        rank = settings["r"]
        scale = settings["lora_alpha"] / (rank**0.5 if settings.get("use_rslora") else rank)
        tensors = read_index(folder, "adapter_model")
        pending = set(tensors)
        for name in sorted(tensors):
            target = name.removeprefix(ADAPTER_PREFIX)
            if name.endswith(".lora_A.weight"):
                weight = target.removesuffix(".lora_A.weight") + ".weight"
                pair = name.removesuffix("A.weight") + "B.weight"
                stored = self._tensors.get(weight)
                if not isinstance(stored, StoredTensor) or pair not in tensors:
                    raise CheckpointError(f"the adapter's {name} has no {weight} to go to, or no second half")
                low, high = tensors[name], tensors[pair]
                if (high.shape[0], low.shape[1]) != stored.shape or low.shape[0] != high.shape[1]:
                    raise CheckpointError(f"the adapter's {name} does not fit {weight} {list(stored.shape)}")
                self._tensors[weight] = MergedTensor(stored, low, high, scale)
                pending -= {name, pair}
            elif target in self._tensors and tensors[name].shape == self._tensors[target].shape:
                # `modules_to_save`: trained whole, for example the rows of delimiters and codes.
                self._tensors[target] = dataclasses.replace(tensors[name], name=target)
                pending.discard(name)
        if pending:
            raise CheckpointError(f"the adapter's {min(pending)} has no place in the checkpoint")


def read_json(path: Path) -> dict:
    """A JSON object; raises CheckpointError."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as cause:
        raise CheckpointError(f"{path} cannot be read as JSON ({cause})") from cause
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} is not a JSON object")
    return content
