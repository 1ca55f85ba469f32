"""Both large graphs of a checkpoint."""

from __future__ import annotations

import time
from pathlib import Path

from .checkpoint import Checkpoint
from .graph import Graph
from .language import build_language
from .vision import build_vision
from .weights import Precision, WeightFile


def write_graphs(checkpoint: Checkpoint, folder: Path, precision: Precision, proprio: int) -> None:
    """Writes `vision.onnx` and `lm.onnx` with their weights; memory does not grow with the checkpoint."""
    for name, build in (("vision", lambda graph: build_vision(graph, proprio)), ("lm", build_language)):
        started = time.monotonic()
        weights = WeightFile(folder / f"{name}.onnx.data")
        try:
            graph = Graph(checkpoint, weights, precision)
            build(graph)
        finally:
            weights.close()
        graph.save(folder / f"{name}.onnx", name)
        say(f"{name}.onnx: {weights.path.stat().st_size / 1e9:.3g} GB in {time.monotonic() - started:.0f} s")
    checkpoint.check_all_used()


def say(line: str) -> None:
    """Progress for whoever waits."""
    print(line, flush=True)
