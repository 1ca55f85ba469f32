"""Reads data sets of the virtual lab (`kinevla.dataset.v1`) into memory."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

SCHEMA = "kinevla.dataset.v1"
JOINTS = 7
DIMENSIONS = 8


class DatasetError(Exception):
    """The data set cannot be used; the message says which file and why."""


@dataclass(frozen=True)
class Task:
    """One row of the paper's Table 7, with other wordings of its instruction."""

    # the lab's number for it
    number: int
    instruction: str
    paraphrases: tuple[str, ...]
    coarse: str
    fine: str

    @property
    def wordings(self) -> tuple[str, ...]:
        return (self.instruction, *self.paraphrases)


@dataclass(frozen=True)
class Dataset:
    """All frames of a data set, one row a frame, episodes one after the other."""

    tasks: tuple[Task, ...]
    period: float
    horizon: int
    size: int
    # uint8 [F, 2, S, S, 3], front then wrist
    images: torch.Tensor
    # name -> float32 [F, width]; columns of the data set but the label
    columns: dict[str, torch.Tensor]
    # float32 [F, H, 8]: 7 joint deltas (rad) from the commanded position, gripper 1 open 0 closed
    labels: torch.Tensor
    # int64 [F], place in `tasks`
    task: torch.Tensor
    # int64 [F], number of the episode
    episode: torch.Tensor
    # bool [episodes]
    disturbed: torch.Tensor
    # sha256 of the episodes' step files and of dataset.json
    digest: str

    def __len__(self) -> int:
        return len(self.labels)

    def proprio(self, features: tuple[str, ...]) -> torch.Tensor:
        """Raw proprioception [F, P] of the named features, in their order."""
        missing = [name for name in features if name not in self.columns]
        if missing:
            raise DatasetError(f"data set has no column {', '.join(missing)}")
        return torch.cat([self.columns[name] for name in features], dim=1)


@dataclass(frozen=True)
class _Folder:
    """One data set as it lies on the disk."""

    path: Path
    header: dict
    tasks: tuple[Task, ...]
    # what each episode.json says
    episodes: list[dict]
    files: list[Path]
    counts: list[int]


def _widths(header: dict) -> list[tuple[str, int]]:
    return [(column["name"], column["width"]) for column in header["columns"]]


def _open_folder(folder: Path, limit: int | None) -> _Folder:
    try:
        header = json.loads((folder / "dataset.json").read_text())
    except FileNotFoundError as missing:
        raise DatasetError(f"{folder} is not a data set: it has no dataset.json") from missing
    if header.get("schema") != SCHEMA:
        raise DatasetError(f"{folder}/dataset.json: schema {header.get('schema')!r}, expected {SCHEMA!r}")
    files = sorted(p for p in (folder / "episodes").iterdir() if p.is_dir())[:limit]
    if not files:
        raise DatasetError(f"{folder} has no episodes")
    # Sets made before tasks could be chosen hold all tasks of their time, in the lab's order.
    tasks = tuple(
        Task(t.get("number", place), t["instruction"], tuple(t["paraphrases"]), t["coarse"], t["fine"])
        for place, t in enumerate(header["tasks"])
    )
    episodes = [json.loads((path / "episode.json").read_text()) for path in files]
    strange = sorted({e["task"] for e in episodes} - {task.number for task in tasks})
    if strange:
        raise DatasetError(f"{folder}: episodes of task {strange[0]}, which dataset.json does not list")
    width = sum(w for _, w in _widths(header))
    counts = [(path / "steps.f32").stat().st_size // (4 * width) for path in files]
    return _Folder(folder, header, tasks, episodes, files, counts)


def _same_kind(first: _Folder, other: _Folder) -> None:
    for key in ("imageSize", "horizon", "period"):
        if other.header[key] != first.header[key]:
            raise DatasetError(f"{other.path} differs from {first.path} in {key}: they cannot be used together")


def _shared_columns(folders: list[_Folder]) -> list[str]:
    """Names of the columns that all folders have; raises DatasetError where one is of two widths."""
    widths = dict(_widths(folders[0].header))
    for other in folders[1:]:
        own = dict(_widths(other.header))
        for name in [name for name in widths if name in own and own[name] != widths[name]]:
            raise DatasetError(f"column {name} is {widths[name]} wide in {folders[0].path} and {own[name]} in {other.path}")
        widths = {name: width for name, width in widths.items() if name in own}
    if "label" not in widths:
        raise DatasetError(f"{folders[0].path} has no column label")
    return list(widths)


def _all_tasks(folders: list[_Folder]) -> tuple[Task, ...]:
    """The tasks of all folders by number; raises DatasetError where two call different things by one number."""
    tasks: dict[int, Task] = {}
    for folder in folders:
        for task in folder.tasks:
            if tasks.setdefault(task.number, task) != task:
                raise DatasetError(f"{folder.path} has other words for task {task.number} than {folders[0].path}")
    return tuple(tasks[number] for number in sorted(tasks))


def load_dataset(folder: Path, *more: Path, limit: int | None = None) -> Dataset:
    """Reads every episode (or the first `limit`) under each folder, as one data set; raises DatasetError.

    Columns that only some of the folders have are left out.
    """
    folders = [_open_folder(path, limit) for path in (folder, *more)]
    for other in folders[1:]:
        _same_kind(folders[0], other)
    header = folders[0].header
    size, horizon, shared = header["imageSize"], header["horizon"], _shared_columns(folders)
    counts = [count for one in folders for count in one.counts]
    total = sum(counts)
    # Filled in place: the pictures of a hundred thousand frames are 5 GB.
    images = np.empty((total, 2, size, size, 3), np.uint8)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in shared}
    digest = hashlib.sha256()
    at = 0
    for one in folders:
        digest.update((one.path / "dataset.json").read_bytes())
        widths = _widths(one.header)
        width = sum(w for _, w in widths)
        for path, count in zip(one.files, one.counts, strict=True):
            raw = (path / "steps.f32").read_bytes()
            digest.update(raw)
            steps = np.frombuffer(raw, "<f4")
            if steps.size != count * width or not np.isfinite(steps).all():
                raise DatasetError(f"{path}/steps.f32: not whole rows of {width} finite numbers")
            start = 0
            for name, columnwidth in widths:
                if name in parts:
                    parts[name].append(steps.reshape(count, width)[:, start : start + columnwidth])
                start += columnwidth
            for camera, name in enumerate(("front", "wrist")):
                pixels = np.fromfile(path / f"{name}.rgb", np.uint8)
                if pixels.size != count * size * size * 3:
                    raise DatasetError(f"{path}/{name}.rgb: {pixels.size} bytes, expected {count} frames of {size} px")
                images[at : at + count, camera] = pixels.reshape(count, size, size, 3)
            at += count
    columns = {name: torch.from_numpy(np.concatenate(values)) for name, values in parts.items()}
    labels = columns.pop("label").reshape(total, horizon, DIMENSIONS).contiguous()
    tasks = _all_tasks(folders)
    places = {task.number: place for place, task in enumerate(tasks)}
    episodes = [episode for one in folders for episode in one.episodes]
    repeats = torch.tensor(counts)
    return Dataset(
        tasks=tasks,
        period=header["period"],
        horizon=horizon,
        size=size,
        images=torch.from_numpy(images),
        columns=columns,
        labels=labels,
        task=torch.repeat_interleave(torch.tensor([places[e["task"]] for e in episodes]), repeats),
        episode=torch.repeat_interleave(torch.arange(len(episodes)), repeats),
        disturbed=torch.tensor([bool(e["disturbed"]) for e in episodes]),
        digest=digest.hexdigest(),
    )


