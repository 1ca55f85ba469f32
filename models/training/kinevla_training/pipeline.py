"""All stages in their order, from a data set to a bundle and its report."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer

from .config import Config, config_from_dict
from .dataset import Dataset, load_dataset, refuse_leak
from .export import bundle_id, export_bundle, graphs
from .inference import TorchRunner
from .loop import save_atomically
from .report import generator_report, representation_report, table, text_report, trunk_report
from .representation import Representation
from .stage_generator import Generator, Wordings, cache_features, make_wordings, train_generator
from .stage_representation import train_representation
from .stage_trunk import TrunkRegressor, train_trunk
from .normalisation import Statistics, measure
from .text import Vocabulary, make_vocabulary, save_tokenizer, train_tokenizer

# Shares of a time budget for stage 1 and stage 3; the rest is for the RVQ-VAE, the caches and the export.
TRUNK_SHARE, GENERATOR_SHARE = 0.4, 0.45
# Held-out frames for the generator's figures.
VALIDATION_FRAMES = 1500


@dataclass(frozen=True)
class Trained:
    """Everything that training leaves behind."""

    config: Config
    statistics: Statistics
    tokenizer: Tokenizer
    vocabulary: Vocabulary
    wordings: Wordings
    regressor: TrunkRegressor
    representation: Representation
    generator: Generator


def split(data: list[Path], validation: Path | None, limit: int | None) -> tuple[Dataset, Dataset]:
    """Training and held-out data; the held-out set lies beside the first training set unless it is named."""
    held_out = validation or data[0].with_name(data[0].name + "-val")
    training = load_dataset(*data, limit=limit)
    refuse_leak(training)
    return training, load_dataset(held_out)


# What a model must share with the one that it goes on from.
LASTING = ("vision", "language", "representation")
# Files that are taken over as they are: tokens, units and codes stay what the weights learnt.
TAKEN_OVER = ("tokenizer.json", "statistics.pt", "representation.pt", "representation-1.pt", "representation-2.pt")


def take_over(config: Config, origin: Path, out: Path) -> None:
    """Puts into `out` what stays as it is when training goes on from the folder `origin`; raises ValueError."""
    if not (origin / "config.json").exists():
        raise ValueError(f"{origin} is no training folder: it has no config.json")
    before = stored_config(origin)
    own = config.to_dict()
    unlike = [key for key in LASTING if before.to_dict()[key] != own[key]]
    unlike += [
        f"bundle.{key}"
        for key in ("prompt", "features", "sequence", "text_vocabulary")
        if getattr(before.bundle, key) != getattr(config.bundle, key)
    ]
    if unlike:
        raise ValueError(f"{origin} was trained with other settings of {', '.join(unlike)}: train from the beginning")
    for name in TAKEN_OVER:
        if (origin / name).exists() and not (out / name).exists():
            shutil.copyfile(origin / name, out / name)


def train(config: Config, data: Dataset, out: Path, minutes: float | None, origin: Path | None = None) -> Trained:
    """Runs or resumes all stages under `out`; what is not there yet begins with the weights of the folder `origin`."""
    torch.set_num_threads(config.threads)
    out.mkdir(parents=True, exist_ok=True)
    if origin is not None:
        take_over(config, origin, out)
    (out / "config.json").write_text(json.dumps(config.to_dict(), indent=1) + "\n")
    seconds = None if minutes is None else minutes * 60
    tokenizer_path = out / "tokenizer.json"
    if tokenizer_path.exists():
        tokenizer = Tokenizer.from_file(str(tokenizer_path))
    else:
        tokenizer = train_tokenizer(data.tasks, config.bundle.prompt, config.bundle.text_vocabulary)
        save_tokenizer(tokenizer, tokenizer_path)
    vocabulary = make_vocabulary(tokenizer, config.representation, config.bundle.sequence)
    statistics_path = out / "statistics.pt"
    if statistics_path.exists():
        statistics = Statistics(**torch.load(statistics_path, weights_only=True))
    else:
        statistics = measure(data, config.bundle.features)
        save_atomically(statistics.state(), statistics_path)
    visual = 2 * 2 + config.language.fused_tokens + 1
    wordings = make_wordings(
        data.tasks, tokenizer, vocabulary, visual, config.bundle, config.generator.reasoning
    )
    regressor = train_trunk(
        config,
        data,
        statistics,
        wordings.prompts,
        wordings.rows,
        out,
        None if seconds is None else TRUNK_SHARE * seconds,
        origin=origin,
    )
    representation = train_representation(config, data, statistics, out)
    generator = train_generator(
        config,
        data,
        statistics,
        regressor.trunk,
        representation,
        vocabulary,
        wordings,
        out,
        None if seconds is None else GENERATOR_SHARE * seconds,
        origin=origin,
    )
    return Trained(
        config,
        statistics,
        tokenizer,
        vocabulary,
        wordings,
        regressor.cpu(),
        representation.cpu(),
        generator.cpu(),
    )


def evaluate(trained: Trained, held_out: Dataset) -> dict:
    """The report of a trained model on held-out data."""
    config, trunk = trained.config, trained.regressor.trunk
    parts = graphs(trunk, trained.generator.projector, trained.generator.language, trained.representation)
    features = cache_features(trunk, held_out, trained.statistics, config.bundle, None)
    shuffle = torch.Generator().manual_seed(config.seed)
    rows = torch.randperm(len(held_out), generator=shuffle)[:VALIDATION_FRAMES].sort().values
    return {
        "representation": representation_report(trained.representation, held_out, trained.statistics),
        "trunk": trunk_report(trained.regressor, held_out, trained.statistics, config, trained.wordings),
        "generator": generator_report(
            trained.generator,
            features,
            held_out,
            trained.representation,
            trained.statistics,
            trained.vocabulary,
            trained.wordings,
            rows,
        ),
        "text": text_report(
            TorchRunner(*parts), held_out, trained.statistics, trained.tokenizer, trained.vocabulary, config
        )
        if config.generator.reasoning
        else None,
    }


def commit() -> str:
    """The commit that this code stands at, `unknown` outside a checkout."""
    asked = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
    )
    return asked.stdout.strip() if asked.returncode == 0 else "unknown"


def export(
    trained: Trained, data: Dataset, held_out: Dataset, report: dict, out: Path, profiles: tuple[str, ...]
) -> None:
    """Writes a bundle of each profile, with where it came from, to `out/<bundle id>`."""
    config = trained.config
    parts = graphs(
        trained.regressor.trunk, trained.generator.projector, trained.generator.language, trained.representation
    )
    provenance = {
        "commit": commit(),
        "seed": config.seed,
        "dataset": {"digest": data.digest, "frames": len(data), "episodes": len(data.disturbed)},
        "heldOut": {"digest": held_out.digest, "frames": len(held_out), "episodes": len(held_out.disturbed)},
        "configuration": config.to_dict(),
        "tasks": [task.instruction for task in data.tasks],
        "metrics": report,
    }
    for profile in profiles:
        target = out / bundle_id(config, profile)
        export_bundle(
            target,
            config,
            held_out,
            trained.statistics,
            trained.tokenizer,
            trained.vocabulary,
            parts,
            data.tasks,
            provenance,
            profile,
        )
        print(f"bundle: {target}", flush=True)


def run(
    config: Config,
    data: list[Path],
    validation: Path | None,
    out: Path,
    minutes: float | None,
    limit: int | None,
    profiles: tuple[str, ...],
    origin: Path | None = None,
) -> None:
    """Trains, reports and exports."""
    training, held_out = split(data, validation, limit)
    print(f"{len(training)} frames of {len(training.disturbed)} episodes, {len(held_out)} held out", flush=True)
    trained = train(config, training, out, minutes, origin)
    report = evaluate(trained, held_out)
    (out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    print(table(report), flush=True)
    export(trained, training, held_out, report, out, profiles)


def stored_config(out: Path) -> Config:
    """The configuration that a training folder was made with."""
    return config_from_dict(json.loads((out / "config.json").read_text()), str(out / "config.json"))
