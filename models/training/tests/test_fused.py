"""PyTorch, profile `split` and profile `fused` give the same texts and codes on held-out observations."""

import json
import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import onnx
import pytest

from kinevla_training.bundle_file import file_entry
from kinevla_training.dataset import load_dataset
from kinevla_training.export import graphs, observation_rows
from kinevla_training.fuse import fuse
from kinevla_training.fuse_bundle import fuse_bundle
from kinevla_training.fused import FusedRunner, open_engine
from kinevla_training.inference import Generated, TorchRunner, generate
from kinevla_training.pipeline import Trained, stored_config, train
from kinevla_training.text import prompt_ids, text_ids


@pytest.fixture(scope="module")
def trained(out: Path, data_folder: Path) -> Trained:
    return train(stored_config(out), load_dataset(data_folder), out, 0.0)


def fused_anew(out: Path, folder: Path, vocabulary: dict) -> FusedRunner:
    """The split bundle's graphs fused for a sequence of the vocabulary's order."""
    parts = (onnx.load(str(out / "nano" / name)) for name in ("vision.onnx", "lm.onnx"))
    onnx.save(fuse(*parts, vocabulary), str(folder / "generator.onnx"))
    shutil.copy(out / "nano" / "decoder.onnx", folder)
    return FusedRunner(folder)


def essence(made: Generated) -> tuple:
    return made.coarse, made.fine, made.coarse_codes, made.fine_codes, made.complete


def test_the_bundle_holds_one_graph_and_says_so(out: Path) -> None:
    bundle = out / "nano-fused"
    manifest = json.loads((bundle / "bundle.json").read_text())
    assert (manifest["id"], manifest["profile"]) == ("nano-fused", "fused")
    assert sorted(entry["path"] for entry in manifest["files"]) == [
        "decoder.onnx",
        "generator.onnx",
        "golden.json",
        "tokenizer.json",
    ]
    assert all(entry == file_entry(bundle / entry["path"]) for entry in manifest["files"])
    split = json.loads((out / "nano" / "golden.json").read_text())["vectors"]
    fused = json.loads((bundle / "golden.json").read_text())["vectors"]
    for one, two in zip(split, fused, strict=True):
        assert np.allclose(one.pop("chunk"), two.pop("chunk"), atol=1e-5)
        assert one == two


def test_the_weights_are_stored_once(out: Path) -> None:
    graph = onnx.load(str(out / "nano-fused" / "generator.onnx")).graph
    assert sum(node.op_type == "Loop" for node in graph.node) == 2
    branches = [part.g for node in graph.node if node.op_type == "If" for part in node.attribute]
    assert sum(node.op_type == "Loop" for branch in branches for node in branch.node) == 2
    assert not any(branch.initializer for branch in branches)
    split = sum((out / "nano" / name).stat().st_size for name in ("vision.onnx", "lm.onnx"))
    weights = sum(len(weight.raw_data) for weight in graph.initializer)
    assert weights < split


def test_an_exported_bundle_can_be_fused_later(out: Path, tmp_path: Path) -> None:
    fuse_bundle(out / "nano", tmp_path / "nano-fused")
    for name in ("generator.onnx", "decoder.onnx", "tokenizer.json"):
        assert (tmp_path / "nano-fused" / name).read_bytes() == (out / "nano-fused" / name).read_bytes()
    manifests = [json.loads((folder / "nano-fused" / "bundle.json").read_text()) for folder in (out, tmp_path)]
    for manifest in manifests:
        manifest["files"] = [entry for entry in manifest["files"] if entry["path"] != "golden.json"]
        del manifest["created"]
    assert manifests[0] == manifests[1]
    with pytest.raises(ValueError, match="profile fused"):
        fuse_bundle(out / "nano-fused", tmp_path / "again")
    with pytest.raises(ValueError, match="no bundle.json"):
        fuse_bundle(tmp_path, tmp_path / "again")


