"""OpenVLA's architecture in PyTorch with the names of its checkpoints, and a small checkpoint of it.

The modules follow timm and transformers in what they compute: patches with positions of their own behind class and
register tokens, the second-to-last block without the last norm, layer scale, Llama with rotary positions.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from onnx import TensorProto, helper, numpy_helper, save
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers
from torch import Tensor, nn
from torch.nn import functional

SIDE, PATCH = 28, 14
TOWER_WIDTHS, TOWER_HIDDEN, TOWER_DEPTHS = (32, 32), (48, 36), (3, 4)
WIDTH, HEADS, LAYERS, HIDDEN = 32, 4, 2, 72
CODEBOOK, DEPTHS, HORIZON = 8, (2, 2), 5
EPSILON, THETA = 1e-5, 10_000.0
# No word stands twice, so that the chain of successors has no fork.
TEXTS = ("move the bread", "grasp it first, then carry upright to left front")
INSTRUCTIONS = ("pick up the bread and move it to the left front", "pick up the bread and move it to the front")
# Pieces of one character, then whole words; ids of codes lie behind them.
WORDS = sorted({word for text in (*TEXTS, *INSTRUCTIONS) for word in text.replace(",", "").split()})
CODE_WORDS = CODEBOOK * sum(DEPTHS)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        batch, count, width = x.shape
        q, k, v = self.qkv(x).reshape(batch, count, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        return self.proj(functional.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape))


class LayerScale(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.scale_factor = nn.Parameter(torch.full((width,), 0.5))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale_factor


class Perceptron(nn.Module):
    def __init__(self, width: int, hidden: int) -> None:
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, hidden), nn.Linear(hidden, width)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc2(functional.gelu(self.fc1(x)))


class VisionBlock(nn.Module):
    def __init__(self, width: int, hidden: int, heads: int, scaled: bool) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.attn, self.mlp = Attention(width, heads), Perceptron(width, hidden)
        self.ls1, self.ls2 = (LayerScale(width) if scaled else nn.Identity() for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.ls1(self.attn(self.norm1(x)))
        return x + self.ls2(self.mlp(self.norm2(x)))


class PatchEmbed(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, width, PATCH, PATCH)

    def forward(self, x: Tensor) -> Tensor:
        return self.proj(x).flatten(2).transpose(1, 2)


class Tower(nn.Module):
    def __init__(self, place: int) -> None:
        super().__init__()
        width = TOWER_WIDTHS[place]
        self.patch_embed = PatchEmbed(width)
        self.pos_embed = nn.Parameter(torch.randn(1, (SIDE // PATCH) ** 2, width) * 0.2)
        if place == 0:
            self.cls_token = nn.Parameter(torch.randn(1, 1, width))
            self.reg_token = nn.Parameter(torch.randn(1, 4, width))
        hidden = TOWER_HIDDEN[place]
        self.blocks = nn.ModuleList(VisionBlock(width, hidden, 16, place == 0) for _ in range(TOWER_DEPTHS[place]))
        self.norm = nn.LayerNorm(width, eps=1e-6)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch_embed(x) + self.pos_embed
        extra = 0
        if hasattr(self, "cls_token"):
            front = torch.cat([self.cls_token, self.reg_token], 1).expand(len(x), -1, -1)
            x, extra = torch.cat([front, x], 1), front.shape[1]
        for block in self.blocks[:-1]:
            x = block(x)
        return x[:, extra:]


class Backbone(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.featurizer, self.fused_featurizer = Tower(0), Tower(1)

    def forward(self, images: Tensor) -> Tensor:
        """uint8 [2, S, S, 3] to [1, 2 patches, width]."""
        x = images.permute(0, 3, 1, 2).float() / 255
        mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
        first = self.featurizer((x - mean[:, None, None]) / deviation[:, None, None])
        return torch.cat([first, self.fused_featurizer((x - 0.5) / 0.5)], 2).flatten(0, 1)[None]


class Projector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        inputs = sum(TOWER_WIDTHS)
        self.fc1, self.fc2, self.fc3 = nn.Linear(inputs, 4 * inputs), nn.Linear(4 * inputs, WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc3(functional.gelu(self.fc2(functional.gelu(self.fc1(x)))))


class RootMeanSquareNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(1 + 0.2 * torch.randn(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + EPSILON))


def turn_half(x: Tensor) -> Tensor:
    a, b = x.chunk(2, -1)
    return torch.cat([-b, a], -1)


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q_proj, self.k_proj, self.v_proj, self.o_proj = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        q, k, v = (
            part(x).view(1, x.shape[1], HEADS, -1).transpose(1, 2) for part in (self.q_proj, self.k_proj, self.v_proj)
        )
        q, k = (t * cosine + turn_half(t) * sine for t in (q, k))
        read = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o_proj(read.transpose(1, 2).reshape(x.shape))


class Gated(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = (nn.Linear(WIDTH, HIDDEN, bias=False) for _ in range(2))
        self.down_proj = nn.Linear(HIDDEN, WIDTH, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down_proj(functional.silu(self.gate_proj(x)) * self.up_proj(x))


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.input_layernorm, self.post_attention_layernorm = RootMeanSquareNorm(), RootMeanSquareNorm()
        self.self_attn, self.mlp = SelfAttention(), Gated()

    def forward(self, x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x), cosine, sine)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(vocabulary, WIDTH)
        self.layers = nn.ModuleList(Layer() for _ in range(LAYERS))
        self.norm = RootMeanSquareNorm()


class Llama(nn.Module):
    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.model = Decoder(vocabulary)
        self.lm_head = nn.Linear(WIDTH, vocabulary, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        half = WIDTH // HEADS // 2
        angle = torch.arange(x.shape[1])[:, None] * THETA ** (-torch.arange(half) / half)
        cosine, sine = (torch.cat([part, part], -1) for part in (angle.cos(), angle.sin()))
        for layer in self.model.layers:
            x = layer(x, cosine, sine)
        return self.lm_head(self.model.norm(x))


class OpenVla(nn.Module):
    """The whole model; `forward` is one uncached pass."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()
        self.vision_backbone, self.projector = Backbone(), Projector()
        self.language_model = Llama(vocabulary)

    def see(self, images: Tensor) -> Tensor:
        return self.projector(self.vision_backbone(images))

    def forward(self, ids: Tensor, visual: Tensor) -> Tensor:
        """Logits [1, T, V] of ids [1, T], the visual tokens behind the first of them."""
        x = self.language_model.model.embed_tokens(ids)
        logits = self.language_model(torch.cat([x[:, :1], visual, x[:, 1:]], 1))
        return torch.cat([logits[:, :1], logits[:, 1 + visual.shape[1] :]], 1)


