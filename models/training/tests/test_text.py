from pathlib import Path

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
    vocabulary = make_vocabulary(tokenizer, RepresentationConfig())
    ids = [i for place in range(vocabulary.depth) for i in range(*vocabulary.band(place))]
    assert sorted(ids) == list(range(tokenizer.get_vocab_size(), vocabulary.size))


def test_leaving_texts_out_keeps_positions(data_folder: Path) -> None:
    tokenizer = train_tokenizer(load_dataset(data_folder).tasks, BundleConfig().prompt, 600)
    vocabulary = make_vocabulary(tokenizer, RepresentationConfig())
    full = make_template(vocabulary, 3, [5, 6], [7, 8], [9], with_text=True)
    bare = make_template(vocabulary, 3, [5, 6], [7, 8], [9], with_text=False)
    kept = [p for p, kind in zip(full.positions, full.kinds, strict=True) if kind != TEXT]
    assert list(bare.positions) == kept
    assert full.positions == tuple(range(len(full.ids)))
    assert full.kinds.count(CODE) == vocabulary.depth and full.kinds[1:4] == (VISUAL,) * 3
    # Predicted: both texts, all delimiters and EOS, but neither prompt nor codes.
    assert sum(full.predicted) == 3 + 8 + 1 and not any(bare.predicted)
