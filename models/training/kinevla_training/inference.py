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
# Ids of the coarse and the fine text.
Texts = tuple[list[int], list[int]]
# What a model that was trained without reasoning is given in their place.
NO_TEXTS: Texts = ([], [])


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


def open_graph(path: Path) -> onnxruntime.InferenceSession:
    """A graph on one CPU thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


class OnnxRunner:
    """Runs the exported files of a bundle folder with ONNX Runtime on one CPU thread."""

    def __init__(self, folder: Path) -> None:
        self.sessions = [open_graph(folder / f"{name}.onnx") for name in ("vision", "lm", "decoder")]
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
    """What one pass gave; a text that leaves its budget or what may stand in a text ends there, `complete` tells."""

    coarse: list[int]
    fine: list[int]
    coarse_codes: list[int]
    fine_codes: list[int]
    # float32 [H, 8], normalised
    chunk: Array
    # Probability of each chosen code inside its band.
    probability: list[float]
    complete: bool


class Sequence:
    """Everything fed to the language model so far, as its cache."""

    def __init__(self, runner: Runner, visual: Array) -> None:
        self.runner = runner
        self.visual = visual
        self.cache = runner.empty()

    def feed(self, ids: list[int]) -> Array:
        """Logits [T, V] after each of the ids; the visual tokens go behind the first id of the first feed."""
        scores, keys, values = self.runner.extend(np.array([ids], np.int64), self.visual, *self.cache)
        self.cache, self.visual = (keys, values), self.visual[:, :0]
        return scores[0]

    def take_back(self, count: int) -> None:
        """Forgets the last `count` ids."""
        self.cache = tuple(part[:, :, :, : part.shape[3] - count] for part in self.cache)


def usable_part(vocabulary: Vocabulary, draft: list[int], budget: int) -> list[int]:
    """The part of a draft that could stand in a text."""
    end = next((place for place, token in enumerate(draft) if not vocabulary.is_text(token)), len(draft))
    return list(draft[: min(end, budget)])


def write_text(
    sequence: Sequence, vocabulary: Vocabulary, budget: int, head: list[int], tail: list[int], draft: list[int]
) -> tuple[list[int], Array, bool]:
    """Greedy text behind `head`, the logits behind `tail`, and whether the text came to its end.

    One pass feeds the draft as if it were right; the part that greedy decoding would have written is kept.
    """
    draft = usable_part(vocabulary, draft, budget)
    rows = sequence.feed([*head, *draft, *tail] if draft else head)
    wanted = [int(row.argmax()) for row in rows[len(head) - 1 : len(head) + len(draft)]]
    kept = next((place for place, token in enumerate(draft) if token != wanted[place]), len(draft))
    token = wanted[kept]
    if draft and kept == len(draft) and token == tail[0]:
        return draft, rows[-1], True
    sequence.take_back(len(rows) - len(head) - kept)
    text = draft[:kept]
    while vocabulary.is_text(token) and len(text) < budget:
        text.append(token)
        token = int(sequence.feed([token])[-1].argmax())
    return text, sequence.feed(tail)[-1], token == tail[0]


def generate(
    runner: Runner,
    vocabulary: Vocabulary,
    budgets: tuple[int, int],
    prompt: list[int],
    images: Array,
    proprio: Array,
    forced: Texts | None = None,
    draft: Texts | None = None,
) -> Generated:
    """One inference: images uint8 [2, S, S, 3], normalised proprioception [P].

    `forced` texts replace generation; a `draft` changes nothing but the time that generation takes.
    """
    d = vocabulary.delimiters
    sequence = Sequence(runner, runner.vision(images[None], proprio[None].astype(np.float32)))
    # What belongs to the sequence and was not fed yet.
    unfed = [vocabulary.bos, *prompt]
    texts: list[list[int]] = []
    codes: list[int] = []
    probability: list[float] = []
    complete = True

    def write(level: int, after: list[int]) -> Array:
        """The text of a level; logits behind its closing delimiter and `after`."""
        nonlocal unfed, complete
        head, tail = [*unfed, d[4 * level]], [d[4 * level + 1], *after]
        unfed = []
        if forced is not None:
            texts.append(list(forced[level]))
            return sequence.feed([*head, *texts[level], *tail])[-1]
        guess = [] if draft is None else draft[level]
        text, logits, ended = write_text(sequence, vocabulary, budgets[level], head, tail, guess)
        texts.append(text)
        complete = complete and ended
        return logits

    def choose(level: int, depth: int, logits: Array) -> None:
        """The codes of a level from the logits behind its opening delimiter."""
        nonlocal unfed
        for number in range(depth):
            if number > 0:
                logits = sequence.feed(unfed)[-1]
            low, high = vocabulary.band(len(codes))
            inside = logits[low:high]
            best = int(inside.argmax())
            probability.append(float(1 / np.exp(inside - inside[best]).sum()))
            codes.append(vocabulary.base(len(codes)) - (low + best))
            unfed = [low + best]
        unfed = [*unfed, d[4 * level + 3]]

    coarse_first, fine_first = d[2], d[6]
    if vocabulary.sequence == "texts-first":
        write(0, [])
        choose(0, vocabulary.coarse_depth, write(1, [coarse_first]))
        choose(1, vocabulary.fine_depth, sequence.feed([*unfed, fine_first])[-1])
    else:
        choose(0, vocabulary.coarse_depth, write(0, [coarse_first]))
        choose(1, vocabulary.fine_depth, write(1, [fine_first]))
    chunk = runner.decode(np.array([codes], np.int64))[0]
    coarse = vocabulary.coarse_depth
    return Generated(texts[0], texts[1], codes[:coarse], codes[coarse:], chunk, probability, complete)
