"""The tokenizer, the vocabulary layout and the token sequences of the generator."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from .config import BundleConfig, RepresentationConfig
from .dataset import Task

PAD, BOS, EOS = "<pad>", "<s>", "</s>"
# In the order in which a sequence holds them.
DELIMITERS = (
    "<coarse>",
    "</coarse>",
    "<coarse_act>",
    "</coarse_act>",
    "<fine>",
    "</fine>",
    "<fine_act>",
    "</fine_act>",
)

# The seven rows of Table 7 beside whatever a data set brings, so that its tasks need no new tokenizer.
TABLE_7 = tuple(
    f"pick up the bread and move it to the {place}" for place in ("left front", "right front", "front")
) + tuple(
    f"hold the carrot by the {part} part and place it on the {side} side of the plate"
    for part in ("upper", "lower")
    for side in ("right", "left")
)
TABLE_7_TEXTS = (
    "move the bread",
    "place the carrot in the plate",
    "Robot Action: Trajectory Shape - To the left front; Ordinal Relations - Pick first, then move. Object Targeting: "
    "Target Object - The bread; Spatial Relation - Move it to a location (right front).",
    "Robot Action-level Constraint: State/Trajectory - Move carrot from held to placement pose. Ordinal Relations - "
    "Grasp first, then place. Object-level Targeting: Carrot - Target handle (upper part). Plate - Target surface "
    "(top side). Spatial Relation - Final pose on the right side of the plate.",
    "Carrot - Target handle (lower part). Spatial Relation - Final pose on the left side of the plate.",
)


def train_tokenizer(tasks: tuple[Task, ...], prompt: str, size: int) -> Tokenizer:
    """A byte-level BPE of at most `size` ids on the wordings and texts; any other text still encodes."""
    corpus = [*TABLE_7, *TABLE_7_TEXTS]
    for task in tasks:
        corpus += [prompt.replace("{instruction}", wording.lower()) for wording in task.wordings]
        corpus += [task.coarse, task.fine]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        # A word of the closed corpus must become one token even if it stands there once.
        min_frequency=1,
        special_tokens=[PAD, BOS, EOS, *DELIMITERS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sorted(set(corpus)), trainer)
    return tokenizer


@dataclass(frozen=True)
class Vocabulary:
    """Which id means what: text and specials first, codes at the tail."""

    size: int
    bos: int
    eos: int
    pad: int
    delimiters: tuple[int, ...]
    codebook: int
    coarse_depth: int
    fine_depth: int
    # `texts-first`: both texts, then the codes of both levels; `by-level`: each level's codes behind its own text.
    sequence: str

    @property
    def depth(self) -> int:
        return self.coarse_depth + self.fine_depth

    def is_text(self, token: int) -> bool:
        """Whether an id may stand in a text: no special id, delimiter or code."""
        return token < self.band(self.depth - 1)[0] and token not in {self.pad, self.bos, self.eos, *self.delimiters}

    def base(self, place: int) -> int:
        """Id of code 0 at `place`, coarse depths first; code k has the id `base - k`."""
        return self.size - 1 - self.codebook * place

    def bases(self) -> torch.Tensor:
        return torch.tensor([self.base(place) for place in range(self.depth)])

    def entry(self) -> dict:
        """The vocabulary as a manifest has it."""
        d, bases = self.delimiters, self.bases().tolist()
        return {
            "size": self.size,
            "bos": self.bos,
            "eos": self.eos,
            "pad": self.pad,
            "trailing": [],
            "delimiters": {
                "coarse": [d[0], d[1]],
                "coarseAction": [d[2], d[3]],
                "fine": [d[4], d[5]],
                "fineAction": [d[6], d[7]],
            },
            "base": [bases[: self.coarse_depth], bases[self.coarse_depth :]],
            "codebookSize": self.codebook,
            "depth": {"coarse": self.coarse_depth, "fine": self.fine_depth},
            "sequence": self.sequence,
        }

    def band(self, place: int) -> tuple[int, int]:
        """Lowest id and one past the highest id of the codes at `place`."""
        return self.base(place) - self.codebook + 1, self.base(place) + 1


def make_vocabulary(tokenizer: Tokenizer, representation: RepresentationConfig, sequence: str) -> Vocabulary:
    """The vocabulary of a tokenizer with the codes of both levels behind it."""
    depth = representation.coarse_depth + representation.fine_depth

    def number(token: str) -> int:
        found = tokenizer.token_to_id(token)
        if found is None:
            raise ValueError(f"tokenizer has no {token}")
        return found

    return Vocabulary(
        size=tokenizer.get_vocab_size() + depth * representation.codebook,
        bos=number(BOS),
        eos=number(EOS),
        pad=number(PAD),
        delimiters=tuple(number(token) for token in DELIMITERS),
        codebook=representation.codebook,
        coarse_depth=representation.coarse_depth,
        fine_depth=representation.fine_depth,
        sequence=sequence,
    )


def prompt_ids(tokenizer: Tokenizer, bundle: BundleConfig, instruction: str) -> list[int]:
    """Ids of the prompt without BOS."""
    return tokenizer.encode(bundle.prompt.replace("{instruction}", instruction.lower()), add_special_tokens=False).ids


def text_ids(tokenizer: Tokenizer, text: str) -> list[int]:
    """Ids of a reasoning text without delimiters."""
    return tokenizer.encode(text, add_special_tokens=False).ids


# What a position of a sequence is; `VISUAL` positions are filled with visual tokens, `CODE` ones with code ids.
FIXED, VISUAL, PROMPT, TEXT, CODE = range(5)


@dataclass(frozen=True)
class Template:
    """One wording of one task as a token sequence with places for visual tokens and codes."""

    ids: tuple[int, ...]
    kinds: tuple[int, ...]
    # Position ids count as if the texts were there, also where they are left out.
    positions: tuple[int, ...]
    # True where the token is to be predicted from text training: texts and everything fixed behind the prompt.
    predicted: tuple[bool, ...]


def make_template(
    vocabulary: Vocabulary,
    visual: int,
    prompt: list[int],
    coarse: list[int],
    fine: list[int],
    with_text: bool,
) -> Template:
    """BOS, visual tokens, prompt, then the text and the codes of each level between delimiters in the vocabulary's
    order, EOS."""
    d = vocabulary.delimiters
    Parts = list[tuple[int, list[int], bool]]

    def text(level: int, ids: list[int]) -> Parts:
        return [(FIXED, [d[4 * level]], True), (TEXT, ids, True), (FIXED, [d[4 * level + 1]], True)]

    def codes(level: int, depth: int) -> Parts:
        places = (CODE, [vocabulary.pad] * depth, False)
        return [(FIXED, [d[4 * level + 2]], True), places, (FIXED, [d[4 * level + 3]], True)]

    texts = [text(0, coarse), text(1, fine)]
    actions = [codes(0, vocabulary.coarse_depth), codes(1, vocabulary.fine_depth)]
    levels = {
        "texts-first": [*texts, *actions],
        "by-level": [texts[0], actions[0], texts[1], actions[1]],
    }[vocabulary.sequence]
    parts: Parts = [
        (FIXED, [vocabulary.bos], False),
        (VISUAL, [vocabulary.pad] * visual, False),
        (PROMPT, prompt, False),
        *(part for level in levels for part in level),
        (FIXED, [vocabulary.eos], True),
    ]
    ids, kinds, positions, predicted = [], [], [], []
    position = 0
    for kind, tokens, predict in parts:
        for token in tokens:
            if with_text or kind != TEXT:
                ids.append(token)
                kinds.append(kind)
                positions.append(position)
                predicted.append(predict and with_text)
            position += 1
    return Template(tuple(ids), tuple(kinds), tuple(positions), tuple(predicted))


@dataclass(frozen=True)
class TemplateTable:
    """Templates of one kind as padded tensors, so that a batch is a table look-up."""

    ids: torch.Tensor
    positions: torch.Tensor
    predicted: torch.Tensor
    text: torch.Tensor
    # int64 [templates, depth]: where the codes stand
    code_places: torch.Tensor
    lengths: torch.Tensor


def make_table(templates: list[Template], pad: int) -> TemplateTable:
    """Right-padded; causal attention keeps padding from being seen."""
    longest = max(len(t.ids) for t in templates)

    def padded(rows: list[tuple[int, ...]], value: int) -> torch.Tensor:
        return torch.tensor([list(row) + [value] * (longest - len(row)) for row in rows])

    return TemplateTable(
        ids=padded([t.ids for t in templates], pad),
        positions=padded([t.positions for t in templates], 0),
        predicted=padded([tuple(map(int, t.predicted)) for t in templates], 0).bool(),
        text=padded([tuple(int(k == TEXT) for k in t.kinds) for t in templates], 0).bool(),
        code_places=torch.tensor([[i for i, kind in enumerate(t.kinds) if kind == CODE] for t in templates]),
        lengths=torch.tensor([len(t.ids) for t in templates]),
    )


def save_tokenizer(tokenizer: Tokenizer, path: Path) -> None:
    """Writes `tokenizer.json`."""
    tokenizer.save(str(path), pretty=False)
