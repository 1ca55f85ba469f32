"""A tiny data set in the virtual lab's format, and a configuration that trains on it in seconds."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from kinevla_training.__main__ import main  # noqa: E402
from kinevla_training.config import Config, config_from_dict  # noqa: E402

COLUMNS = (
    ("commanded", 7),
    ("measured", 7),
    ("gripper-commanded", 1),
    ("gripper-measured", 1),
    ("since-grasp", 7),
    ("has-grasped", 1),
    ("gripper-recency", 1),
    ("label", 40),
    ("phase", 1),
)
PLACES = ("left front", "right front", "front")
SIZE = 32
STEPS = 30


def write_dataset(folder: Path, episodes: int, seed: int) -> Path:
    """A bright square shows where to go; each task adds its own turn of joint 1."""
    random = np.random.default_rng(seed)
    tasks = [
        {
            "instruction": f"pick up the bread and move it to the {place}",
            "paraphrases": [f"take the bread and put it at the {place}"],
            "coarse": "move the bread",
            "fine": f"Robot Action: Trajectory Shape - To the {place}; Ordinal Relations - Pick first, then move. "
            f"Object Targeting: Target Object - The bread; Spatial Relation - Move it to a location ({place}).",
        }
        for place in PLACES
    ]
    folder.mkdir(parents=True)
    header = {
        "schema": "kinevla.dataset.v1",
        "imageSize": SIZE,
        "period": 0.1,
        "horizon": 5,
        "columns": [{"name": name, "width": width} for name, width in COLUMNS],
        "tasks": tasks,
        "seed": seed,
        "episodes": episodes,
    }
    (folder / "dataset.json").write_text(json.dumps(header))
    for number in range(episodes):
        place = folder / "episodes" / f"{number:06d}"
        place.mkdir(parents=True)
        task = number % len(tasks)
        goal = random.uniform(0.2, 0.8, 2)
        end = np.array([goal[0], goal[1], 0.3 * (task - 1), 0.5 * goal[0], 0.1, -goal[1], 0.2])
        ramp = 0.5 - 0.5 * np.cos(np.linspace(0, math.pi, STEPS + 6))
        path = ramp[:, None] * end[None]
        gripper = (np.arange(STEPS + 6) < STEPS // 2).astype(float)
        rows, images = [], random.integers(40, 60, (2, STEPS, SIZE, SIZE, 3)).astype(np.uint8)
        for t in range(STEPS):
            ahead = slice(t + 1, t + 6)
            label = np.concatenate([path[ahead] - path[t], gripper[ahead, None]], axis=1)
            closed = t >= STEPS // 2
            since = path[t] - path[STEPS // 2] if closed else np.zeros(7)
            values = [path[t], path[t], gripper[t], gripper[t], since, float(closed), 0.0, label.ravel(), float(closed)]
            rows.append(np.concatenate([np.atleast_1d(v) for v in values]))
            for camera in range(2):
                x, y = (goal * (SIZE - 8)).astype(int)
                images[camera, t, y : y + 8, x : x + 8] = (250, 200, 80)
        np.array(rows, "<f4").tofile(place / "steps.f32")
        images[0].tofile(place / "front.rgb")
        images[1].tofile(place / "wrist.rgb")
        episode = {
            "task": task,
            "instruction": tasks[task]["instruction"],
            "seed": number,
            "goal": True,
            "kinematic": True,
            "disturbed": False,
            "steps": STEPS,
        }
        (place / "episode.json").write_text(json.dumps(episode))
    return folder


NANO = {
    "threads": 1,
    "vision": {"channels": 8, "convolutions": 2, "hidden": 48},
    "language": {"width": 32, "layers": 2, "heads": 2, "feed_forward": 48},
    "representation": {
        "latent": 16,
        "hidden": 32,
        "codebook": 16,
        "coarse_depth": 2,
        "fine_depth": 2,
        "steps": 60,
        "batch": 128,
    },
    "trunk": {"samples": 60 * 16, "batch": 16},
    "generator": {"samples": 60 * 16, "batch": 16, "cached_views": 1, "mixed_text_share": 0.5},
    "bundle": {"id": "nano", "text_vocabulary": 400, "fine_budget": 64},
}


@pytest.fixture(scope="session")
def nano() -> Config:
    torch.set_num_threads(1)
    return config_from_dict(NANO)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    write_dataset(folder / "set", 6, 1)
    write_dataset(folder / "set-val", 3, 2)
    return folder / "set"


@pytest.fixture(scope="session")
def out(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole run with both profiles; export itself refuses when PyTorch and ONNX Runtime differ on held-out frames."""
    folder = tmp_path_factory.mktemp("out")
    (folder / "nano.json").write_text(json.dumps(NANO))
    arguments = ["--data", str(data_folder), "--out", str(folder), "--config", str(folder / "nano.json")]
    assert main(["run", *arguments, "--profile", "both"]) == 0
    return folder
