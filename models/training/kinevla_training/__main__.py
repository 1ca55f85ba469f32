"""Command line: `python -m kinevla_training run --data DIR --out DIR`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from .ablation import Trials, ablate, shortened_config
from .config import Config, load_config
from .dataset import DatasetError
from .export import PROFILES, ExportError
from .fuse_bundle import fuse_bundle
from .openvla.command import add_command, run_command
from .pipeline import evaluate, export, run, split, stored_config, train
from .report import table
from .rollout import roll_out, wilson


def parse(arguments: list[str]) -> argparse.Namespace:
    """The command line; exits with usage on a mistake."""
    parser = argparse.ArgumentParser(prog="kinevla_training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("run", "train (or go on with) all stages, report, export"),
        ("train", "train (or go on with) all stages"),
        ("report", "held-out figures of a finished training folder"),
        ("export", "bundle of a finished training folder"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument(
            "--data", type=Path, required=True, nargs="+", help="training sets of the virtual lab, used as one"
        )
        command.add_argument("--validation", type=Path, help="held-out set (default: that of the first, DATA-val)")
        command.add_argument("--out", type=Path, required=True, help="folder of checkpoints, report and bundle")
        if name in ("run", "export"):
            command.add_argument("--profile", choices=(*PROFILES, "both"), default="split", help="of the bundle")
        if name in ("run", "train"):
            command.add_argument("--config", type=Path, help="JSON over the default configuration")
            command.add_argument("--minutes", type=float, help="wall time for training; default: all samples")
            command.add_argument("--from", dest="origin", type=Path, help="go on from the weights of this --out folder")
            command.add_argument("--episodes", type=int, help="use only the first episodes of each set")
            command.add_argument("--threads", type=int, help="CPU threads")
            command.add_argument("--device", choices=("cpu", "cuda"), help="where the stages train")
    fusing = commands.add_parser("fuse", help="bundle of profile fused from one of profile split")
    fusing.add_argument("--bundle", type=Path, required=True)
    fusing.add_argument("--out", type=Path, required=True, help="folder of the new bundle; its name is the new id")
    add_command(commands)
    rollout = commands.add_parser("rollout", help="closed loop of a bundle in the stepped virtual lab")
    rollout.add_argument("--bundle", type=Path, required=True)
    ablation = commands.add_parser("ablation", help="train and roll out the variants of the paper's Table 3, or go on")
    ablation.add_argument("--data", type=Path, required=True, help="training set of the virtual lab")
    ablation.add_argument("--validation", type=Path, help="held-out set (default: DATA-val)")
    ablation.add_argument("--out", type=Path, required=True, help="folder of all variants and of the table")
    ablation.add_argument("--config", type=Path, help="JSON over the shortened configuration of ablation.py")
    ablation.add_argument("--episodes", type=int, help="use only the first episodes")
    ablation.add_argument("--threads", type=int, help="CPU threads")
    ablation.add_argument("--device", choices=("cpu", "cuda"), help="where the stages train")
    for command in (rollout, ablation):
        command.add_argument("--lab", type=Path, required=True, help="dist/drivers/virtual-lab/rollout/rollout.js")
        command.add_argument("--trials", type=int, default=20, help="trials of each task")
        command.add_argument("--seed", type=int, default=9_000_001)
        command.add_argument("--execute", type=int, help="steps of each chunk carried out (default: the manifest's)")
        command.add_argument("--delay", type=int, default=0, help="steps between picture and first step of its chunk")
        command.add_argument("--steps", type=int, default=160, help="most steps of a trial")
    return parser.parse_args(arguments)


def with_machine(config: Config, given: argparse.Namespace) -> Config:
    """A configuration with the threads and the device asked for."""
    if given.threads:
        config = dataclasses.replace(config, threads=given.threads)
    return dataclasses.replace(config, device=given.device) if given.device else config


def profiles(given: argparse.Namespace) -> tuple[str, ...]:
    """The profiles asked for."""
    return PROFILES if given.profile == "both" else (given.profile,)


def main(arguments: list[str]) -> int:
    """Runs one command; 0 on success, 1 with one line on an expected failure."""
    given = parse(arguments)
    try:
        if given.command in ("run", "train"):
            config = with_machine(load_config(given.config), given)
            if given.command == "run":
                run(
                    config,
                    given.data,
                    given.validation,
                    given.out,
                    given.minutes,
                    given.episodes,
                    profiles(given),
                    given.origin,
                )
            else:
                training, _ = split(given.data, given.validation, given.episodes)
                train(config, training, given.out, given.minutes, given.origin)
            return 0
        if given.command == "fuse":
            fuse_bundle(given.bundle, given.out)
            return 0
        if given.command == "export-openvla":
            run_command(given)
            return 0
        if given.command == "ablation":
            trials = Trials(given.lab, given.trials, given.seed, given.execute, given.delay, given.steps)
            config = with_machine(shortened_config(given.config), given)
            ablate(config, given.data, given.validation, given.out, trials, given.episodes)
            return 0
        if given.command == "rollout":
            tallies = roll_out(
                given.bundle, given.lab, given.trials, given.seed, given.execute, given.delay, given.steps
            )
            for instruction, tally in tallies.items():
                low, high = wilson(tally.kinematic, tally.trials)
                print(
                    f"{instruction}: goal {tally.goal}/{tally.trials}, kinematic {tally.kinematic}/{tally.trials} "
                    f"(95 %: {low:.2f}..{high:.2f})"
                )
            return 0
        training, held_out = split(given.data, given.validation, None)
        trained = train(stored_config(given.out), training, given.out, 0.0)
        report = evaluate(trained, held_out)
        print(table(report))
        if given.command == "report":
            (given.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
        else:
            export(trained, training, held_out, report, given.out, profiles(given))
    except (DatasetError, ExportError, ValueError) as refused:
        print(f"kinevla_training: {refused}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
