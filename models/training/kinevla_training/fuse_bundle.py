"""A bundle of profile `fused` from the files of one of profile `split`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import onnx

from .bundle_file import file_entry
from .fuse import fuse


def fuse_graphs(folder: Path, vocabulary: dict) -> None:
    """Puts `generator.onnx` in the place of `vision.onnx` and `lm.onnx`."""
    parts = [folder / name for name in ("vision.onnx", "lm.onnx")]
    model = fuse(*(onnx.load(str(path), load_external_data=False) for path in parts), vocabulary)
    onnx.save(model, str(folder / "generator.onnx"))
    onnx.checker.check_model(str(folder / "generator.onnx"))
    for path in parts:
        path.unlink()


def fuse_bundle(source: Path, target: Path) -> None:
    """A bundle of profile `fused` from one of profile `split`, whoever exported it; raises ValueError."""
    if not (source / "bundle.json").is_file():
        raise ValueError(f"{source} has no bundle.json")
    content = json.loads((source / "bundle.json").read_text())
    if content["profile"] != "split":
        raise ValueError(f"{source} has profile {content['profile']}, not split")
    building = target.with_name(target.name + ".building")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    for entry in content["files"]:
        shutil.copyfile(source / entry["path"], building / entry["path"])
    fuse_graphs(building, content["vocabulary"])
    files = [file_entry(path) for path in sorted(building.iterdir())]
    content |= {"id": target.name, "profile": "fused", "files": files}
    (building / "bundle.json").write_text(json.dumps(content, indent=1) + "\n")
    if target.exists():
        shutil.rmtree(target)
    building.rename(target)
