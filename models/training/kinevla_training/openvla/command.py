"""Command line: `python -m kinevla_training export-openvla`."""

from __future__ import annotations

import argparse
from pathlib import Path

from .export import Sources, export_openvla
from .weights import PRECISIONS


def add_command(commands: argparse._SubParsersAction) -> None:
    """Adds `export-openvla` to the commands."""
    command = commands.add_parser("export-openvla", help="bundle of a checkpoint with OpenVLA's layout")
    command.add_argument("--checkpoint", type=Path, required=True, help="config.json, safetensors, tokenizer.json")
    command.add_argument("--adapter", type=Path, help="LoRA adapter (PEFT) that is merged into it")
    command.add_argument("--decoder", type=Path, required=True, help="ONNX file: codes to normalised chunk")
    command.add_argument("--description", type=Path, required=True, help="JSON (openvla/README.md)")
    command.add_argument("--statistics", type=Path, help="default: dataset_statistics.json of the checkpoint")
    command.add_argument("--observations", type=Path, required=True, help=".npz: inputs of the golden vectors")
    command.add_argument("--precision", choices=sorted(PRECISIONS), default="fp16")
    command.add_argument("--threads", type=int, default=1, help="CPU threads for the golden vectors")
    command.add_argument("--out", type=Path, required=True, help="folder of the bundle")


def run_command(given: argparse.Namespace) -> None:
    """Carries the command out; raises CheckpointError."""
    sources = Sources(
        checkpoint=given.checkpoint,
        adapter=given.adapter,
        decoder=given.decoder,
        description=given.description,
        statistics=given.statistics,
        observations=given.observations,
    )
    export_openvla(sources, given.out, given.precision, given.threads)