@dataclass(frozen=True)
class Reference:
    """A checkpoint on disk and the model that is in it."""

    folder: Path
    model: OpenVla
    tokenizer: Tokenizer
    pad: int


def make_tokenizer() -> Tokenizer:
    """Llama-2's kind: BPE with byte fallback and a word boundary in front; ends with one piece for each code."""
    pieces = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256)), "\u2581"]
    merges = []
    for word in WORDS:
        piece = "\u2581"
        for letter in word:
            if letter not in pieces:
                pieces.append(letter)
            merges.append((piece, letter))
            piece += letter
            pieces.append(piece)
    pieces += [",", *(f"rare{number}" for number in range(CODE_WORDS))]
    numbers = {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}
    model = models.BPE(vocab=numbers, merges=list(dict.fromkeys(merges)), unk_token="<unk>", byte_fallback=True, fuse_unk=True)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.add_special_tokens([AddedToken(name, normalized=False) for name in ("<unk>", "<s>", "</s>")])
    tokenizer.add_special_tokens([AddedToken("<PAD>", normalized=False)])
    return tokenizer


def make_reference(folder: Path, seed: int = 1) -> Reference:
    """Random weights in bfloat16 in two shards, but a head that writes the texts: each token asks for its successor."""
    torch.manual_seed(seed)
    tokenizer = make_tokenizer()
    pad = tokenizer.token_to_id("<PAD>")
    vocabulary = -(-(pad + 9) // 64) * 64
    model = OpenVla(vocabulary).eval()
    with torch.no_grad():
        for name, value in model.named_parameters():
            if value.dim() == 2 and "language_model" in name:
                value.copy_(torch.randn_like(value) * 0.4 / value.shape[1] ** 0.5)
        embedding, head = model.language_model.model.embed_tokens.weight, model.language_model.lm_head.weight
        embedding.copy_(torch.randn_like(embedding))
        chains = []
        for level, text in enumerate(TEXTS):
            opening = pad + 1 + 4 * level
            chains.append([opening, *tokenizer.encode(text, add_special_tokens=False).ids, opening + 1])
        for before, after in {(a, b) for chain in chains for a, b in zip(chain, chain[1:], strict=False)}:
            head[after] += 1.5 * embedding[before] / WIDTH**0.5
        for value in model.parameters():
            value.copy_(value.bfloat16().float())
    state = model.state_dict()
    write_checkpoint(folder, state, tokenizer, pad, vocabulary)
    return Reference(folder, model, tokenizer, pad)


def write_checkpoint(folder: Path, state: dict[str, Tensor], tokenizer: Tokenizer, pad: int, vocabulary: int) -> None:
    """config.json, two shards with their index, tokenizer.json and dataset_statistics.json."""
    folder.mkdir(parents=True)
    names = list(state)
    shards = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for shard, part in shards.items():
        write_safetensors(folder / shard, {name: state[name] for name in part})
    weight_map = {name: shard for shard, part in shards.items() for name in part}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": weight_map}))
    config = {
        "timm_model_ids": ["vit_large_patch14_reg4_dinov2.lvd142m", "vit_so400m_patch14_siglip_224"],
        "timm_override_act_layers": [None, None],
        "image_sizes": [SIDE, SIDE],
        "image_resize_strategy": "resize-naive",
        "pad_token_id": pad,
        "pad_to_multiple_of": 64,
        "text_config": {
            "model_type": "llama",
            "vocab_size": vocabulary,
            "num_attention_heads": HEADS,
            "rms_norm_eps": EPSILON,
        },
    }
    (folder / "config.json").write_text(json.dumps(config))
    tokenizer.save(str(folder / "tokenizer.json"))
    action = {"q01": [-0.05] * 7 + [0.0], "q99": [0.06] * 7 + [1.0], "mask": [True] * 7 + [False]}
    (folder / "dataset_statistics.json").write_text(json.dumps({"kine_realman": {"action": action}}))


def write_safetensors(path: Path, tensors: dict[str, Tensor], kind: str = "BF16") -> None:
    """One file of bfloat16 or float32 values."""
    header, parts, at = {}, [], 0
    for name, value in tensors.items():
        if kind == "BF16":
            raw = value.detach().bfloat16().contiguous().view(torch.int16).numpy().tobytes()
        else:
            raw = value.detach().float().numpy().tobytes()
        header[name] = {"dtype": kind, "shape": list(value.shape), "data_offsets": [at, at + len(raw)]}
        parts.append(raw)
        at += len(raw)
    text = json.dumps(header).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(parts))


