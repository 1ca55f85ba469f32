"""Writes the small bundle that the daemon's tests load: `PYTHONPATH=models/training python ... FOLDER`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import torch
from openvla_reference import make_reference, write_sources

from kinevla_training.openvla.export import Sources, export_openvla


def main(target: Path) -> None:
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        reference = make_reference(folder / "checkpoint")
        paths = write_sources(folder / "sources")
        sources = Sources(checkpoint=reference.folder, adapter=None, statistics=None, **paths)
        export_openvla(sources, target, "int4")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
