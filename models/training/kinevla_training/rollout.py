"""Closed loop without the daemon: a bundle's files against the stepped virtual lab."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from .dataset import JOINTS
from .fused import Engine, open_engine
from .inference import NO_TEXTS, Texts
from .text import DELIMITERS, Vocabulary

# Columns of the lab's rows before the label: name and width.
ROW = (
    ("commanded", 7),
    ("measured", 7),
    ("gripper-commanded", 1),
    ("gripper-measured", 1),
    ("since-grasp", 7),
    ("has-grasped", 1),
    ("gripper-recency", 1),
)


class Bundle:
    """A model as the daemon sees it: everything comes from the manifest."""

    def __init__(self, manifest: dict, engine: Engine, tokenizer: Tokenizer) -> None:
        self.manifest, self.engine, self.tokenizer = manifest, engine, tokenizer
        v = self.manifest["vocabulary"]
        self.vocabulary = Vocabulary(
            size=v["size"],
            bos=v["bos"],
            eos=v["eos"],
            pad=v["pad"],
            delimiters=tuple(self.tokenizer.token_to_id(token) for token in DELIMITERS),
            codebook=v["codebookSize"],
            coarse_depth=v["depth"]["coarse"],
            fine_depth=v["depth"]["fine"],
            sequence=v.get("sequence", "by-level"),
        )
        n, p = self.manifest["normalisation"], self.manifest["proprio"]
        self.q01, self.q99 = np.array(n["q01"]), np.array(n["q99"])
        self.mean, self.std = np.array(p["mean"]), np.array(p["std"])
        generator = self.manifest["provenance"].get("configuration", {}).get("generator", {})
        self.reasoning = generator.get("reasoning", True)

    def proprio(self, row: dict[str, np.ndarray]) -> np.ndarray:
        """Normalised proprioception of a lab row."""
        raw = np.concatenate([row[name] for name in self.manifest["proprio"]["features"]])
        return ((raw - self.mean) / self.std).astype(np.float32)

    def infer(
        self, instruction: str, images: np.ndarray, proprio: np.ndarray, draft: Texts | None
    ) -> tuple[np.ndarray, Texts]:
        """Chunk [H, 8] in rad and opening, and the texts that led to it; those of the chunk before are the draft."""
        prompt = self.manifest["prompt"].replace("{instruction}", instruction.lower())
        budget = self.manifest["budget"]
        made = self.engine(
            self.vocabulary,
            (budget["coarse"], budget["fine"]),
            self.tokenizer.encode(prompt, add_special_tokens=False).ids,
            images,
            proprio,
            forced=None if self.reasoning else NO_TEXTS,
            draft=draft if self.reasoning else None,
        )
        chunk = made.chunk.astype(float)
        chunk[:, :JOINTS] = (0.5 * (chunk + 1) * (self.q99 - self.q01) + self.q01)[:, :JOINTS]
        return chunk, (made.coarse, made.fine)


def open_bundle(folder: Path) -> Bundle:
    """A bundle folder, run by ONNX Runtime."""
    manifest = json.loads((folder / "bundle.json").read_text())
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    return Bundle(manifest, open_engine(folder, manifest["profile"]), tokenizer)


@dataclass
class Gripper:
    """Threshold with hysteresis, as the manifest says; 1 open, 0 closed."""

    threshold: float
    hysteresis: float
    command: float = 1.0

    def follow(self, wanted: float) -> float:
        if self.command > 0.5 and wanted < self.threshold - self.hysteresis:
            self.command = 0.0
        elif self.command < 0.5 and wanted > self.threshold + self.hysteresis:
            self.command = 1.0
        return self.command


@dataclass
class Tally:
    """Trials of one task."""

    trials: int = 0
    goal: int = 0
    kinematic: int = 0
    closes: list[int] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)


def wilson(hits: int, trials: int) -> tuple[float, float]:
    """95 % interval of a rate."""
    z, share = 1.96, hits / trials
    centre = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials)) / (1 + z * z / trials)
    return max(0.0, centre - half), min(1.0, centre + half)


def trial(lab: subprocess.Popen, bundle: Bundle, instruction: str, request: dict) -> dict:
    """One trial; returns the lab's verdict."""
    size = bundle.manifest["images"]["size"]
    completion = bundle.manifest["completion"]
    settings = bundle.manifest["gripper"]
    grip = Gripper(settings["threshold"], settings["hysteresis"])
    texts: Texts | None = None
    still = 0
    lab.stdin.write((json.dumps({**request, "size": size}) + "\n").encode())
    lab.stdin.flush()
    while True:
        message = json.loads(lab.stdout.readline())
        if "verdict" in message:
            return message["verdict"]
        pixels = np.frombuffer(lab.stdout.read(2 * size * size * 3), np.uint8).reshape(2, size, size, 3).copy()
        values, row = np.array(message["row"]), {}
        start = 0
        for name, width in ROW:
            row[name] = values[start : start + width]
            start += width
        chunk, texts = bundle.infer(instruction, pixels, bundle.proprio(row), texts)
        reopened = row["has-grasped"][0] > 0.5 and row["gripper-commanded"][0] > 0.5
        quiet = np.abs(chunk[:, :JOINTS]).max() < completion["stillness"] and chunk[:, JOINTS].min() > 0.5
        still = still + 1 if reopened and quiet else 0
        if still >= completion["stillChunks"]:
            answer: dict = {"done": True}
        else:
            used = request["execute"]
            grippers = [grip.follow(float(g)) if i < used else float(g > 0.5) for i, g in enumerate(chunk[:, JOINTS])]
            answer = {"deltas": chunk[:, :JOINTS].tolist(), "grippers": grippers}
        lab.stdin.write((json.dumps(answer) + "\n").encode())
        lab.stdin.flush()


