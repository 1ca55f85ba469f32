"""Reads a data set back with the package `lerobot` and prints what it found, for lerobot.test.ts."""

import json
import sys

from lerobot.datasets import utils
from lerobot.datasets.lerobot_dataset import LeRobotDataset


def take_language_columns() -> None:
    """lerobot 0.4 does not know the language columns of 0.6: this tells it their schema (lerobot/datasets/language.py)."""
    import datasets
    from lerobot.datasets import lerobot_dataset

    row = {name: datasets.Value("string") for name in ("role", "content", "style", "camera")}
    row |= {"timestamp": datasets.Value("float32"), "tool_calls": datasets.List(datasets.Value("string"))}
    known, to_torch = utils.get_hf_features_from_features, utils.hf_transform_to_torch

    def with_language(features: dict) -> datasets.Features:
        others = {key: feature for key, feature in features.items() if feature["dtype"] != "language"}
        language = {key: datasets.List(row) for key in features if key not in others}
        return datasets.Features({**known(others), **language})

    def without_language(items: dict) -> dict:
        language = {key: items[key] for key in list(items) if key.startswith("language_")}
        return {**to_torch({key: items[key] for key in items if key not in language}), **language}

    lerobot_dataset.get_hf_features_from_features = with_language
    lerobot_dataset.hf_transform_to_torch = without_language


def read(root: str) -> dict:
    if "language" in {f["dtype"] for f in json.load(open(f"{root}/meta/info.json"))["features"].values()}:
        take_language_columns()
    data = LeRobotDataset("kinevla/test", root=root)
    ahead = LeRobotDataset("kinevla/test", root=root, delta_timestamps={"action": [k / data.fps for k in range(5)]})
    frames = []
    for index in range(len(data)):
        item = data[index]
        cameras = {key: item[key] for key in data.meta.video_keys}
        frames.append(
            {
                "episode": int(item["episode_index"]),
                "frame": int(item["frame_index"]),
                "timestamp": float(item["timestamp"]),
                "state": item["observation.state"].tolist(),
                "action": item["action"].tolist(),
                "intervention": bool(item["intervention"]),
                "task": item["task"],
                "shapes": {key: list(picture.shape) for key, picture in cameras.items()},
                "levels": {key: 255 * picture.mean().item() for key, picture in cameras.items()},
                "language": [{k: v for k, v in row.items()} for row in item.get("language_persistent", [])],
                "texts": [item.get("language.coarse"), item.get("language.fine")],
            }
        )
    return {
        "episodes": data.num_episodes,
        "frames": frames,
        "fps": data.fps,
        "tasks": list(data.meta.tasks.index),
        "chunk": list(ahead[0]["action"].shape),
        "stats": {key: {k: v.tolist() for k, v in s.items()} for key, s in data.meta.stats.items()},
        "decoder": data.video_backend,
    }


json.dump([read(root) for root in sys.argv[1:]], sys.stdout)
