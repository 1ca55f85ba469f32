import base64
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from kinevla_training.__main__ import main
from kinevla_training.bundle_file import file_entry
from kinevla_training.config import Config, config_from_dict
from kinevla_training.dataset import load_dataset
from kinevla_training.export import observation_rows
from kinevla_training.inference import OnnxRunner, Texts, generate
from kinevla_training.normalisation import measure
from kinevla_training.pipeline import stored_config
from kinevla_training.report import bleu
from kinevla_training.stage_generator import make_wordings
from kinevla_training.stage_trunk import train_trunk
from kinevla_training.text import make_vocabulary, prompt_ids, text_ids, train_tokenizer
from tokenizers import Tokenizer

# commanded 7, gripper-commanded 1, since-grasp 7, has-grasped 1, gripper-recency 1: the features of BundleConfig.
PROPRIO_WIDTH = 17


class Counting(OnnxRunner):
    """Counts the runs of the language model."""

    runs = 0

    def extend(self, *inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        self.runs += 1
        return super().extend(*inputs)


def test_manifest_tells_the_truth(out: Path) -> None:
    bundle = out / "nano"
    manifest = json.loads((bundle / "bundle.json").read_text())
    assert manifest["schema"] == "kinevla.bundle.v1"
    assert {entry["path"] for entry in manifest["files"]} | {"bundle.json"} == {p.name for p in bundle.iterdir()}
    assert all(entry == file_entry(bundle / entry["path"]) for entry in manifest["files"])
    q01, q99 = np.array(manifest["normalisation"]["q01"]), np.array(manifest["normalisation"]["q99"])
    assert q01.shape == (5, 8) and (q01 < q99).all()
    assert len(manifest["proprio"]["mean"]) == len(manifest["proprio"]["std"]) == PROPRIO_WIDTH


def test_golden_vectors_reproduce(out: Path) -> None:
    bundle = out / "nano"
    manifest = json.loads((bundle / "bundle.json").read_text())
    config = stored_config(out)
    tokenizer = Tokenizer.from_file(str(bundle / "tokenizer.json"))
    vocabulary = make_vocabulary(tokenizer, config.representation, config.bundle.sequence)
    runner = OnnxRunner(bundle)
    normalisation = {key: np.array(manifest["normalisation"][key]) for key in ("q01", "q99")}
    vectors = json.loads((bundle / "golden.json").read_text())["vectors"]
    assert len(vectors) == config.bundle.golden
    for vector in vectors:
        images = np.frombuffer(base64.b64decode(vector["images"]), np.uint8).reshape(2, 32, 32, 3)
        proprio = (np.array(vector["proprio"]) - manifest["proprio"]["mean"]) / manifest["proprio"]["std"]
        prompt = prompt_ids(tokenizer, config.bundle, vector["instruction"])
        made = generate(runner, vocabulary, (24, 64), prompt, images, proprio)
        assert made.coarse_codes == vector["coarseCodes"] and made.fine_codes == vector["fineCodes"]
        assert tokenizer.decode(made.fine) == vector["fine"]
        chunk = made.chunk.astype(float)
        span = normalisation["q99"] - normalisation["q01"]
        chunk[:, :7] = (0.5 * (chunk + 1) * span + normalisation["q01"])[:, :7]
        assert np.abs(chunk - np.array(vector["chunk"])).max() < manifest["golden"]["chunkTolerance"]
        # Texts that are forced give what the same texts give when they are generated.
        forced = generate(runner, vocabulary, (24, 64), prompt, images, proprio, (made.coarse, made.fine))
        assert (forced.coarse_codes, forced.fine_codes) == (made.coarse_codes, made.fine_codes)


def test_no_draft_changes_what_is_generated(out: Path, data_folder: Path) -> None:
    """As in test/models/draft.test.ts: only the number of runs of the language model may differ."""
    config = stored_config(out)
    tokenizer = Tokenizer.from_file(str(out / "nano" / "tokenizer.json"))
    vocabulary = make_vocabulary(tokenizer, config.representation, config.bundle.sequence)
    held_out = load_dataset(data_folder.with_name("set-val"))
    statistics = measure(held_out, config.bundle.features)
    random = np.random.default_rng(0)
    runner = Counting(out / "nano")
    budgets = (config.bundle.coarse_budget, config.bundle.fine_budget)

    def infer(row: int, **texts: Texts) -> tuple[tuple, list[float], Texts, int]:
        runner.runs = 0
        instruction = held_out.tasks[int(held_out.task[row])].instruction
        prompt = prompt_ids(tokenizer, config.bundle, instruction)
        proprio = statistics.proprio(held_out.proprio(config.bundle.features)[row]).numpy()
        made = generate(runner, vocabulary, budgets, prompt, held_out.images[row].numpy(), proprio, **texts)
        what = (made.coarse, made.fine, made.coarse_codes, made.fine_codes, made.complete)
        return what, made.probability, (made.coarse, made.fine), runner.runs

    tasks = [(text_ids(tokenizer, task.coarse), text_ids(tokenizer, task.fine)) for task in held_out.tasks]
    for row in observation_rows(held_out, 6, 0):
        greedy, probability, texts, _ = infer(row)
        coarse, fine = texts
        noise = random.integers(0, vocabulary.size, 9).tolist()
        drafts = [*tasks, texts, ([], []), (noise, noise), (coarse[:1] + noise, fine[:-1] + noise), (coarse * 20, fine * 20)]
        for draft in drafts:
            again, likely, _, runs = infer(row, draft=draft)
            assert again == greedy
            assert np.allclose(likely, probability, atol=1e-4)
            if draft == texts and again[-1]:
                assert runs == vocabulary.depth


def test_codes_never_leave_their_band(out: Path) -> None:
    config = stored_config(out)
    tokenizer = Tokenizer.from_file(str(out / "nano" / "tokenizer.json"))
    vocabulary = make_vocabulary(tokenizer, config.representation, config.bundle.sequence)
    random = np.random.default_rng(0)

    class Noise(OnnxRunner):
        def extend(self, ids, visual, past_k, past_v):  # noqa: ANN001, ANN202
            logits, k, v = super().extend(ids, visual, past_k, past_v)
            return random.normal(size=logits.shape).astype(np.float32), k, v

    made = generate(
        Noise(out / "nano"),
        vocabulary,
        (24, 64),
        [20, 21],
        np.zeros((2, 32, 32, 3), np.uint8),
        np.zeros(PROPRIO_WIDTH, np.float32),
    )
    codes = [*made.coarse_codes, *made.fine_codes]
    assert len(codes) == vocabulary.depth and all(0 <= code < vocabulary.codebook for code in codes)
    assert all(0 < p <= 1 for p in made.probability) and np.isfinite(made.chunk).all()
    assert max(made.coarse + made.fine) < tokenizer.get_vocab_size()


def test_report_and_export_go_on_from_a_finished_folder(out: Path, data_folder: Path) -> None:
    before = (out / "nano" / "lm.onnx").read_bytes()
    assert main(["export", "--data", str(data_folder), "--out", str(out)]) == 0
    assert (out / "nano" / "lm.onnx").read_bytes() == before


def test_resumed_training_ends_where_unbroken_training_does(nano: Config, data_folder: Path, tmp_path: Path) -> None:
    data = load_dataset(data_folder)
    config = replace(nano, trunk=replace(nano.trunk, samples=8 * 16, bfloat16=True))
    statistics = measure(data, config.bundle.features)
    tokenizer = train_tokenizer(data.tasks, config.bundle.prompt, config.bundle.text_vocabulary)
    wordings = make_wordings(data.tasks, tokenizer, make_vocabulary(tokenizer, config.representation, config.bundle.sequence), 7, config.bundle)

    def run(folder: Path, stop: int | None) -> dict[str, torch.Tensor]:
        arguments = (config, data, statistics, wordings.prompts, wordings.rows, folder, None)
        return train_trunk(*arguments, stop_after=stop).state_dict()

    unbroken = run(tmp_path / "a", None)
    run(tmp_path / "b", 3)
    resumed = run(tmp_path / "b", None)
    assert all(torch.equal(unbroken[name], resumed[name]) for name in unbroken)


def test_goes_on_from_another_run(nano: Config, out: Path, data_folder: Path, tmp_path: Path) -> None:
    held_out = data_folder.with_name("set-val")
    short = {"trunk": {"samples": 16, "batch": 16}, "generator": {"samples": 16, "batch": 16, "cached_views": 1}}
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({**nano.to_dict(), **short}))
    both = ["--data", str(data_folder), str(held_out), "--validation", str(held_out)]
    arguments = ["train", *both, "--out", str(tmp_path / "on"), "--config", str(settings)]
    assert main([*arguments, "--from", str(out)]) == 0
    for name in ("tokenizer.json", "statistics.pt", "representation-2.pt"):
        assert (tmp_path / "on" / name).read_bytes() == (out / name).read_bytes()
    for name in ("trunk.pt", "generator.pt"):
        before, after = (torch.load(folder / name, weights_only=True)["average"] for folder in (out, tmp_path / "on"))
        # One step at the foot of the warm-up moves no weight by more than its rate; from other weights it would be far.
        assert max(float((before[key] - after[key]).abs().max()) for key in before) < 1e-3
        assert any(not torch.equal(before[key], after[key]) for key in before)


