"""From a checkpoint folder to a bundle folder."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import onnx
from tokenizers import Tokenizer

from ..bundle_file import file_entry
from .checkpoint import Checkpoint
from .description import DIMENSIONS, Description, read_description, read_statistics
from .errors import CheckpointError
from .golden import Bundle, golden_vectors, read_observations
from .graphs import say, write_graphs
from .manifest import make_manifest
from .vocabulary import lay_out
from .weights import PRECISIONS


@dataclass(frozen=True)
class Sources:
    """Everything that goes into a bundle."""

    checkpoint: Path
    # PEFT adapter to merge; None where the checkpoint is merged already.
    adapter: Path | None
    # The bi-level decoder as ONNX: `codes` int64 [1, Mc + Mf] to `chunk` float32 [1, H, 8], normalised.
    decoder: Path
    description: Path
    # None: dataset_statistics.json of the checkpoint.
    statistics: Path | None
    # Inputs of the golden vectors.
    observations: Path


def export_openvla(sources: Sources, target: Path, precision: str, threads: int = 1) -> None:
    """Writes a bundle beside `target` and then puts it there; raises CheckpointError before the long part if it can."""
    description = read_description(sources.description)
    statistics = read_statistics(sources.statistics or sources.checkpoint / "dataset_statistics.json", description)
    check_decoder(sources.decoder, description)
    checkpoint = Checkpoint(sources.checkpoint, sources.adapter)
    observations = read_observations(sources.observations, checkpoint.image_size, description)
    words = sources.checkpoint / "tokenizer.json"
    if not words.exists():
        raise CheckpointError(f"{sources.checkpoint} has no tokenizer.json; save the fast tokenizer there")
    tokenizer = Tokenizer.from_file(str(words))
    layout = lay_out(tokenizer, checkpoint.language, description)

    building = target.with_name(target.name + ".building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    write_graphs(checkpoint, building, PRECISIONS[precision], len(description.proprio_mean))
    shutil.copyfile(sources.decoder, building / "decoder.onnx")
    shutil.copyfile(words, building / "tokenizer.json")
    say("running the golden vectors")
    golden = golden_vectors(Bundle(building, threads), layout, tokenizer, description, statistics, observations)
    (building / "golden.json").write_text(json.dumps(golden))
    files = [file_entry(path) for path in sorted(building.iterdir())]
    provenance = {
        "checkpoint": sources.checkpoint.name,
        "adapter": sources.adapter.name if sources.adapter else None,
        "timm": list(checkpoint.config["timm_model_ids"]),
        "language": asdict(checkpoint.language),
        "description": asdict(description),
    }
    content = make_manifest(description, checkpoint, layout, statistics, precision, files, provenance)
    (building / "bundle.json").write_text(json.dumps(content, indent=1) + "\n")
    if target.exists():
        shutil.rmtree(target)
    building.rename(target)
    say(f"{target}: {sum(entry['bytes'] for entry in files) / 1e9:.3g} GB")


def check_decoder(path: Path, description: Description) -> None:
    """Raises CheckpointError unless the file is a decoder of this description."""
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except (OSError, ValueError, onnx.checker.ValidationError) as cause:
        raise CheckpointError(f"{path} is no ONNX file ({cause})") from cause
    depth = description.coarse_depth + description.fine_depth
    expected = {
        "codes": (onnx.TensorProto.INT64, [1, depth]),
        "chunk": (onnx.TensorProto.FLOAT, [1, description.horizon, DIMENSIONS]),
    }
    values = [*model.graph.input, *model.graph.output]
    if {value.name for value in values} != expected.keys():
        raise CheckpointError(f"{path.name} must have the input codes and the output chunk alone")
    for value in values:
        kind, shape = expected[value.name]
        found = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        if value.type.tensor_type.elem_type != kind or found != shape:
            raise CheckpointError(f"{path.name}: {value.name} is {found}, the description asks for {shape}")
