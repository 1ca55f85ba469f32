import json
from pathlib import Path

import pytest

from conftest import NANO
from kinevla_training.__main__ import main
from kinevla_training.ablation import VARIANTS, shortened_config
from kinevla_training.pipeline import stored_config

LAB = Path(__file__).parents[3] / "dist" / "drivers" / "virtual-lab" / "rollout" / "rollout.js"


@pytest.fixture(scope="module")
def arguments(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("ablation")
    short = {"samples": 16 * 16, "batch": 16}
    small = {**NANO, "trunk": short, "generator": {**short, "swapped_prompts": 0.5}}
    small["representation"] = {**NANO["representation"], "steps": 16}
    (folder / "nano.json").write_text(json.dumps(small))
    out = ["--out", str(folder / "out"), "--config", str(folder / "nano.json")]
    trials = ["--lab", str(LAB), "--trials", "1", "--steps", "4", "--seed", "9000001"]
    return ["ablation", "--data", str(data_folder), *out, *trials]


def folder_of(arguments: list[str]) -> Path:
    return Path(arguments[arguments.index("--out") + 1])


def test_every_step_of_table_3_is_trained_rolled_out_and_told(arguments: list[str]) -> None:
    assert main(arguments) == 0
    out = folder_of(arguments)
    result = json.loads((out / "ablation.json").read_text())
    assert [r["variant"] for r in result["variants"]] == ["baseline", "bi-rep", "bi-rea", "mi"]
    assert [r["bleu"] is None for r in result["variants"]] == [True, True, False, False]
    assert all(r["trials"] == 3 and 0 <= r["kinematic"] <= r["goal"] <= 1 for r in result["variants"])
    told = (out / "ablation.md").read_text()
    assert all(variant.words in told for variant in VARIANTS)
    # What does not depend on a variant is the same for all.
    trunks = {(out / variant.name / "trunk.pt").read_bytes() for variant in VARIANTS}
    assert len(trunks) == 1
    views = {(out / variant.name / "views.pt").read_bytes() for variant in VARIANTS}
    assert len(views) == 1
    single, *both = (stored_config(out / variant.name) for variant in VARIANTS)
    assert [config.representation.bi_level for config in (single, *both)] == [False, True, True, True]
    assert [config.generator.reasoning for config in (single, *both)] == [False, False, True, True]
    assert [config.generator.information_weight > 0 for config in (single, *both)] == [False, False, False, True]
    generators = {(out / variant.name / "generator.pt").read_bytes() for variant in VARIANTS}
    assert len(generators) == len(VARIANTS)


def test_it_goes_on_where_it_was_interrupted(arguments: list[str]) -> None:
    out = folder_of(arguments)
    before = (out / "ablation.json").read_text()
    log = out / "mi" / "trials.jsonl"
    entries = [line for line in log.read_text().split("\n") if line]
    log.write_text("\n" + "\n".join([*entries[:2], entries[2][:20]]))
    (out / "ablation.md").unlink()
    (out / "mi" / "row.json").unlink()
    assert main(arguments) == 0
    assert (out / "ablation.json").read_text() == before
    assert (out / "ablation.md").exists()
    again = [line for line in log.read_text().split("\n") if line]
    assert again == [*entries[:2], entries[2][:20], entries[2]]


def test_another_ablation_is_not_mixed_in(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--delay", "1"]) == 1
    assert "an ablation with other delay" in capsys.readouterr().err


def test_settings_are_shortened_and_a_file_lies_over_them(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"trunk": {"batch": 32}, "generator": {"samples": 7}}))
    config = shortened_config(tmp_path / "c.json")
    assert (config.trunk.samples, config.trunk.batch, config.generator.samples) == (120_000, 32, 7)
