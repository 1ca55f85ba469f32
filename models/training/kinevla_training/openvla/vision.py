"""`vision.onnx`: both pictures through both towers and the projector."""

from __future__ import annotations

from onnx import TensorProto

from .checkpoint import TowerSizes
from .errors import CheckpointError
from .graph import Graph

CAMERAS = 2
# Mean and standard deviation of each tower's colours, after division by 255 (timm's data configuration).
COLOURS = (
    ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)),
    ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),
)
LARGEST_COLOUR = 255.0


def build_vision(graph: Graph, proprio: int) -> int:
    """Adds everything from uint8 `images` [1, 2, S, S, 3] and `proprio` [1, P] to `vis`; gives its token count."""
    sizes = graph.checkpoint
    side, width = sizes.image_size, sizes.language.width
    images = graph.input("images", TensorProto.UINT8, [1, CAMERAS, side, side, 3])
    graph.input("proprio", TensorProto.FLOAT, [1, proprio])
    flat = graph.reshape(graph.op("Cast", images, to=TensorProto.FLOAT), CAMERAS, side, side, 3)
    pixels = graph.op("Div", graph.op("Transpose", flat, perm=[0, 3, 1, 2]), graph.floats(LARGEST_COLOUR))
    grids = {side // tower.patch for tower in sizes.towers}
    if len(grids) != 1:
        raise CheckpointError("the two towers see different numbers of patches")
    patches = grids.pop() ** 2
    features = [
        build_tower(graph, tower, pixels, colours, patches)
        for tower, colours in zip(sizes.towers, COLOURS, strict=True)
    ]
    inputs = sum(tower.width for tower in sizes.towers)
    # Patches of the front camera, then of the wrist camera.
    joined = graph.compute(graph.reshape(graph.op("Concat", *features, axis=2), -1, inputs))
    hidden = sizes.tensor("projector.fc1.weight").shape[0]
    x = graph.op("Gelu", graph.linear(joined, "projector.fc1", inputs, hidden))
    x = graph.op("Gelu", graph.linear(x, "projector.fc2", hidden, width))
    tokens = graph.single(graph.linear(x, "projector.fc3", width, width))
    count = CAMERAS * patches
    if ("proprio_projector.fc1.weight" in sizes) != (proprio > 0):
        raise CheckpointError("proprio.features and the checkpoint's proprio_projector must both be there or both not")
    if proprio:
        # One token behind the patches.
        state = graph.linear(graph.compute("proprio"), "proprio_projector.fc1", proprio, width)
        state = graph.linear(graph.op("Gelu", state), "proprio_projector.fc2", width, width)
        tokens = graph.op("Concat", tokens, graph.single(state), axis=0)
        count += 1
    graph.output(graph.reshape(tokens, 1, count, width), "vis", TensorProto.FLOAT, [1, count, width])
    return count


def build_tower(
    graph: Graph, tower: TowerSizes, pixels: str, colours: tuple[tuple[float, ...], tuple[float, ...]], patches: int
) -> str:
    """Pixels [2, 3, S, S] of 0..1 to patch features [2, patches, width] of the second-to-last block."""
    name, width = tower.prefix, tower.width
    mean, deviation = (graph.floats(*values, shape=[1, 3, 1, 1]) for values in colours)
    coloured = graph.compute(graph.op("Div", graph.op("Sub", pixels, mean), deviation))
    kernel = graph.parameter(
        f"{name}.patch_embed.proj.weight", width, 3, tower.patch, tower.patch, dtype=graph.precision.compute
    )
    shift = graph.parameter(f"{name}.patch_embed.proj.bias", width, dtype=graph.precision.compute)
    grid = graph.single(graph.op("Conv", coloured, kernel, shift, strides=[tower.patch, tower.patch]))
    x = graph.op("Transpose", graph.reshape(grid, CAMERAS, width, patches), perm=[0, 2, 1])
    # Positions belong to patches alone (timm: no_embed_class).
    x = graph.op("Add", x, graph.parameter(f"{name}.pos_embed", 1, patches, width))
    if tower.prefix_tokens:
        found = [f"{name}.{token}" for token in ("cls_token", "reg_token") if f"{name}.{token}" in graph.checkpoint]
        prefix = graph.op("Concat", *(graph.parameter(token) for token in found), axis=1)
        both = graph.op("Expand", prefix, graph.integers(CAMERAS, tower.prefix_tokens, width))
        x = graph.op("Concat", both, x, axis=1)
    x = graph.reshape(x, -1, width)
    for place in range(tower.blocks):
        x = build_block(graph, tower, f"{name}.blocks.{place}", x, patches + tower.prefix_tokens)
    tokens = graph.reshape(x, CAMERAS, patches + tower.prefix_tokens, width)
    start, stop = graph.integers(tower.prefix_tokens), graph.integers(patches + tower.prefix_tokens)
    return graph.slice(tokens, start, stop, 1)


def build_block(graph: Graph, tower: TowerSizes, name: str, x: str, tokens: int) -> str:
    """One pre-norm transformer block on rows [2 tokens, width]."""
    width, head = tower.width, tower.width // tower.heads
    normed = graph.compute(graph.layer_norm(x, f"{name}.norm1", width))
    joined = graph.linear(normed, f"{name}.attn.qkv", width, 3 * width)
    parted = graph.op("Transpose", graph.reshape(joined, CAMERAS, tokens, 3, tower.heads, head), perm=[2, 0, 3, 1, 4])
    q, k, v = (graph.op("Gather", parted, graph.integer(part), axis=0) for part in range(3))
    read = graph.attend(graph.single(q), graph.op("Transpose", k, perm=[0, 1, 3, 2]), v, None, head)
    rows = graph.reshape(graph.op("Transpose", read, perm=[0, 2, 1, 3]), -1, width)
    x = add_scaled(graph, f"{name}.ls1", x, graph.linear(rows, f"{name}.attn.proj", width, width), width)
    normed = graph.compute(graph.layer_norm(x, f"{name}.norm2", width))
    hidden = graph.checkpoint.tensor(f"{name}.mlp.fc1.weight").shape[0]
    inner = graph.op("Gelu", graph.linear(normed, f"{name}.mlp.fc1", width, hidden))
    return add_scaled(graph, f"{name}.ls2", x, graph.linear(inner, f"{name}.mlp.fc2", hidden, width), width)


def add_scaled(graph: Graph, name: str, x: str, change: str, width: int) -> str:
    """x plus the change, scaled where the tower has layer scale (`gamma` in timm, renamed by transformers)."""
    change = graph.single(change)
    for scale in (f"{name}.scale_factor", f"{name}.gamma"):
        if scale in graph.checkpoint:
            change = graph.op("Mul", change, graph.parameter(scale, width))
    return graph.op("Add", x, change)