def write_decoder(path: Path, seed: int = 2) -> None:
    """A bi-level decoder: the sum of one row for each code, mapped to a chunk within -1..1, gripper 0..1."""
    random = np.random.default_rng(seed)
    depth, latent = sum(DEPTHS), 8
    constants = {
        "books": random.normal(size=(depth * CODEBOOK, latent)).astype(np.float32),
        "first": (np.arange(depth) * CODEBOOK).astype(np.int64),
        "weight": random.normal(size=(latent, HORIZON * 8), scale=0.2).astype(np.float32),
        "shape": np.array([1, HORIZON, 8], np.int64),
        "axis": np.array([1], np.int64),
    }
    nodes = [
        helper.make_node("Add", ["codes", "first"], ["places"]),
        helper.make_node("Gather", ["books", "places"], ["rows"]),
        helper.make_node("ReduceSum", ["rows", "axis"], ["latent"], keepdims=0),
        helper.make_node("MatMul", ["latent", "weight"], ["flat"]),
        helper.make_node("Tanh", ["flat"], ["bounded"]),
        helper.make_node("Reshape", ["bounded", "shape"], ["chunk"]),
    ]
    graph = helper.make_graph(
        nodes,
        "decoder",
        [helper.make_tensor_value_info("codes", TensorProto.INT64, [1, depth])],
        [helper.make_tensor_value_info("chunk", TensorProto.FLOAT, [1, HORIZON, 8])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=10), str(path))


def write_sources(folder: Path) -> dict[str, Path]:
    """Decoder, description and observations of a lab."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {
        "decoder": folder / "decoder.onnx",
        "description": folder / "description.json",
        "observations": folder / "observations.npz",
    }
    write_decoder(paths["decoder"])
    description = {
        "id": "openvla-nano",
        "dataset": "kine_realman",
        "instructions": list(INSTRUCTIONS),
        "period": 0.1,
        "codebook": CODEBOOK,
        "coarse_depth": DEPTHS[0],
        "fine_depth": DEPTHS[1],
        "horizon": HORIZON,
        "prompt": "In: {instruction}?\nOut:",
    }
    paths["description"].write_text(json.dumps(description))
    images = np.random.default_rng(3).integers(0, 256, (2, 2, SIDE, SIDE, 3)).astype(np.uint8)
    np.savez(paths["observations"], images=images, instructions=np.array(INSTRUCTIONS))
    return paths
