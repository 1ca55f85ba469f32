"""The ablation of the paper's Table 3: four variants trained alike and rolled out on the same seeds."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from .config import Config, config_from_dict
from .dataset import Dataset
from .export import graphs, manifest
from .inference import TorchRunner, generate
from .pipeline import Trained, evaluate, split, train
from .report import table
from .rollout import Bundle, open_lab, trial, trial_requests, wilson

# Settings shorter than those of a bundle to ship: four variants, of which all share one trunk.
SHORTENED = {
    "trunk": {"samples": 120_000},
    "representation": {"steps": 1000},
    "generator": {"samples": 60_000},
}


@dataclass(frozen=True)
class Variant:
    """One column of the table; each has what the one before has, and one thing more."""

    name: str
    words: str
    bi_level: bool
    reasoning: bool
    information: bool

    def config(self, base: Config) -> Config:
        """The settings of this variant."""
        weight = base.generator.information_weight if self.information else 0.0
        return replace(
            base,
            representation=replace(base.representation, bi_level=self.bi_level),
            generator=replace(base.generator, reasoning=self.reasoning, information_weight=weight),
            bundle=replace(base.bundle, id=f"{base.bundle.id}-{self.name}"),
        )


VARIANTS = (
    Variant("baseline", "single-level VQ", bi_level=False, reasoning=False, information=False),
    Variant("bi-rep", "+ bi-level representation", bi_level=True, reasoning=False, information=False),
    Variant("bi-rea", "+ bi-level reasoning", bi_level=True, reasoning=True, information=False),
    Variant("mi", "+ mutual information", bi_level=True, reasoning=True, information=True),
)

# Checkpoints that do not depend on what a variant changes; the second tuple only on its representation.
SHARED = ("tokenizer.json", "statistics.pt", "trunk.pt", "views.pt")
SHARED_BI_LEVEL = ("representation-1.pt", "representation-2.pt")


@dataclass(frozen=True)
class Trials:
    """How each variant is tried."""

    lab: Path
    count: int
    seed: int
    execute: int | None
    delay: int
    steps: int


def shortened_config(path: Path | None) -> Config:
    """`SHORTENED` with the sections and keys of a JSON file over it."""
    given = {} if path is None else json.loads(path.read_text())
    sections = {name: {**SHORTENED.get(name, {}), **given.get(name, {})} for name in SHORTENED}
    return config_from_dict({**given, **sections}, str(path or "configuration"))


def ablate(
    base: Config, data: Path, validation: Path | None, out: Path, trials: Trials, episodes: int | None = None
) -> dict:
    """Trains and rolls out every variant, or goes on with that; writes `ablation.json` and `ablation.md`."""
    training, held_out = split([data], validation, episodes)
    out.mkdir(parents=True, exist_ok=True)
    subject = {
        "dataset": training.digest,
        "first_episodes": episodes,
        "seed": trials.seed,
        "execute": trials.execute,
        "delay": trials.delay,
        "steps": trials.steps,
        "configuration": base.to_dict(),
    }
    refuse_other(out / "subject.json", subject)
    rows: list[dict] = []
    with open_lab(trials.lab) as lab:
        for number, variant in enumerate(VARIANTS):
            folder = out / variant.name
            told = folder / "row.json"
            print(f"variant {number + 1} of {len(VARIANTS)}: {variant.name} ({variant.words})", flush=True)
            if not told.exists():
                lend(out, folder, VARIANTS[:number], variant)
                trained = train(variant.config(base), training, folder, None)
                report = evaluate(trained, held_out)
                print(table(report), flush=True)
                verdicts = rolled_out(lab, runnable(trained, training), folder / "trials.jsonl", trials)
                told.write_text(json.dumps(row(variant, report, verdicts)))
            rows.append(json.loads(told.read_text()))
            result = {**subject, "episodes": len(training.disturbed), "variants": rows}
            (out / "ablation.json").write_text(json.dumps(result, indent=1) + "\n")
            (out / "ablation.md").write_text(markdown(result))
    print(markdown(result), flush=True)
    return result


def refuse_other(path: Path, subject: dict) -> None:
    """Raises ValueError where the folder holds an ablation of other data or settings."""
    plain = json.loads(json.dumps(subject))
    if not path.exists():
        path.write_text(json.dumps(plain, indent=1) + "\n")
        return
    before = json.loads(path.read_text())
    other = [key for key in plain if before.get(key) != plain[key]]
    if other:
        raise ValueError(f"{path.parent} holds an ablation with other {', '.join(other)}; name another --out")


def lend(out: Path, folder: Path, before: tuple[Variant, ...], variant: Variant) -> None:
    """Copies what earlier variants have trained alike, so that it is not trained again."""
    folder.mkdir(parents=True, exist_ok=True)
    for earlier in before:
        names = SHARED + (SHARED_BI_LEVEL if earlier.bi_level and variant.bi_level else ())
        for name in names:
            if not (folder / name).exists():
                shutil.copyfile(out / earlier.name / name, folder / name)


def runnable(trained: Trained, data: Dataset) -> Bundle:
    """What export would make a bundle of, run by PyTorch; `export` turns the same folder into files."""
    config = trained.config
    parts = graphs(
        trained.regressor.trunk, trained.generator.projector, trained.generator.language, trained.representation
    )
    provenance = {"configuration": config.to_dict(), "tasks": [task.instruction for task in data.tasks]}
    described = manifest(
        config, data.tasks, trained.statistics, trained.vocabulary, data, [], provenance, "split"
    )
    return Bundle(described, partial(generate, TorchRunner(*parts)), trained.tokenizer)


def rolled_out(lab: subprocess.Popen, bundle: Bundle, log: Path, trials: Trials) -> list[dict]:
    """Verdicts of all trials; each is a line of the log as soon as it ends, and is not run again."""
    wanted = trial_requests(bundle, trials.count, trials.seed, trials.execute, trials.delay, trials.steps)
    done: dict[tuple[int, str], dict] = {}
    for line in log.read_text().splitlines() if log.exists() else []:
        try:
            entry = json.loads(line)
        except json.JSONDecodeError:
            # The line that was being written when the run before ended.
            continue
        done[entry["seed"], entry["instruction"]] = entry
    with log.open("a") as lines:
        for number, request in enumerate(wanted, 1):
            key = request["seed"], request["instruction"]
            if key not in done:
                verdict = trial(lab, bundle, request["instruction"], request)
                done[key] = {"seed": key[0], "instruction": key[1], **verdict}
                lines.write("\n" + json.dumps(done[key]))
                lines.flush()
                print(f"{number}/{len(wanted)} {key[1]}: {verdict['detail']}", flush=True)
    return [done[request["seed"], request["instruction"]] for request in wanted]


def row(variant: Variant, report: dict, verdicts: list[dict]) -> dict:
    """What the table says of one variant."""
    count = len(verdicts)
    goal, kinematic = (sum(verdict[key] for verdict in verdicts) for key in ("goal", "kinematic"))
    return {
        "variant": variant.name,
        "words": variant.words,
        "trials": count,
        "goal": goal / count,
        "goal_interval": wilson(goal, count),
        "kinematic": kinematic / count,
        "kinematic_interval": wilson(kinematic, count),
        "representation_deg": report["representation"]["both"]["mean_deg"],
        "generator_deg": report["generator"]["mean_deg"],
        "code_accuracy": report["generator"]["code_accuracy"],
        "other_text_deg": report["generator"].get("other_text_deg"),
        "other_prompt_deg": report["generator"].get("other_prompt_deg"),
        "bleu": None if report["text"] is None else report["text"]["bleu"],
    }


def markdown(result: dict) -> str:
    """The table for people, every step as it came out."""

    def rate(share: float, interval: tuple[float, float]) -> str:
        return f"{100 * share:.0f} % ({100 * interval[0]:.0f} to {100 * interval[1]:.0f})"

    lines = [
        f"{result['episodes']} episodes, the same seeds for every variant, 95 % Wilson intervals.",
        "",
        "| variant | trials | goal | as told | step, points | RVQ, deg | generator, deg | other text, prompt, deg | BLEU |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    before = None
    for r in result["variants"]:
        step = "" if before is None else f"{100 * (r['kinematic'] - before):+.0f}"
        before = r["kinematic"]
        bleu = "" if r["bleu"] is None else f"{r['bleu']:.2f}"
        other = "" if r["other_text_deg"] is None else f"{r['other_text_deg']:.2f}, {r['other_prompt_deg']:.2f}"
        lines.append(
            f"| {r['words']} | {r['trials']} | {rate(r['goal'], r['goal_interval'])} "
            f"| {rate(r['kinematic'], r['kinematic_interval'])} | {step} | {r['representation_deg']:.3f} "
            f"| {r['generator_deg']:.3f} | {other} | {bleu} |"
        )
    return "\n".join(lines) + "\n"
