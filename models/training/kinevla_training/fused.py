"""Runs a bundle's generator, whatever its profile."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import onnxruntime

from .inference import Array, Generated, OnnxRunner, Texts, generate, open_graph, usable_part
from .text import Vocabulary


class Engine(Protocol):
    """`inference.generate` with its runner chosen."""

    def __call__(
        self,
        vocabulary: Vocabulary,
        budgets: tuple[int, int],
        prompt: list[int],
        images: Array,
        proprio: Array,
        forced: Texts | None = None,
        draft: Texts | None = None,
    ) -> Generated: ...


class FusedRunner:
    """`generator.onnx` and `decoder.onnx` of a bundle folder, one run of each for one inference."""

    def __init__(self, folder: Path) -> None:
        self.generator: onnxruntime.InferenceSession = open_graph(folder / "generator.onnx")
        self.decoder: onnxruntime.InferenceSession = open_graph(folder / "decoder.onnx")

    def generate(
        self,
        vocabulary: Vocabulary,
        budgets: tuple[int, int],
        prompt: list[int],
        images: Array,
        proprio: Array,
        forced: Texts | None = None,
        draft: Texts | None = None,
    ) -> Generated:
        """As `inference.generate`."""
        given = draft or ([], [])
        usable = (usable_part(vocabulary, text, budget) for text, budget in zip(given, budgets, strict=True))
        texts = tuple(usable) if forced is None else forced
        feeds = {
            "images": images[None],
            "proprio": proprio[None].astype(np.float32),
            "prompt_ids": np.array([[vocabulary.bos, *prompt]], np.int64),
            "coarse_text": np.array([texts[0]], np.int64),
            "fine_text": np.array([texts[1]], np.int64),
            "coarse_budget": np.array([budgets[0]], np.int64),
            "fine_budget": np.array([budgets[1]], np.int64),
            "forced": np.array([forced is not None]),
        }
        names = [output.name for output in self.generator.get_outputs()]
        made = {name: value[0] for name, value in zip(names, self.generator.run(names, feeds), strict=True)}
        codes = np.concatenate([made["coarse_codes"], made["fine_codes"]])
        ends = (vocabulary.delimiters[1], vocabulary.delimiters[5])
        return Generated(
            made["coarse_out"].tolist(),
            made["fine_out"].tolist(),
            made["coarse_codes"].tolist(),
            made["fine_codes"].tolist(),
            self.decoder.run(["chunk"], {"codes": codes[None]})[0][0],
            made["code_prob"].tolist(),
            (int(made["coarse_next"][0]), int(made["fine_next"][0])) == ends,
        )


def open_engine(folder: Path, profile: str) -> Engine:
    """The generator of a bundle folder of profile `split` or `fused`."""
    return FusedRunner(folder).generate if profile == "fused" else partial(generate, OnnxRunner(folder))
