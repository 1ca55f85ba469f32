"""Greedy generation as the daemon does it: forced delimiters, codes only from their band, texts up to their budget."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime
import torch
from torch import nn

from .language import LanguageModel, Projector
from .representation import Representation
from .text import Vocabulary
from .vision import Trunk, images_to_input

Array = np.ndarray


class Runner(Protocol):
    """The three graphs of a bundle, whatever runs them."""

    def vision(self, images: Array, proprio: Array) -> Array: ...

    def extend(self, ids: Array, visual: Array, past_k: Array, past_v: Array) -> tuple[Array, Array, Array]: ...

    def decode(self, codes: Array) -> Array: ...

    def empty(self) -> tuple[Array, Array]: ...


class VisionGraph(nn.Module):
    """`vision.onnx`: uint8 images [1, 2, S, S, 3] and normalised proprioception [1, P] to visual tokens [1, N, d]."""

    def __init__(self, trunk: Trunk, projector: Projector) -> None:
        super().__init__()
        self.trunk = trunk
        self.projector = projector

    def forward(self, images: torch.Tensor, proprio: torch.Tensor) -> torch.Tensor:
        return self.projector(self.trunk(images_to_input(images), proprio))


class LanguageGraph(nn.Module):
    """`lm.onnx`: prefill, extension and single step in one graph."""

    def __init__(self, language: LanguageModel) -> None:
        super().__init__()
        self.language = language

    def forward(
        self, ids: torch.Tensor, vis: torch.Tensor, past_k: torch.Tensor, past_v: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        return self.language.extend(ids, vis, past_k, past_v)


class DecoderGraph(nn.Module):
    """`decoder.onnx`: codes [1, Mc + Mf] to a normalised chunk [1, H, 8]."""

    def __init__(self, representation: Representation) -> None:
        super().__init__()
        self.representation = representation
        books = representation.books()
        self.size = books.shape[1]
        self.register_buffer("rows", books.reshape(-1, books.shape[2]), persistent=False)
        self.register_buffer("first", torch.arange(books.shape[0]) * self.size, persistent=False)

    def forward(self, codes: torch.Tensor) -> torch.Tensor:
        latent = self.rows[codes + self.first].sum(1)
        return self.representation.bounded(self.representation.decode_latent(latent))


class TorchRunner:
    """Runs the PyTorch modules."""

    def __init__(self, vision: VisionGraph, language: LanguageGraph, decoder: DecoderGraph) -> None:
        self.graphs = (vision.eval(), language.eval(), decoder.eval())
        config = language.language.config
        self.shape = (config.layers, 1, config.heads, 0, config.width // config.heads)

    def _run(self, place: int, *inputs: Array) -> object:
        with torch.no_grad():
            return self.graphs[place](*(torch.from_numpy(x) for x in inputs))

    def vision(self, images: Array, proprio: Array) -> Array:
        return self._run(0, images, proprio).numpy()

    def extend(self, ids: Array, visual: Array, past_k: Array, past_v: Array) -> tuple[Array, Array, Array]:
        return tuple(t.numpy() for t in self._run(1, ids, visual, past_k, past_v))

    def decode(self, codes: Array) -> Array:
        return self._run(2, codes).numpy()

    def empty(self) -> tuple[Array, Array]:
        return np.zeros(self.shape, np.float32), np.zeros(self.shape, np.float32)


class OnnxRunner:
    """Runs the exported files of a bundle folder with ONNX Runtime on one CPU thread."""

    def __init__(self, folder: Path) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.sessions = [
            onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])
            for name in ("vision", "lm", "decoder")
        ]
        past = next(i for i in self.sessions[1].get_inputs() if i.name == "past_k")
        self.shape = tuple(0 if axis == 3 else size for axis, size in enumerate(past.shape))

    def vision(self, images: Array, proprio: Array) -> Array:
        return self.sessions[0].run(["vis"], {"images": images, "proprio": proprio})[0]

    def extend(self, ids: Array, visual: Array, past_k: Array, past_v: Array) -> tuple[Array, Array, Array]:
        feeds = {"ids": ids, "vis": visual, "past_k": past_k, "past_v": past_v}
        return tuple(self.sessions[1].run(["logits", "k", "v"], feeds))

    def decode(self, codes: Array) -> Array:
        return self.sessions[2].run(["chunk"], {"codes": codes})[0]

    def empty(self) -> tuple[Array, Array]:
        return np.zeros(self.shape, np.float32), np.zeros(self.shape, np.float32)


@dataclass(frozen=True)
class Generated:
    """What one pass gave; a text that ran into its budget ends there and is marked."""

    coarse: list[int]
    fine: list[int]
    coarse_codes: list[int]
    fine_codes: list[int]
    # float32 [H, 8], normalised
    chunk: Array
    # Probability of each chosen code inside its band.
    probability: list[float]
    complete: bool


def generate(
    runner: Runner,
    vocabulary: Vocabulary,
    budgets: tuple[int, int],
    prompt: list[int],
    images: Array,
    proprio: Array,
    forced: tuple[list[int], list[int]] | None = None,
) -> Generated:
    """One inference: images uint8 [2, S, S, 3], normalised proprioception [P]; `forced` texts replace generation."""
    d = vocabulary.delimiters
    visual = runner.vision(images[None], proprio[None].astype(np.float32))
    nothing = visual[:, :0]
    past_k, past_v = runner.empty()
    codes: list[int] = []
    probability: list[float] = []
    texts: list[list[int]] = []
    complete = True
    pending = [vocabulary.bos, *prompt]
    logits = np.zeros(0)

    def run() -> None:
        nonlocal logits, past_k, past_v, pending, visual
        scores, past_k, past_v = runner.extend(np.array([pending], np.int64), visual, past_k, past_v)
        logits, pending, visual = scores[0, -1], [], nothing

    for level, depth in ((0, vocabulary.coarse_depth), (1, vocabulary.fine_depth)):
        opening, closing, first, last = d[4 * level : 4 * level + 4]
        pending.append(opening)
        text: list[int] = []
        if forced is not None:
            text = list(forced[level])
            pending += text
        else:
            while True:
                run()
                token = int(logits[: vocabulary.band(vocabulary.depth - 1)[0]].argmax())
                if token == closing:
                    break
                if len(text) == budgets[level]:
                    complete = False
                    break
                text.append(token)
                pending.append(token)
        texts.append(text)
        pending += [closing, first]
        for _ in range(depth):
            run()
            place = len(codes)
            low, high = vocabulary.band(place)
            inside = logits[low:high]
            best = int(inside.argmax())
            probability.append(float(1 / np.exp(inside - inside[best]).sum()))
            codes.append(vocabulary.base(place) - (low + best))
            pending.append(low + best)
        pending.append(last)
    chunk = runner.decode(np.array([codes], np.int64))[0]
    coarse = vocabulary.coarse_depth
    return Generated(texts[0], texts[1], codes[:coarse], codes[coarse:], chunk, probability, complete)
