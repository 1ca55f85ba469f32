"""`bundle.json` of an exported checkpoint."""

from __future__ import annotations

from datetime import UTC, datetime

from .checkpoint import Checkpoint
from .description import DIMENSIONS, JOINTS, ActionStatistics, Description
from .graph import OPSET
from .vocabulary import Layout


def make_manifest(
    description: Description,
    checkpoint: Checkpoint,
    layout: Layout,
    statistics: ActionStatistics,
    precision: str,
    files: list[dict],
    provenance: dict,
) -> dict:
    """The manifest as models/bundle/manifest.ts defines it."""
    own, d = description, layout.delimiters
    return {
        "schema": "kinevla.bundle.v1",
        "id": own.id,
        "profile": "split",
        "precision": precision,
        "created": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "files": files,
        "tokenizer": {"kind": "huggingface-json", "path": "tokenizer.json"},
        "vocabulary": {
            "size": layout.size,
            "bos": layout.bos,
            "eos": layout.eos,
            "pad": layout.pad,
            "trailing": list(layout.trailing),
            "delimiters": {
                "coarse": [d[0], d[1]],
                "coarseAction": [d[2], d[3]],
                "fine": [d[4], d[5]],
                "fineAction": [d[6], d[7]],
            },
            "base": [list(layout.bases[: own.coarse_depth]), list(layout.bases[own.coarse_depth :])],
            "codebookSize": own.codebook,
            "depth": {"coarse": own.coarse_depth, "fine": own.fine_depth},
            "sequence": "by-level",
        },
        "prompt": own.prompt,
        "budget": {"coarse": own.coarse_budget, "fine": own.fine_budget},
        "images": {
            "order": ["front", "wrist"],
            "size": checkpoint.image_size,
            "crop": own.crop,
            "rotate180": {"front": own.rotate_front, "wrist": own.rotate_wrist},
            "resize": own.resize,
        },
        "chunk": {
            "horizon": own.horizon,
            "dimensions": DIMENSIONS,
            "period": own.period,
            "target": "delta-from-commanded",
            "execute": own.execute,
        },
        "normalisation": {"q01": statistics.q01, "q99": statistics.q99, "mask": statistics.mask, "clip": own.clip},
        "proprio": {
            "features": list(own.proprio_features),
            "mean": list(own.proprio_mean),
            "std": list(own.proprio_std),
        },
        "joints": {"names": [f"joint_{i}" for i in range(1, JOINTS + 1)], "unit": "rad"},
        "gripper": {"open": 1, "closed": 0, "threshold": own.gripper_threshold, "hysteresis": own.gripper_hysteresis},
        "instructions": list(own.instructions),
        "completion": {"stillChunks": own.still_chunks, "stillness": own.stillness},
        "golden": {"path": "golden.json", "chunkTolerance": own.chunk_tolerance},
        "runtime": {"minimumOrt": own.minimum_ort, "opset": OPSET},
        "provenance": provenance,
    }
