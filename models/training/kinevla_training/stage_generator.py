"""Stage 3: projector and decoder learn texts and codes on cached features of the frozen trunk."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from .augment import augment_images, augment_proprio
from .config import AugmentConfig, BundleConfig, Config
from .dataset import DIMENSIONS, Dataset, Task
from .language import LanguageModel, Projector
from .loop import Stage, batch_indices, fit, save_atomically, seed_step
from .representation import Representation
from .stage_trunk import GRIPPER_WEIGHT, draw_wordings, regression_loss
from .normalisation import Statistics
from .text import TemplateTable, Vocabulary, make_table, make_template, prompt_ids, text_ids
from .vision import Trunk, images_to_input

CACHE_BATCH = 256


@dataclass(frozen=True)
class Wordings:
    """Every wording of every task: its prompt and its sequence with and without texts."""

    # Rows of the tables for each task; the canonical wording first.
    rows: list[list[int]]
    # Padded prompt ids [wordings, T].
    prompts: Tensor
    bare: TemplateTable
    full: TemplateTable
    # The prompt of every wording before the texts of every task: row `wording * tasks + task`.
    crossed: TemplateTable
    # Task of each wording.
    tasks: Tensor


def make_wordings(
    tasks: tuple[Task, ...],
    tokenizer: Tokenizer,
    vocabulary: Vocabulary,
    visual: int,
    bundle: BundleConfig,
    reasoning: bool = True,
) -> Wordings:
    """Tables of all wordings; `visual` is the number of visual tokens; without `reasoning` the texts are empty."""
    rows, prompts, bare, full, texts, own = [], [], [], [], [], []
    for task in tasks:
        rows.append(list(range(len(prompts), len(prompts) + len(task.wordings))))
        coarse, fine = text_ids(tokenizer, task.coarse), text_ids(tokenizer, task.fine)
        for name, ids, budget in (("coarse", coarse, bundle.coarse_budget), ("fine", fine, bundle.fine_budget)):
            if len(ids) > budget:
                raise ValueError(f"{name} text of {task.instruction!r} has {len(ids)} tokens, budget {budget}")
        if not reasoning:
            coarse, fine = [], []
        texts.append((coarse, fine))
        for wording in task.wordings:
            prompt = prompt_ids(tokenizer, bundle, wording)
            prompts.append(prompt)
            own.append(len(rows) - 1)
            bare.append(make_template(vocabulary, visual, prompt, coarse, fine, with_text=False))
            full.append(make_template(vocabulary, visual, prompt, coarse, fine, with_text=True))
    crossed = [
        make_template(vocabulary, visual, prompt, coarse, fine, with_text=True)
        for prompt in prompts
        for coarse, fine in texts
    ]
    longest = max(len(p) for p in prompts)
    return Wordings(
        rows=rows,
        prompts=torch.tensor([p + [vocabulary.pad] * (longest - len(p)) for p in prompts]),
        bare=make_table(bare, vocabulary.pad),
        full=make_table(full, vocabulary.pad),
        crossed=make_table(crossed, vocabulary.pad),
        tasks=torch.tensor(own),
    )


class Generator(nn.Module):
    """Projector and decoder, with the heads that training alone needs."""

    def __init__(self, config: Config, widths: tuple[int, ...], vocabulary: int, horizon: int) -> None:
        super().__init__()
        self.reasoning = config.generator.reasoning
        self.projector = Projector(config.language, widths)
        self.language = LanguageModel(config.language, vocabulary)
        d, width = config.language.width, config.generator.information_width
        self.regression = nn.Sequential(nn.Linear(d, 2 * d), nn.GELU(), nn.Linear(2 * d, horizon * DIMENSIONS))
        self.text_view = nn.Sequential(nn.Linear(d, d), nn.GELU(), nn.Linear(d, width))
        self.action_view = nn.Sequential(nn.Linear(2 * d, d), nn.GELU(), nn.Linear(d, width))


@torch.no_grad()
def cache_features(
    trunk: Trunk, data: Dataset, statistics: Statistics, bundle: BundleConfig, augment: AugmentConfig | None
) -> Tensor:
    """Feature rows [F, W] of all frames, augmented once where `augment` is given."""
    proprio = statistics.proprio(data.proprio(bundle.features))
    device = next(trunk.parameters()).device
    rows = []
    for start in range(0, len(data), CACHE_BATCH):
        part = slice(start, start + CACHE_BATCH)
        images, state = images_to_input(data.images[part].to(device)), proprio[part].to(device)
        if augment is not None:
            images, state = augment_images(images, augment), augment_proprio(state, augment)
        rows.append(trunk(images, state))
    return torch.cat(rows)


def stored_views(config: Config, data: Dataset, statistics: Statistics, trunk: Trunk, path: Path) -> list[Tensor]:
    """Differently augmented feature rows [F, W] of all frames, from `path` where it holds those of the same trunk and data."""
    own, augment, features = config.generator, asdict(config.augment), config.bundle.features
    settings = [config.seed, own.cached_views, augment, features, data.digest, len(data)]
    made_of = hashlib.sha256(json.dumps(settings).encode())
    for weights in [*trunk.state_dict().values(), *statistics.state().values()]:
        made_of.update(weights.cpu().numpy().tobytes())
    key = made_of.hexdigest()
    if path.exists():
        before = torch.load(path, weights_only=True)
        if before["made_of"] == key:
            return before["views"]
    seed_step(config.seed, "cache", 0)
    # float16 halves the memory of the cache; the features are of order one.
    views = [
        cache_features(trunk, data, statistics, config.bundle, config.augment).half().cpu()
        for _ in range(own.cached_views)
    ]
    save_atomically({"made_of": key, "views": views}, path)
    return views


def draw_codes(
    books: Tensor, latent: Tensor, steps: Tensor, temperature: float, noise: float
) -> tuple[Tensor, Tensor]:
    """Codes [B, M] for the prefix and soft targets [B, M, K].

    Each depth's target spreads over codes near the residual; with chance `noise` the prefix takes a code drawn from
    it instead of the nearest, and the following depths aim at the residual that is then left: a wrong early code is
    mended by the later ones, as it must be at run time.
    """
    residual, codes, targets = latent, [], []
    for place, book in enumerate(books):
        distance = residual.pow(2).sum(1, keepdim=True) - 2 * residual @ book.T + book.pow(2).sum(1)
        target = torch.softmax(-distance / (temperature * steps[place]), dim=1)
        nearest = distance.argmin(1)
        drawn = torch.multinomial(target, 1).squeeze(1)
        code = torch.where(torch.rand(len(latent), device=latent.device) < noise, drawn, nearest)
        targets.append(target)
        codes.append(code)
        residual = residual - book[code]
    return torch.stack(codes, dim=1), torch.stack(targets, dim=1)


@torch.no_grad()
def quantisation_steps(books: Tensor, latent: Tensor) -> Tensor:
    """Mean squared distance [M] that is left behind each depth."""
    residual, left = latent, []
    for book in books:
        distance = residual.pow(2).sum(1, keepdim=True) - 2 * residual @ book.T + book.pow(2).sum(1)
        nearest = distance.argmin(1)
        residual = residual - book[nearest]
        left.append(residual.pow(2).sum(1).mean().clamp_min(1e-6))
    return torch.stack(left)


def information_loss(text: Tensor, action: Tensor, task: Tensor, temperature: float) -> Tensor:
    """Symmetric InfoNCE (equations 6 and 7); other samples of the same task are no negatives."""
    text, action = nn.functional.normalize(text, dim=1), nn.functional.normalize(action, dim=1)
    similarity = text @ action.T / temperature
    twin = (task[:, None] == task[None, :]) & ~torch.eye(len(task), dtype=torch.bool, device=task.device)
    similarity = similarity.masked_fill(twin, -1e9)
    own = torch.arange(len(task), device=task.device)
    return 0.5 * (
        nn.functional.cross_entropy(similarity, own) + nn.functional.cross_entropy(similarity.T, own)
    )


def train_generator(
    config: Config,
    data: Dataset,
    statistics: Statistics,
    trunk: Trunk,
    representation: Representation,
    vocabulary: Vocabulary,
    wordings: Wordings,
    folder: Path,
    limit: float | None,
    stop_after: int | None = None,
    origin: Path | None = None,
) -> Generator:
    """Trains, resumes, or goes on from the run in `origin`; labels come from the representation as it is after its stage II."""
    own, device = config.generator, torch.device(config.device)
    views = [view.to(device) for view in stored_views(config, data, statistics, trunk, folder / "views.pt")]
    chunks = statistics.normalise(data.labels).to(device)
    tasks = data.task.to(device)
    with torch.no_grad():
        latent = representation.latent(chunks)
    books = representation.books()
    steps = quantisation_steps(books, latent)
    bases = vocabulary.bases().to(device)
    bands = bases.unsqueeze(1) - torch.arange(vocabulary.codebook, device=device)

    torch.manual_seed(config.seed + 2)
    model = Generator(config, trunk.widths, vocabulary.size, data.horizon).to(device)
    stage = Stage(
        name="generator",
        seed=config.seed,
        steps=own.samples // own.batch,
        batch=own.batch,
        learning_rate=own.learning_rate,
        weight_decay=own.weight_decay,
        ema=own.ema,
        checkpoint=folder / "generator.pt",
        limit=limit,
    )

    def step_loss(step: int, progress: float) -> tuple[Tensor, dict[str, float]]:
        rows = batch_indices(config.seed, stage.name, step, own.batch, len(data))
        final = progress >= 1 - own.final_text_share
        with_text = own.reasoning and (final or torch.rand(()) < own.mixed_text_share)
        table = wordings.full if with_text else wordings.bare
        template = draw_wordings(data.task[rows], wordings.rows)
        honest = torch.ones(len(rows), dtype=torch.bool)
        if with_text and own.swapped_prompts:
            other = torch.randint(len(wordings.tasks), (len(rows),))
            template = torch.where(torch.rand(len(rows)) < own.swapped_prompts, other, template)
            honest = wordings.tasks[template] == data.task[rows]
            table, template = wordings.crossed, template * len(wordings.rows) + data.task[rows]
        longest = int(table.lengths[template].max())
        ids, positions = table.ids[template, :longest].to(device), table.positions[template, :longest].to(device)
        places = table.code_places[template].to(device)
        codes, targets = draw_codes(books, latent[rows], steps, own.code_temperature, own.code_noise)
        ids = ids.scatter(1, places, bases - codes)
        features = views[int(torch.randint(own.cached_views, ()))][rows].float()
        visual = model.projector(features)
        hidden = model.language(ids, visual, positions)

        batch = torch.arange(len(rows), device=device).unsqueeze(1)
        before = hidden[batch, places - 1]
        scores = torch.log_softmax(model.language.head(before), dim=-1)
        inside = scores.gather(2, bands.expand(len(rows), -1, -1))
        action = -(targets * inside).sum(2).mean()
        joints, gripper = regression_loss(model.regression(before[:, 0]), chunks[rows])
        loss = action + own.regression_weight * (joints + GRIPPER_WEIGHT * gripper)
        shares = {"action": action.item(), "joints": joints.item(), "gripper": gripper.item()}
        if with_text:
            # Nobody could tell the texts from a prompt that is not theirs.
            predicted = (table.predicted[template, :longest] & honest.unsqueeze(1)).to(device)
            logits = model.language.head(hidden[:, :-1][predicted[:, 1:]])
            text = nn.functional.cross_entropy(logits, ids[:, 1:][predicted[:, 1:]])
            loss = loss + own.text_weight * text
            shares["text"] = text.item()
            if own.information_weight:
                is_text = table.text[template, :longest].unsqueeze(2).to(device)
                said = (hidden * is_text).sum(1) / is_text.sum(1)
                acted = model.language.embedding(bases - codes).mean(1)
                information = information_loss(
                    model.text_view(said),
                    model.action_view(torch.cat([acted, visual.mean(1)], dim=1)),
                    tasks[rows],
                    own.information_temperature,
                )
                loss = loss + own.information_weight * information
                shares["information"] = information.item()
        return loss, shares

    before = None if origin is None else origin / "generator.pt"
    fit(stage, model, step_loss, stop_after=stop_after, origin=before)
    return model