@contextmanager
def open_lab(program: Path) -> Iterator[subprocess.Popen]:
    """The stepped lab as a process; it ends with the block."""
    lab = subprocess.Popen(["node", str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        yield lab
    finally:
        lab.stdin.close()
        lab.wait(timeout=30)


def trial_requests(
    bundle: Bundle, trials: int, seed: int, execute: int | None, delay: int, steps: int
) -> list[dict]:
    """Seeded trials of the canonical instruction of every task of the bundle, all tasks in turn."""
    instructions = bundle.manifest["provenance"]["tasks"]
    return [
        {
            "seed": seed + number * len(instructions) + task,
            "instruction": instruction,
            "execute": execute or bundle.manifest["chunk"]["execute"],
            "delay": delay,
            "steps": steps,
        }
        for number in range(trials)
        for task, instruction in enumerate(instructions)
    ]


def roll_out(
    bundle: Path, program: Path, trials: int, seed: int, execute: int | None, delay: int, steps: int
) -> dict[str, Tally]:
    """Runs `trial_requests` of a bundle; prints a line for each."""
    loaded = open_bundle(bundle)
    tallies: dict[str, Tally] = {}
    with open_lab(program) as lab:
        for request in trial_requests(loaded, trials, seed, execute, delay, steps):
            instruction = request["instruction"]
            verdict = trial(lab, loaded, instruction, request)
            tally = tallies.setdefault(instruction, Tally())
            tally.trials += 1
            tally.goal += verdict["goal"]
            tally.kinematic += verdict["kinematic"]
            tally.closes.append(verdict["closes"])
            tally.steps.append(verdict["steps"])
            print(
                f"seed {request['seed']} {instruction}: goal {verdict['goal']} kinematic {verdict['kinematic']} "
                f"({verdict['detail']}) "
                f"opening {verdict['opening']:.2f} closes {verdict['closes']} steps {verdict['steps']}",
                flush=True,
            )
    return tallies
