"""Where delimiters and codes lie in the vocabulary of a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

from tokenizers import Tokenizer

from ..text import DELIMITERS
from .checkpoint import LanguageSizes
from .description import Description
from .errors import CheckpointError

# Llama-2's word boundary; alone it stands between the prompt and whatever is generated (OpenVLA appends its id).
SPACE = "\u2581"


@dataclass(frozen=True)
class Layout:
    """Ids; code k at `place` (coarse depths first) is `bases[place] - k`."""

    size: int
    bos: int
    eos: int
    pad: int
    trailing: tuple[int, ...]
    delimiters: tuple[int, ...]
    bases: tuple[int, ...]
    codebook: int
    coarse_depth: int

    def reserved(self) -> set[int]:
        """Every id that is not text."""
        codes = {base - code for base in self.bases for code in range(self.codebook)}
        return {self.bos, self.eos, self.pad, *self.delimiters, *codes}


def lay_out(tokenizer: Tokenizer, sizes: LanguageSizes, description: Description) -> Layout:
    """Codes at the tail of the words, delimiters in the tokenizer or else in the unused rows behind the padding row."""
    given = [tokenizer.token_to_id(name) for name in DELIMITERS]
    if all(id is None for id in given):
        delimiters = tuple(sizes.pad + 1 + place for place in range(len(DELIMITERS)))
        if tokenizer.get_vocab_size(with_added_tokens=True) > sizes.pad + 1:
            raise CheckpointError("the tokenizer uses rows behind the padding row, but has no delimiters there")
    elif None in given:
        raise CheckpointError(f"the tokenizer has some of {', '.join(DELIMITERS)}, but not all")
    else:
        delimiters = tuple(given)
    bos, eos = tokenizer.token_to_id("<s>"), tokenizer.token_to_id("</s>")
    if bos is None or eos is None:
        raise CheckpointError("the tokenizer has no <s> or no </s>")
    depth = description.coarse_depth + description.fine_depth
    trailing = description.trailing
    if trailing is None:
        space = tokenizer.token_to_id(SPACE)
        trailing = () if space is None else (space,)
    layout = Layout(
        size=sizes.vocabulary,
        bos=bos,
        eos=eos,
        pad=sizes.pad,
        trailing=trailing,
        delimiters=delimiters,
        bases=tuple(sizes.words - 1 - description.codebook * place for place in range(depth)),
        codebook=description.codebook,
        coarse_depth=description.coarse_depth,
    )
    if max(delimiters) >= sizes.vocabulary:
        raise CheckpointError(f"delimiters need row {max(delimiters)}, the embedding has {sizes.vocabulary} rows")
    if layout.bases[-1] - description.codebook < 0:
        raise CheckpointError("the vocabulary is too small for the codes")
    check_wordings(tokenizer, layout, description)
    return layout


def check_wordings(tokenizer: Tokenizer, layout: Layout, description: Description) -> None:
    """Raises CheckpointError where a prompt needs an id that codes have taken."""
    reserved = layout.reserved()
    for instruction in description.instructions:
        taken = [id for id in prompt_ids(tokenizer, description.prompt, instruction) if id in reserved]
        if taken:
            raise CheckpointError(
                f"the prompt of {instruction!r} needs id {taken[0]}, which is a code; use fewer or smaller codebooks"
            )


def prompt_ids(tokenizer: Tokenizer, prompt: str, instruction: str) -> list[int]:
    """Ids of the prompt without start token and trailing ids."""
    text = prompt.replace("{instruction}", instruction.lower())
    return tokenizer.encode(text, add_special_tokens=False).ids
