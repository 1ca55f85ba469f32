"""`lm.onnx`: prefill, extension and single step of the Llama-style decoder in one graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from onnx import TensorProto

from .checkpoint import LAYERS, LanguageSizes
from .graph import Graph

# Added to the score of a position that must not be seen; its softmax weight is exactly zero.
UNSEEN = -1e9
MODEL = "language_model.model"


@dataclass(frozen=True)
class Positions:
    """What every layer shares: rotary tables [1, S, hd / 2] and the mask [S, P + S]."""

    cosine: str
    sine: str
    mask: str


def build_language(graph: Graph) -> None:
    """Adds everything from `ids`, `vis`, `past_k` and `past_v` to `logits`, `k` and `v` (models/README.md)."""
    sizes = graph.checkpoint.language
    width, head = sizes.width, sizes.width // sizes.heads
    ids = graph.input("ids", TensorProto.INT64, [1, "T"])
    vis = graph.input("vis", TensorProto.FLOAT, [1, "N", width])
    cache = [
        graph.input(name, TensorProto.FLOAT, [sizes.layers, 1, sizes.heads, "P", head]) for name in ("past_k", "past_v")
    ]
    zero, one, end = graph.integers(0), graph.integers(1), graph.integers(np.iinfo(np.int64).max)
    table = graph.parameter(
        f"{MODEL}.embed_tokens.weight", sizes.vocabulary, width, dtype=graph.precision.compute
    )
    words = graph.single(graph.op("Gather", table, ids))
    # Visual tokens stand behind the first id.
    joined = graph.op("Concat", graph.slice(words, zero, one, 1), vis, graph.slice(words, one, end, 1), axis=1)
    x = graph.reshape(joined, -1, width)
    positions = build_positions(graph, sizes, x, cache[0])
    past_k, past_v = (graph.op("Squeeze", past, one) for past in cache)
    keys, values = [], []
    for place in range(sizes.layers):
        layer = graph.integer(place)
        past = (graph.op("Gather", past_k, layer, axis=0), graph.op("Gather", past_v, layer, axis=0))
        x, k, v = build_layer(graph, sizes, f"{LAYERS}.{place}", x, past, positions)
        keys.append(k)
        values.append(v)
    # Logits of the ids alone.
    behind = graph.op("Add", graph.op("Shape", vis, start=1, end=2), one)
    rows = graph.op("Concat", graph.slice(x, zero, one, 0), graph.slice(x, behind, end, 0), axis=0)
    normed = graph.compute(graph.rms_norm(rows, f"{MODEL}.norm", width, sizes.epsilon))
    # The head stays unquantised: codes are told apart by small differences of its rows.
    logits = graph.single(graph.linear(normed, "language_model.lm_head", width, sizes.vocabulary, bias=False))
    graph.output(graph.op("Unsqueeze", logits, zero), "logits", TensorProto.FLOAT, [1, "T", sizes.vocabulary])
    for name, parts in (("k", keys), ("v", values)):
        stacked = graph.op("Concat", *(graph.op("Unsqueeze", part, graph.integers(0, 1)) for part in parts), axis=0)
        graph.output(stacked, name, TensorProto.FLOAT, [sizes.layers, 1, sizes.heads, "K", head])


def build_positions(graph: Graph, sizes: LanguageSizes, x: str, past: str) -> Positions:
    """Rotary tables and causal mask for rows [S, d] behind a cache [L, 1, h, P, hd]."""
    head = sizes.width // sizes.heads
    zero, one = graph.integer(0), graph.integer(1)
    before = graph.op("Squeeze", graph.op("Shape", past, start=3, end=4), graph.integers(0))
    after = graph.op("Add", before, graph.op("Squeeze", graph.op("Shape", x, start=0, end=1), graph.integers(0)))
    query = graph.op("Unsqueeze", graph.op("Range", before, after, one), graph.integers(1))
    key = graph.op("Unsqueeze", graph.op("Range", zero, after, one), graph.integers(0))
    frequency = sizes.theta ** (-np.arange(0, head, 2, dtype=np.float64) / head)
    angle = graph.op("Mul", graph.op("Cast", query, to=TensorProto.FLOAT), graph.array(frequency[None]))
    batch = graph.integers(0)
    unseen = graph.op("Cast", graph.op("Greater", key, query), to=TensorProto.FLOAT)
    return Positions(
        cosine=graph.op("Unsqueeze", graph.op("Cos", angle), batch),
        sine=graph.op("Unsqueeze", graph.op("Sin", angle), batch),
        mask=graph.op("Mul", unseen, graph.floats(UNSEEN)),
    )


def build_layer(
    graph: Graph, sizes: LanguageSizes, name: str, x: str, past: tuple[str, str], positions: Positions
) -> tuple[str, str, str]:
    """One layer on rows [S, d]; gives the rows and all keys and values float32 [h, P + S, hd]."""
    width, head = sizes.width, sizes.width // sizes.heads
    normed = graph.compute(graph.rms_norm(x, f"{name}.input_layernorm", width, sizes.epsilon))

    def project(part: str) -> str:
        rows = graph.linear(normed, f"{name}.self_attn.{part}_proj", width, width, bias=False, quantise=True)
        return graph.op("Transpose", graph.reshape(graph.single(rows), -1, sizes.heads, head), perm=[1, 0, 2])

    q, k, v = project("q"), project("k"), project("v")
    k = graph.op("Concat", past[0], rotate(graph, k, positions), axis=1)
    v = graph.op("Concat", past[1], v, axis=1)
    across = graph.compute(graph.op("Transpose", k, perm=[0, 2, 1]))
    read = graph.attend(rotate(graph, q, positions), across, graph.compute(v), positions.mask, head)
    rows = graph.reshape(graph.op("Transpose", read, perm=[1, 0, 2]), -1, width)
    out = graph.linear(rows, f"{name}.self_attn.o_proj", width, width, bias=False, quantise=True)
    x = graph.op("Add", x, graph.single(out))
    normed = graph.compute(graph.rms_norm(x, f"{name}.post_attention_layernorm", width, sizes.epsilon))
    hidden = graph.checkpoint.tensor(f"{name}.mlp.gate_proj.weight").shape[0]
    gate, up = (
        graph.linear(normed, f"{name}.mlp.{part}_proj", width, hidden, bias=False, quantise=True)
        for part in ("gate", "up")
    )
    inner = graph.op("Mul", graph.op("Mul", gate, graph.op("Sigmoid", gate)), up)
    down = graph.linear(inner, f"{name}.mlp.down_proj", hidden, width, bias=False, quantise=True)
    return graph.op("Add", x, graph.single(down)), k, v


def rotate(graph: Graph, x: str, positions: Positions) -> str:
    """Rotates pairs (first half, second half) of the last axis of [h, S, hd]."""
    a, b = graph.ops("Split", x, outputs=2, axis=2, num_outputs=2)
    first = graph.op("Sub", graph.op("Mul", a, positions.cosine), graph.op("Mul", b, positions.sine))
    second = graph.op("Add", graph.op("Mul", b, positions.cosine), graph.op("Mul", a, positions.sine))
    return graph.op("Concat", first, second, axis=2)