def test_says_why_it_cannot_go_on_from_a_folder(
    nano: Config, out: Path, data_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({**nano.to_dict(), "vision": {"channels": 16}}))
    arguments = ["train", "--data", str(data_folder), "--out", str(tmp_path / "on"), "--config", str(settings)]
    assert main([*arguments, "--from", str(tmp_path)]) == 1
    assert "is no training folder" in capsys.readouterr().err
    assert main([*arguments, "--from", str(out)]) == 1
    assert "other settings of vision" in capsys.readouterr().err


def test_a_crossed_row_has_the_prompt_of_its_wording_and_the_texts_of_its_task(nano: Config, data_folder: Path) -> None:
    tasks = load_dataset(data_folder).tasks
    tokenizer = train_tokenizer(tasks, nano.bundle.prompt, nano.bundle.text_vocabulary)
    wordings = make_wordings(tasks, tokenizer, make_vocabulary(tokenizer, nano.representation, nano.bundle.sequence), 7, nano.bundle)
    for wording, prompt in enumerate(wordings.prompts):
        for number, task in enumerate(tasks):
            row = wording * len(tasks) + number
            ids = wordings.crossed.ids[row]
            assert ids[8 : 8 + len(prompt)].tolist()[: int((prompt > 0).sum())] == prompt[prompt > 0].tolist()
            assert ids[wordings.crossed.text[row]].tolist() == text_ids(tokenizer, task.coarse) + text_ids(
                tokenizer, task.fine
            )
            if number == wordings.tasks[wording]:
                length = int(wordings.full.lengths[wording])
                assert ids[:length].tolist() == wordings.full.ids[wording, :length].tolist()


def test_refusals_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--data", str(tmp_path), "--out", str(tmp_path / "out")]) == 1
    assert "no dataset.json" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"trunk\.depth"):
        config_from_dict({"trunk": {"depth": 3}})


def test_bleu_of_known_sentences() -> None:
    words = "move it to the left front of the plate".split()
    assert bleu(words, words) == pytest.approx(1.0)
    assert bleu(words[:4], words) == pytest.approx(float(np.exp(1 - 9 / 4)))
    assert bleu(["nothing"], words) == 0.0
