from pathlib import Path

import pytest

from kinevla_training.config import BundleConfig, RepresentationConfig
from kinevla_training.dataset import load_dataset
from kinevla_training.text import (
    CODE,
    TABLE_7,
    TABLE_7_TEXTS,
    TEXT,
    VISUAL,
    make_template,
    make_vocabulary,
    prompt_ids,
    text_ids,
    train_tokenizer,
)


def test_text_survives_the_tokenizer(data_folder: Path) -> None:
    tokenizer = train_tokenizer(load_dataset(data_folder).tasks, BundleConfig().prompt, 600)
    for text in (*TABLE_7, *TABLE_7_TEXTS, "Überraschung: 3 % of 冰!"):
        assert tokenizer.decode(text_ids(tokenizer, text)) == text
    # Words of Table 7 are one token each.
    assert len(text_ids(tokenizer, TABLE_7[0])) == len(TABLE_7[0].split())


def test_instruction_is_lower_cased(data_folder: Path) -> None:
    bundle = BundleConfig()
    tokenizer = train_tokenizer(load_dataset(data_folder).tasks, bundle.prompt, 600)
    assert prompt_ids(tokenizer, bundle, "Move IT") == prompt_ids(tokenizer, bundle, "move it")


def test_code_bands_are_disjoint_and_behind_the_text(data_folder: Path) -> None:
    tokenizer = train_tokenizer(load_dataset(data_folder).tasks, BundleConfig().prompt, 600)
    vocabulary = make_vocabulary(tokenizer, RepresentationConfig(), "texts-first")
    ids = [i for place in range(vocabulary.depth) for i in range(*vocabulary.band(place))]
    assert sorted(ids) == list(range(tokenizer.get_vocab_size(), vocabulary.size))


@pytest.mark.parametrize("sequence", ["texts-first", "by-level"])
def test_leaving_texts_out_keeps_positions(data_folder: Path, sequence: str) -> None:
    tokenizer = train_tokenizer(load_dataset(data_folder).tasks, BundleConfig().prompt, 600)
    vocabulary = make_vocabulary(tokenizer, RepresentationConfig(), sequence)
    full = make_template(vocabulary, 3, [5, 6], [7, 8], [9], with_text=True)
    bare = make_template(vocabulary, 3, [5, 6], [7, 8], [9], with_text=False)
    kept = [p for p, kind in zip(full.positions, full.kinds, strict=True) if kind != TEXT]
    assert list(bare.positions) == kept
    assert full.positions == tuple(range(len(full.ids)))
    assert full.kinds.count(CODE) == vocabulary.depth and full.kinds[1:4] == (VISUAL,) * 3
    # Predicted: both texts, all delimiters and EOS, but neither prompt nor codes.
    assert sum(full.predicted) == 3 + 8 + 1 and not any(bare.predicted)


@pytest.mark.parametrize(
    ("sequence", "order"), [("texts-first", [TEXT, CODE]), ("by-level", [TEXT, CODE, TEXT, CODE])]
)
def test_texts_and_codes_come_in_the_order_of_the_vocabulary(
    data_folder: Path, sequence: str, order: list[int]
) -> None:
    tokenizer = train_tokenizer(load_dataset(data_folder).tasks, BundleConfig().prompt, 600)
    vocabulary = make_vocabulary(tokenizer, RepresentationConfig(), sequence)
    template = make_template(vocabulary, 3, [20, 21], [30, 31], [32], with_text=True)
    met = [kind for kind in template.kinds if kind in (TEXT, CODE)]
    assert [kind for place, kind in enumerate(met) if place == 0 or met[place - 1] != kind] == order
    # Every delimiter once, each level's text and codes between their own.
    d = vocabulary.delimiters
    assert sorted(i for i in template.ids if i in d) == sorted(d)
    assert template.ids[template.ids.index(d[0]) + 1 : template.ids.index(d[1])] == (30, 31)
    assert template.ids[template.ids.index(d[4]) + 1 : template.ids.index(d[5])] == (32,)
    assert template.ids.index(d[7]) - template.ids.index(d[6]) == vocabulary.fine_depth + 1