@pytest.mark.parametrize("sequence", ["texts-first", "by-level"])
def test_all_three_agree_whatever_the_draft(
    out: Path, data_folder: Path, trained: Trained, tmp_path: Path, sequence: str
) -> None:
    config, vocabulary = trained.config, replace(trained.vocabulary, sequence=sequence)
    held_out = load_dataset(data_folder.with_name("set-val"))
    parts = graphs(
        trained.regressor.trunk, trained.generator.projector, trained.generator.language, trained.representation
    )
    engines = [
        partial(generate, TorchRunner(*parts)),
        open_engine(out / "nano", "split"),
        fused_anew(out, tmp_path, vocabulary.entry()).generate,
    ]
    random = np.random.default_rng(0)
    features = held_out.proprio(config.bundle.features)
    tasks = [(text_ids(trained.tokenizer, t.coarse), text_ids(trained.tokenizer, t.fine)) for t in held_out.tasks]
    for row in observation_rows(held_out, 6, 0):
        prompt = prompt_ids(trained.tokenizer, config.bundle, held_out.tasks[int(held_out.task[row])].instruction)
        seen = (held_out.images[row].numpy(), trained.statistics.proprio(features[row]).numpy())
        budgets = (config.bundle.coarse_budget, config.bundle.fine_budget)
        greedy, *others = [engine(vocabulary, budgets, prompt, *seen) for engine in engines]
        noise = random.integers(0, vocabulary.size, 9).tolist()
        drafts = [
            *tasks,
            (greedy.coarse, greedy.fine),
            (noise, noise),
            (greedy.coarse[:1] + noise, greedy.fine[:-1] + noise),
            (greedy.coarse * 20, greedy.fine * 20),
        ]
        for draft in drafts:
            others += [engine(vocabulary, budgets, prompt, *seen, draft=draft) for engine in engines[1:]]
        for made in others:
            assert essence(made) == essence(greedy)
            assert np.allclose(made.probability, greedy.probability, atol=1e-4)
            assert np.allclose(made.chunk, greedy.chunk, atol=1e-4)
        first, *rest = [engine(vocabulary, budgets, prompt, *seen, forced=tasks[0]) for engine in engines]
        assert all(essence(made) == essence(first) for made in rest)
        assert (first.coarse, first.fine) == tasks[0]


def test_a_short_budget_ends_both_profiles_alike(out: Path, trained: Trained) -> None:
    images, proprio = np.zeros((2, 32, 32, 3), np.uint8), np.zeros(len(trained.statistics.mean), np.float32)
    for budgets in ((1, 1), (2, 64), (24, 3)):
        made = [
            essence(open_engine(out / name, profile)(trained.vocabulary, budgets, [20, 21], images, proprio))
            for name, profile in (("nano", "split"), ("nano-fused", "fused"))
        ]
        assert made[0] == made[1]
        assert len(made[0][0]) <= budgets[0] and len(made[0][1]) <= budgets[1]


def test_logits_that_are_not_finite_are_no_text_and_no_probability(out: Path, trained: Trained, tmp_path: Path) -> None:
    vision, language = (onnx.load(str(out / "nano" / name)) for name in ("vision.onnx", "lm.onnx"))
    gain = next(weight for weight in language.graph.initializer if weight.name == "language.norm.gain")
    gain.CopyFrom(onnx.numpy_helper.from_array(np.full(gain.dims, np.nan, np.float32), gain.name))
    onnx.save(fuse(vision, language, trained.vocabulary.entry()), str(tmp_path / "generator.onnx"))
    (tmp_path / "decoder.onnx").write_bytes((out / "nano" / "decoder.onnx").read_bytes())
    images, proprio = np.zeros((2, 32, 32, 3), np.uint8), np.zeros(len(trained.statistics.mean), np.float32)
    made = FusedRunner(tmp_path).generate(trained.vocabulary, (24, 64), [20, 21], images, proprio)
    assert not made.complete and made.coarse == made.fine == []
    assert np.isnan(made.probability).all()