def canonical_chunks(data: Dataset, smoothing: float) -> torch.Tensor:
    """Chunks [n, H, 8] along the low-passed commanded path of undisturbed episodes: stage I's coarse motion."""
    sigma = smoothing / data.period
    reach = max(1, round(3 * sigma))
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / sigma) ** 2)
    kernel = (kernel / kernel.sum()).reshape(1, 1, -1)
    chunks = []
    for episode in torch.nonzero(~data.disturbed).flatten().tolist():
        frames = torch.nonzero(data.episode == episode).flatten()
        path = data.columns["commanded"][frames]
        gripper = data.columns["gripper-commanded"][frames]
        if len(path) <= data.horizon:
            continue
        padded = torch.nn.functional.pad(path.T.unsqueeze(1), (reach, reach), mode="replicate")
        smooth = torch.nn.functional.conv1d(padded, kernel).squeeze(1).T
        for t in range(len(path) - data.horizon):
            ahead = slice(t + 1, t + 1 + data.horizon)
            chunks.append(torch.cat([smooth[ahead] - smooth[t], gripper[ahead]], dim=1))
    if not chunks:
        raise DatasetError("data set has no undisturbed episode: stage I has no canonical motion")
    return torch.stack(chunks)


# Fewer undisturbed episodes say nothing about a linear map of seven joints.
FEWEST_FOR_LEAK = 40
LARGEST_LEAK = 0.5


def start_leak(data: Dataset) -> float | None:
    """How well the first joint position alone foretells the one at the first close: median R^2 over joints.

    Linear, fitted on half of the undisturbed episodes and measured on the others; None where there are too few. Near
    0 when start and objects are drawn apart; near 1 a model may grasp without looking.
    """
    starts, grasps = [], []
    for episode in torch.nonzero(~data.disturbed).flatten().tolist():
        frames = torch.nonzero(data.episode == episode).flatten()
        closed = torch.nonzero(data.columns["has-grasped"][frames].flatten() > 0.5).flatten()
        if len(closed):
            path = data.columns["commanded"][frames].double()
            starts.append(path[0])
            grasps.append(path[closed[0]])
    if len(starts) < FEWEST_FOR_LEAK:
        return None
    start, grasp = torch.stack(starts), torch.stack(grasps)
    inputs = torch.cat([start, torch.ones(len(start), 1, dtype=start.dtype)], dim=1)
    half = len(inputs) // 2
    told = inputs[half:] @ torch.linalg.lstsq(inputs[:half], grasp[:half]).solution
    missed = (grasp[half:] - told).pow(2).sum(0)
    spread = (grasp[half:] - grasp[:half].mean(0)).pow(2).sum(0).clamp_min(1e-12)
    return float((1 - missed / spread).median())


def refuse_leak(data: Dataset) -> None:
    """Raises DatasetError where proprioception gives away what the pictures should tell."""
    leak = start_leak(data)
    if leak is not None and leak > LARGEST_LEAK:
        raise DatasetError(
            f"the start pose foretells the grasp (R^2 {leak:.2f}): draw start poses and objects from separate streams"
        )
