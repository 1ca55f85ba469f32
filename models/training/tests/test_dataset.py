import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from kinevla_training.dataset import Dataset, DatasetError, canonical_chunks, load_dataset, refuse_leak, start_leak


def test_reads_what_was_written(data_folder: Path) -> None:
    data = load_dataset(data_folder)
    assert len(data) == 180
    assert data.images.shape == (180, 2, 32, 32, 3)
    assert data.labels.shape == (180, 5, 8)
    # Undisturbed: the label's first step is the next row's commanded position.
    commanded = data.columns["commanded"]
    assert torch.allclose(commanded[3] + data.labels[3, 0, :7], commanded[4], atol=1e-6)
    assert data.task[:31].tolist() == [0] * 30 + [1]
    assert data.proprio(("gripper-commanded", "since-grasp")).shape == (180, 8)


def test_canonical_motion_is_smoother_and_ends_at_the_same_place(data_folder: Path) -> None:
    data = load_dataset(data_folder)
    chunks = canonical_chunks(data, 0.106)
    assert chunks.shape[1:] == (5, 8)
    assert chunks[:, :, :7].abs().max() <= data.labels[..., :7].abs().max() + 1e-6


def test_names_what_is_wrong(data_folder: Path, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"no dataset\.json"):
        load_dataset(tmp_path)
    with pytest.raises(DatasetError, match="no column torque"):
        load_dataset(data_folder).proprio(("torque",))


def test_tasks_keep_the_labs_numbers(data_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "set"
    shutil.copytree(data_folder, copy)
    header = json.loads((copy / "dataset.json").read_text())
    header["tasks"] = [{**task, "number": 3 + place} for place, task in enumerate(header["tasks"])]
    (copy / "dataset.json").write_text(json.dumps(header))
    with pytest.raises(DatasetError, match="episodes of task 0"):
        load_dataset(copy)
    for path in (copy / "episodes").glob("*/episode.json"):
        episode = json.loads(path.read_text())
        path.write_text(json.dumps({**episode, "task": 3 + episode["task"]}))
    data = load_dataset(copy)
    assert [task.number for task in data.tasks] == [3, 4, 5]
    assert data.task[:31].tolist() == [0] * 30 + [1]


def test_two_sets_are_used_as_one(data_folder: Path, tmp_path: Path) -> None:
    first, second = load_dataset(data_folder), load_dataset(data_folder.with_name("set-val"))
    both = load_dataset(data_folder, data_folder.with_name("set-val"))
    assert len(both) == len(first) + len(second)
    assert both.episode.max() + 1 == len(both.disturbed) == 9
    assert torch.equal(both.images[len(first) :], second.images) and torch.equal(both.labels[: len(first)], first.labels)
    assert torch.equal(both.task[len(first) :], second.task)

    # A set of some of the tasks, by their numbers.
    part = tmp_path / "part"
    shutil.copytree(data_folder, part)
    header = json.loads((part / "dataset.json").read_text())
    header["tasks"] = [{**header["tasks"][2], "number": 2}]
    (part / "dataset.json").write_text(json.dumps(header))
    for path in (part / "episodes").glob("*/episode.json"):
        path.write_text(json.dumps({**json.loads(path.read_text()), "task": 2}))
    assert load_dataset(data_folder, part).task[len(first) :].unique().tolist() == [2]
    assert [task.number for task in load_dataset(part, data_folder).tasks] == [0, 1, 2]

    # One column more: left out where not all have it.
    wide = tmp_path / "wide"
    shutil.copytree(data_folder, wide)
    told = json.loads((wide / "dataset.json").read_text())
    (wide / "dataset.json").write_text(json.dumps({**told, "columns": [*told["columns"], {"name": "time", "width": 1}]}))
    for path in (wide / "episodes").glob("*/steps.f32"):
        rows = np.fromfile(path, "<f4").reshape(-1, sum(column["width"] for column in told["columns"]))
        np.concatenate([rows, np.ones((len(rows), 1), "<f4")], axis=1).tofile(path)
    together = load_dataset(wide, data_folder)
    assert "time" in load_dataset(wide).columns and "time" not in together.columns
    assert torch.equal(together.labels[: len(first)], first.labels) and torch.equal(together.labels[len(first) :], first.labels)
    other = [{**column, "width": 8} if column["name"] == "measured" else column for column in told["columns"]]
    (wide / "dataset.json").write_text(json.dumps({**told, "columns": [*other]}))
    with pytest.raises(DatasetError, match="column measured is"):
        load_dataset(data_folder, wide)

    for key, value, words in (("imageSize", 64, "imageSize"), ("tasks", [{**header["tasks"][0], "fine": "x"}], "task 2")):
        (part / "dataset.json").write_text(json.dumps({**header, key: value}))
        with pytest.raises(DatasetError, match=words):
            load_dataset(data_folder, part)


def test_refuses_a_short_image_file(data_folder: Path, tmp_path: Path) -> None:
    copy = tmp_path / "set"
    shutil.copytree(data_folder, copy)
    victim = copy / "episodes" / "000000" / "wrist.rgb"
    victim.write_bytes(victim.read_bytes()[:-1])
    with pytest.raises(DatasetError, match=r"wrist\.rgb"):
        load_dataset(copy)


def two_frame_episodes(start: torch.Tensor, grasp: torch.Tensor) -> Dataset:
    count = len(start)
    return Dataset(
        tasks=(),
        period=0.1,
        horizon=5,
        size=32,
        images=torch.zeros(0),
        columns={
            "commanded": torch.stack([start, grasp], dim=1).reshape(-1, 7),
            "has-grasped": torch.tensor([0.0, 1.0]).repeat(count).unsqueeze(1),
        },
        labels=torch.zeros(2 * count, 5, 8),
        task=torch.zeros(2 * count, dtype=torch.int64),
        episode=torch.arange(count).repeat_interleave(2),
        disturbed=torch.zeros(count, dtype=torch.bool),
        digest="",
    )


def test_a_start_pose_that_foretells_the_grasp_is_refused() -> None:
    picker = torch.Generator().manual_seed(0)
    start, other = torch.randn(200, 7, generator=picker), torch.randn(200, 7, generator=picker)
    refuse_leak(two_frame_episodes(start, other))
    with pytest.raises(DatasetError, match="foretells the grasp"):
        refuse_leak(two_frame_episodes(start, 2 * start + 0.1 * other))
    assert start_leak(two_frame_episodes(start[:10], start[:10])) is None
