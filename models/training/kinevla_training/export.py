"""From trained modules to a bundle folder of either profile: ONNX graphs, tokenizer, manifest, golden vectors."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import logging
import shutil
import warnings
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import torch
from tokenizers import Tokenizer

from .bundle_file import file_entry
from .config import Config
from .dataset import DIMENSIONS, JOINTS, Dataset, Task
from .fuse_bundle import fuse_graphs
from .fused import Engine, open_engine
from .inference import NO_TEXTS, DecoderGraph, Generated, LanguageGraph, TorchRunner, VisionGraph, generate
from .language import LanguageModel, Projector
from .representation import Representation
from .normalisation import Statistics
from .text import Vocabulary, prompt_ids, save_tokenizer
from .vision import Trunk

PROFILES = ("split", "fused")
LARGEST_IR = 10
LARGEST_BUNDLE = 25_000_000
# Largest difference of a normalised chunk between PyTorch and ONNX Runtime, float32 rounding over a small MLP.
CHUNK_DIFFERENCE = 1e-4


class ExportError(Exception):
    """The exported files do not do what the model does, or break the contract."""


def graphs(
    trunk: Trunk, projector: Projector, language: LanguageModel, representation: Representation
) -> tuple[VisionGraph, LanguageGraph, DecoderGraph]:
    """The modules behind the three files, ready to run."""
    return VisionGraph(trunk, projector).eval(), LanguageGraph(language).eval(), DecoderGraph(representation).eval()


def write_graphs(
    folder: Path, parts: tuple[VisionGraph, LanguageGraph, DecoderGraph], size: int, opset: int
) -> None:
    """Writes `vision.onnx`, `lm.onnx` and `decoder.onnx`."""
    vision, language, decoder = parts
    config = language.language.config
    visual = vision.projector.tokens
    past = torch.zeros(config.layers, 1, config.heads, 7, config.width // config.heads)
    axis = torch.export.Dim
    ids, seen, before = axis("T", min=1, max=4096), axis("N", min=0, max=64), axis("P", min=0, max=4096)
    proprio = vision.trunk.proprio
    write_graph(
        folder / "vision.onnx",
        vision,
        (torch.zeros(1, 2, size, size, 3, dtype=torch.uint8), torch.zeros(1, proprio)),
        ["images", "proprio"],
        ["vis"],
        None,
        opset,
    )
    write_graph(
        folder / "lm.onnx",
        language,
        (torch.zeros(1, 5, dtype=torch.int64), torch.zeros(1, visual, config.width), past, past.clone()),
        ["ids", "vis", "past_k", "past_v"],
        ["logits", "k", "v"],
        ({1: ids}, {1: seen}, {3: before}, {3: before}),
        opset,
    )
    depth = len(decoder.first)
    write_graph(
        folder / "decoder.onnx",
        decoder,
        (torch.zeros(1, depth, dtype=torch.int64),),
        ["codes"],
        ["chunk"],
        None,
        opset,
    )


def write_graph(
    path: Path,
    module: torch.nn.Module,
    inputs: tuple[torch.Tensor, ...],
    names: list[str],
    outputs: list[str],
    shapes: tuple | None,
    opset: int,
) -> None:
    """Exports one module and checks the file."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            inputs,
            str(path),
            input_names=names,
            output_names=outputs,
            dynamic_shapes=shapes,
            opset_version=opset,
            dynamo=True,
            external_data=False,
            verbose=False,
        )
    model = onnx.load(str(path))
    model.ir_version = min(model.ir_version, LARGEST_IR)
    # Names of source files and lines are no business of a bundle.
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in [*model.graph.value_info, *model.graph.input, *model.graph.output, *model.graph.initializer]:
        del value.metadata_props[:]
    del model.graph.value_info[:]
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def observation_rows(data: Dataset, count: int, seed: int) -> list[int]:
    """Frames spread over tasks and over the length of episodes, the same for the same seed."""
    shuffle = torch.Generator().manual_seed(seed)
    rows: list[int] = []
    tasks = sorted(set(data.task.tolist()))
    for number in range(count):
        episodes = data.episode[data.task == tasks[number % len(tasks)]].unique()
        episode = int(episodes[int(torch.randint(len(episodes), (), generator=shuffle))])
        frames = torch.nonzero(data.episode == episode).flatten()
        rows.append(int(frames[len(frames) * (2 * number + 1) // (2 * count)]))
    return rows


def check_agreement(
    first: Engine,
    second: Engine,
    data: Dataset,
    statistics: Statistics,
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    config: Config,
    rows: list[int],
) -> None:
    """Raises ExportError unless both runners give the same texts and codes and nearly the same chunk on every row."""
    for row in rows:
        instruction = data.tasks[int(data.task[row])].instruction
        one, two = (
            infer(engine, data, row, statistics, tokenizer, vocabulary, config, instruction)
            for engine in (first, second)
        )
        same = (one.coarse, one.fine, one.coarse_codes, one.fine_codes) == (
            two.coarse,
            two.fine,
            two.coarse_codes,
            two.fine_codes,
        )
        difference = float(np.abs(one.chunk - two.chunk).max())
        if not same or difference > CHUNK_DIFFERENCE:
            raise ExportError(f"PyTorch and ONNX Runtime differ on frame {row}: same {same}, chunk {difference:.2e}")


def infer(
    engine: Engine,
    data: Dataset,
    row: int,
    statistics: Statistics,
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    config: Config,
    instruction: str,
) -> Generated:
    """One inference on a frame of a data set."""
    raw = data.proprio(config.bundle.features)[row]
    return engine(
        vocabulary,
        (config.bundle.coarse_budget, config.bundle.fine_budget),
        prompt_ids(tokenizer, config.bundle, instruction),
        data.images[row].numpy(),
        statistics.proprio(raw).numpy(),
        forced=None if config.generator.reasoning else NO_TEXTS,
    )


def golden_vectors(
    engine: Engine,
    data: Dataset,
    statistics: Statistics,
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    config: Config,
    rows: list[int],
) -> dict:
    """Inputs and what the exported files make of them."""
    vectors = []
    for row in rows:
        task = data.tasks[int(data.task[row])]
        made = infer(engine, data, row, statistics, tokenizer, vocabulary, config, task.instruction)
        chunk = statistics.denormalise(torch.from_numpy(made.chunk)[None])[0]
        vectors.append(
            {
                "instruction": task.instruction,
                "images": base64.b64encode(data.images[row].numpy().tobytes()).decode(),
                "proprio": data.proprio(config.bundle.features)[row].tolist(),
                "coarse": tokenizer.decode(made.coarse),
                "fine": tokenizer.decode(made.fine),
                "coarseCodes": made.coarse_codes,
                "fineCodes": made.fine_codes,
                "chunk": chunk.tolist(),
            }
        )
    return {"vectors": vectors}


def bundle_id(config: Config, profile: str) -> str:
    """Name of a bundle and of its folder."""
    return config.bundle.id if profile == "split" else f"{config.bundle.id}-{profile}"


def manifest(
    config: Config,
    tasks: tuple[Task, ...],
    statistics: Statistics,
    vocabulary: Vocabulary,
    data: Dataset,
    files: list[dict],
    provenance: dict,
    profile: str,
) -> dict:
    """`bundle.json` as models/bundle/manifest.ts defines it."""
    own = config.bundle
    return {
        "schema": "kinevla.bundle.v1",
        "id": bundle_id(config, profile),
        "profile": profile,
        "precision": "fp32",
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "files": files,
        "tokenizer": {"kind": "huggingface-json", "path": "tokenizer.json"},
        "vocabulary": vocabulary.entry(),
        "prompt": own.prompt,
        "budget": {"coarse": own.coarse_budget, "fine": own.fine_budget},
        "images": {
            "order": ["front", "wrist"],
            "size": data.size,
            "crop": 1,
            "rotate180": {"front": False, "wrist": False},
            "resize": "area",
        },
        "chunk": {
            "horizon": data.horizon,
            "dimensions": DIMENSIONS,
            "period": data.period,
            "target": "delta-from-commanded",
            "execute": own.execute,
        },
        "normalisation": {
            "q01": statistics.q01.tolist(),
            "q99": statistics.q99.tolist(),
            "mask": [True] * JOINTS + [False],
            "clip": own.clip,
        },
        "proprio": {
            "features": list(own.features),
            "mean": statistics.mean.tolist(),
            "std": statistics.std.tolist(),
        },
        "joints": {"names": [f"joint_{i}" for i in range(1, JOINTS + 1)], "unit": "rad"},
        "gripper": {"open": 1, "closed": 0, "threshold": own.gripper_threshold, "hysteresis": own.gripper_hysteresis},
        "instructions": [wording for task in tasks for wording in task.wordings],
        "completion": {"stillChunks": own.still_chunks, "stillness": own.stillness},
        "golden": {"path": "golden.json", "chunkTolerance": own.chunk_tolerance},
        "runtime": {"minimumOrt": own.minimum_ort, "opset": own.opset},
        "provenance": provenance,
    }


def export_bundle(
    target: Path,
    config: Config,
    data: Dataset,
    statistics: Statistics,
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    parts: tuple[VisionGraph, LanguageGraph, DecoderGraph],
    tasks: tuple[Task, ...],
    provenance: dict,
    profile: str,
) -> None:
    """Writes a whole bundle beside `target` and then puts it there; `data` are held-out frames for the checks."""
    building = target.with_name(target.name + ".building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    write_graphs(building, parts, data.size, config.bundle.opset)
    save_tokenizer(tokenizer, building / "tokenizer.json")
    if profile == "fused":
        fuse_graphs(building, vocabulary.entry())
    engine = open_engine(building, profile)
    rows = observation_rows(data, 24, config.seed)
    trained = partial(generate, TorchRunner(*parts))
    check_agreement(trained, engine, data, statistics, tokenizer, vocabulary, config, rows)
    golden = golden_vectors(
        engine, data, statistics, tokenizer, vocabulary, config, observation_rows(data, config.bundle.golden, 1)
    )
    (building / "golden.json").write_text(json.dumps(golden))
    files = [file_entry(path) for path in sorted(building.iterdir())]
    total = sum(entry["bytes"] for entry in files)
    if total > LARGEST_BUNDLE:
        raise ExportError(f"bundle has {total} bytes, allowed are {LARGEST_BUNDLE}")
    content = manifest(config, tasks, statistics, vocabulary, data, files, provenance, profile)
    (building / "bundle.json").write_text(json.dumps(content, indent=1) + "\n")
    if target.exists():
        shutil.rmtree(target)
    building.rename(target)
