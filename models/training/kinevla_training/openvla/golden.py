"""Golden vectors: what the exported files make of a lab's own observations, generated as the daemon does it."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from .description import JOINTS, ActionStatistics, Description
from .errors import CheckpointError
from .vocabulary import Layout, prompt_ids

Array = np.ndarray


@dataclass(frozen=True)
class Observations:
    """Inputs of golden vectors."""

    # uint8 [n, 2, S, S, 3], front then wrist, cropped and resized
    images: Array
    instructions: list[str]
    # [n, P], as measured
    proprio: Array


def read_observations(path: Path, size: int, description: Description) -> Observations:
    """An .npz with `images`, `instructions` and, where the model takes it, `proprio`; raises CheckpointError."""
    try:
        with np.load(path, allow_pickle=False) as stored:
            parts = {name: stored[name] for name in stored.files}
    except (OSError, ValueError) as cause:
        raise CheckpointError(f"{path} cannot be read ({cause})") from cause
    width = len(description.proprio_mean)
    images, instructions = parts.get("images"), parts.get("instructions")
    if images is None or instructions is None or (width and "proprio" not in parts):
        raise CheckpointError(f"{path.name} needs `images`, `instructions`{' and `proprio`' if width else ''}")
    proprio = parts.get("proprio", np.zeros((len(images), 0)))
    if images.shape != (len(instructions), 2, size, size, 3) or images.dtype != np.uint8 or not len(images):
        raise CheckpointError(f"{path.name}: images must be uint8 [{len(instructions)}, 2, {size}, {size}, 3]")
    if proprio.shape != (len(images), width):
        raise CheckpointError(f"{path.name}: proprio must be [{len(images)}, {width}]")
    return Observations(images, [str(text) for text in instructions], proprio.astype(np.float64))


class Bundle:
    """The three exported graphs on the CPU."""

    def __init__(self, folder: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        self._vision, self._language, self._decoder = (
            onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])
            for name in ("vision", "lm", "decoder")
        )
        layers, _, heads, _, width = next(i for i in self._language.get_inputs() if i.name == "past_k").shape
        self._empty = np.zeros((layers, 1, heads, 0, width), np.float32)

    def see(self, images: Array, proprio: Array) -> Array:
        """uint8 [2, S, S, 3] and normalised [P] to visual tokens [1, N, d]."""
        return self._vision.run(["vis"], {"images": images[None], "proprio": proprio[None].astype(np.float32)})[0]

    def start(self, visual: Array) -> Sequence:
        return Sequence(self._language, visual, self._empty)

    def decode(self, codes: list[int]) -> Array:
        """Codes, coarse first, to a normalised chunk [H, 8]."""
        return self._decoder.run(["chunk"], {"codes": np.array([codes], np.int64)})[0][0]


class Sequence:
    """Everything fed so far, as its cache."""

    def __init__(self, language: onnxruntime.InferenceSession, visual: Array, empty: Array) -> None:
        self._language = language
        self._visual = visual
        self._keys = self._values = empty

    def feed(self, ids: list[int]) -> Array:
        """Appends ids and gives the logits [V] behind the last."""
        feeds = {"ids": np.array([ids], np.int64), "vis": self._visual, "past_k": self._keys, "past_v": self._values}
        logits, self._keys, self._values = self._language.run(["logits", "k", "v"], feeds)
        self._visual = self._visual[:, :0]
        if not np.isfinite(logits).all():
            raise CheckpointError("the language model gives logits that are not finite; export with --precision fp32")
        return logits[0, -1]


@dataclass(frozen=True)
class Generated:
    """Texts as ids, and codes, of both levels."""

    texts: tuple[list[int], list[int]]
    codes: tuple[list[int], list[int]]


def generate(
    bundle: Bundle,
    layout: Layout,
    budgets: tuple[int, int],
    prompt: list[int],
    images: Array,
    proprio: Array,
    forced: tuple[list[int], list[int]] | None = None,
) -> Generated:
    """Greedy, with forced delimiters and codes from their band only; raises CheckpointError where a text is no text."""
    reserved = layout.reserved()
    sequence = bundle.start(bundle.see(images, proprio))
    pending = [layout.bos, *prompt, *layout.trailing]
    texts, codes = ([], []), ([], [])
    for level in range(2):
        opening, closing, first, last = layout.delimiters[4 * level : 4 * level + 4]
        pending.append(opening)
        if forced is not None:
            texts[level].extend(forced[level])
            pending += forced[level]
        else:
            while (token := int(sequence.feed(pending).argmax())) != closing:
                if token in reserved or len(texts[level]) == budgets[level]:
                    raise CheckpointError(f"the text of level {level} holds id {token}, or is over its budget")
                texts[level].append(token)
                pending = [token]
            pending = []
        pending += [closing, first]
        bases = layout.bases[layout.coarse_depth :] if level else layout.bases[: layout.coarse_depth]
        for base in bases:
            logits = sequence.feed(pending)
            # Code 0 first, as the daemon looks at them.
            code = int(logits[base - np.arange(layout.codebook)].argmax())
            codes[level].append(code)
            pending = [base - code]
        pending.append(last)
    return Generated(texts, codes)


def golden_vectors(
    bundle: Bundle,
    layout: Layout,
    tokenizer: Tokenizer,
    description: Description,
    statistics: ActionStatistics,
    observations: Observations,
) -> dict:
    """Contents of golden.json; raises CheckpointError where a text does not survive the way through words."""
    vectors = []
    budgets = (description.coarse_budget, description.fine_budget)
    low, high = np.array(statistics.q01), np.array(statistics.q99)
    for number, instruction in enumerate(observations.instructions):
        images, raw = observations.images[number], observations.proprio[number]
        scaled = (raw - np.array(description.proprio_mean)) / np.array(description.proprio_std)
        prompt = prompt_ids(tokenizer, description.prompt, instruction)
        made = generate(bundle, layout, budgets, prompt, images, scaled)
        words = [tokenizer.decode(ids).strip() for ids in made.texts]
        back = tuple(tokenizer.encode(text, add_special_tokens=False).ids for text in words)
        if not all(words) or generate(bundle, layout, budgets, prompt, images, scaled, back).codes != made.codes:
            raise CheckpointError(
                f"observation {number}: the texts {words} give other codes when they are forced than when generated"
            )
        chunk = bundle.decode([*made.codes[0], *made.codes[1]]).astype(np.float64)
        if not np.abs(chunk).max() <= description.clip:
            raise CheckpointError(f"observation {number}: the decoder gives values beyond clip {description.clip}")
        chunk[:, :JOINTS] = (0.5 * (chunk + 1) * (high - low) + low)[:, :JOINTS]
        vectors.append(
            {
                "instruction": instruction,
                "images": base64.b64encode(images.tobytes()).decode(),
                "proprio": raw.tolist(),
                "coarse": words[0],
                "fine": words[1],
                "coarseCodes": made.codes[0],
                "fineCodes": made.codes[1],
                "chunk": chunk.tolist(),
            }
        )
    return {"vectors": vectors}
