"""Validation figures: representation, codes, chunks by phase, texts."""

from __future__ import annotations

import math
from collections import Counter

import numpy as np
import torch
from torch import Tensor

from .config import Config
from .dataset import JOINTS, Dataset
from .inference import TorchRunner
from .representation import Representation
from .stage_generator import Generator, Wordings
from .stage_trunk import TrunkRegressor, regression_to_chunks
from .normalisation import Statistics
from .text import Vocabulary
from .vision import images_to_input

EVALUATION_BATCH = 128
DEGREES = 180 / math.pi


def joint_errors(made: Tensor, chunks: Tensor) -> Tensor:
    """Absolute joint errors [B, H, 7] in degrees of chunks in rad."""
    return (made - chunks)[..., :JOINTS].abs() * DEGREES


def summarise(made: Tensor, data: Dataset, rows: Tensor) -> dict:
    """Error of denormalised chunks [B, H, 8] on rows of a data set: degrees a joint, gripper accuracy, by phase."""
    truth = data.labels[rows]
    error = joint_errors(made, truth)
    phase = data.columns["phase"][rows].flatten().round().long()
    right = ((made[..., JOINTS] > 0.5) == (truth[..., JOINTS] > 0.5)).float()
    return {
        "mean_deg": error.mean().item(),
        "p99_deg": torch.quantile(error.flatten()[:: max(1, error.numel() // 1_000_000)], 0.99).item(),
        "first_step_deg": error[:, 0].mean().item(),
        "third_step_deg": error[:, 2].mean().item() if error.shape[1] > 2 else None,
        "gripper_accuracy": right.mean().item(),
        "by_phase_deg": {int(p): error[phase == p].mean().item() for p in phase.unique()},
        "label_mean_deg": truth[..., :JOINTS].abs().mean().item() * DEGREES,
    }


@torch.no_grad()
def representation_report(model: Representation, data: Dataset, statistics: Statistics) -> dict:
    """Reconstruction with both levels and with the coarse one alone; use of each codebook."""
    chunks = statistics.normalise(data.labels)
    codes = model.encode(chunks)
    rows = torch.arange(len(data))
    size = model.coarse.codes.shape[1]
    perplexity, used = [], []
    for place in range(codes.shape[1]):
        share = torch.bincount(codes[:, place], minlength=size).float() / len(codes)
        perplexity.append(math.exp(-(share * share.clamp_min(1e-12).log()).sum().item()))
        used.append((share > 0).float().mean().item())
    return {
        "both": summarise(statistics.denormalise(model.decode(codes)), data, rows),
        "coarse_only": summarise(statistics.denormalise(model.decode(codes, coarse_only=True)), data, rows),
        "perplexity": perplexity,
        "used": used,
    }


@torch.no_grad()
def trunk_report(model: TrunkRegressor, data: Dataset, statistics: Statistics, config: Config, wordings: Wordings) -> dict:
    """Chunk error of the regression head under the canonical wording."""
    proprio = statistics.proprio(data.proprio(config.bundle.features))
    first = torch.tensor([w[0] for w in wordings.rows])
    made = []
    for start in range(0, len(data), EVALUATION_BATCH):
        part = slice(start, start + EVALUATION_BATCH)
        prompt = wordings.prompts[first[data.task[part]]]
        made.append(regression_to_chunks(model(images_to_input(data.images[part]), proprio[part], prompt), data.horizon))
    return summarise(statistics.denormalise(torch.cat(made)), data, torch.arange(len(data)))


@torch.no_grad()
def greedy_codes(
    model: Generator, features: Tensor, ids: Tensor, positions: Tensor, places: Tensor, vocabulary: Vocabulary
) -> Tensor:
    """Greedy band-constrained codes [B, M] of a batch whose texts are given."""
    ids = ids.clone()
    visual = model.projector(features)
    codes = []
    for place in range(vocabulary.depth):
        end = int(places[0, place])
        hidden = model.language(ids[:, :end], visual, positions[:, :end])[:, end - 1]
        low, high = vocabulary.band(place)
        best = low + model.language.head(hidden)[:, low:high].argmax(1)
        ids[:, end] = best
        codes.append(vocabulary.base(place) - best)
    return torch.stack(codes, dim=1)


@torch.no_grad()
def greedy_chunks(
    model: Generator,
    features: Tensor,
    rows: Tensor,
    prompts: Tensor,
    texts: Tensor,
    representation: Representation,
    vocabulary: Vocabulary,
    wordings: Wordings,
) -> tuple[Tensor, Tensor]:
    """Codes [R, M] and normalised chunks [R, H, 8] of `rows`, each under the canonical prompt of the task in `prompts`
    and the texts of the task in `texts`, both [R]."""
    codes = torch.empty(len(rows), vocabulary.depth, dtype=torch.long)
    first, table = torch.tensor([w[0] for w in wordings.rows]), wordings.crossed
    template = first[prompts] * len(wordings.rows) + texts
    for kind in template.unique().tolist():
        for part in torch.nonzero(template == kind).flatten().split(EVALUATION_BATCH):
            length = int(table.lengths[kind])
            ids = table.ids[kind, :length].expand(len(part), -1).clone()
            positions = table.positions[kind, :length].expand(len(part), -1)
            places = table.code_places[kind].expand(len(part), -1)
            codes[part] = greedy_codes(model, features[rows[part]].float(), ids, positions, places, vocabulary)
    return codes, representation.decode(codes)


@torch.no_grad()
def generator_report(
    model: Generator,
    features: Tensor,
    data: Dataset,
    representation: Representation,
    statistics: Statistics,
    vocabulary: Vocabulary,
    wordings: Wordings,
    rows: Tensor,
) -> dict:
    """Codes and chunks of greedy decoding with the right texts, and by how much another text or prompt changes them.

    `other_text_deg` and `other_prompt_deg` are mean changes of a joint where one of both is that of the next task:
    a model that does what it wrote has the first much larger than the second.
    """
    task = data.task[rows]
    other = (task + 1) % len(wordings.rows)

    def made(prompts: Tensor, texts: Tensor) -> tuple[Tensor, Tensor]:
        codes, chunks = greedy_chunks(
            model, features, rows, prompts, texts, representation, vocabulary, wordings
        )
        return codes, statistics.denormalise(chunks)

    codes, chunks = made(task, task)
    truth = representation.encode(statistics.normalise(data.labels[rows]))
    report = {"code_accuracy": (codes == truth).float().mean(0).tolist(), **summarise(chunks, data, rows)}
    if model.reasoning and len(wordings.rows) > 1:
        report["other_text_deg"] = joint_errors(made(task, other)[1], chunks).mean().item()
        report["other_prompt_deg"] = joint_errors(made(other, task)[1], chunks).mean().item()
    return report


def bleu(candidate: list[str], reference: list[str]) -> float:
    """BLEU-4 of one sentence against one reference, with the usual brevity penalty; 0 without a common 4-gram."""
    logs = 0.0
    for n in range(1, 5):
        made = Counter(tuple(candidate[i : i + n]) for i in range(len(candidate) - n + 1))
        true = Counter(tuple(reference[i : i + n]) for i in range(len(reference) - n + 1))
        matched = sum((made & true).values())
        if matched == 0:
            return 0.0
        logs += math.log(matched / sum(made.values())) / 4
    penalty = min(1.0, math.exp(1 - len(reference) / max(1, len(candidate))))
    return penalty * math.exp(logs)


def text_report(
    runner: TorchRunner,
    data: Dataset,
    statistics: Statistics,
    tokenizer: object,
    vocabulary: Vocabulary,
    config: Config,
    frames_a_wording: int = 1,
) -> dict:
    """BLEU of generated texts for every wording of every task, both texts of an observation joined."""
    from .inference import generate
    from .text import prompt_ids

    scores, exact = [], []
    shuffle = np.random.default_rng(config.seed)
    proprio = statistics.proprio(data.proprio(config.bundle.features))
    for number, task in enumerate(data.tasks):
        frames = torch.nonzero(data.task == number).flatten().numpy()
        if len(frames) == 0:
            continue
        for wording in task.wordings:
            for row in shuffle.choice(frames, frames_a_wording).tolist():
                made = generate(
                    runner,
                    vocabulary,
                    (config.bundle.coarse_budget, config.bundle.fine_budget),
                    prompt_ids(tokenizer, config.bundle, wording),
                    data.images[row].numpy(),
                    proprio[row].numpy(),
                )
                text = f"{tokenizer.decode(made.coarse)} {tokenizer.decode(made.fine)}"
                truth = f"{task.coarse} {task.fine}"
                scores.append(bleu(text.split(), truth.split()))
                exact.append(text == truth)
    return {"bleu": float(np.mean(scores)), "exact": float(np.mean(exact)), "texts": len(scores)}


def table(report: dict) -> str:
    """The report for people."""
    lines = []

    def chunk(name: str, r: dict) -> None:
        phases = "  ".join(f"{p}:{e:.2f}" for p, e in r["by_phase_deg"].items())
        lines.append(
            f"{name:<24} mean {r['mean_deg']:.3f}  p99 {r['p99_deg']:.2f}  step 1 {r['first_step_deg']:.3f} deg  "
            f"gripper {100 * r['gripper_accuracy']:.2f} %  by phase {phases}"
        )

    lines.append(f"label magnitude          mean {report['representation']['both']['label_mean_deg']:.3f} deg")
    chunk("RVQ, both levels", report["representation"]["both"])
    chunk("RVQ, coarse only", report["representation"]["coarse_only"])
    lines.append("codebook perplexity      " + "  ".join(f"{p:.0f}" for p in report["representation"]["perplexity"]))
    chunk("regression trunk", report["trunk"])
    chunk("generator", report["generator"])
    lines.append("code accuracy            " + "  ".join(f"{a:.2f}" for a in report["generator"]["code_accuracy"]))
    if "other_text_deg" in report["generator"]:
        changes = (report["generator"][f"other_{name}_deg"] for name in ("text", "prompt"))
        lines.append("other text, other prompt change a chunk by {:.3f}, {:.3f} deg".format(*changes))
    text = report["text"]
    if text is not None:
        lines.append(
            f"texts                    BLEU {text['bleu']:.3f}, exact {100 * text['exact']:.1f} % of {text['texts']}"
        )
    return "\n".join(lines)
