import json
from pathlib import Path

import pytest

from conftest import NANO
from kinevla_training.__main__ import main
from kinevla_training.ablation import VARIANTS, shortened_config

LAB = Path(__file__).parents[3] / "dist" / "drivers" / "virtual-lab" / "rollout" / "rollout.js"


@pytest.fixture(scope="module")
def arguments(data_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    folder = tmp_path_factory.mktemp("ablation")
    small = {**NANO, "trunk": {"samples": 16 * 16, "batch": 16}, "generator": {"samples": 16 * 16, "batch": 16}}
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
    single, both, rea, mi = ((out / v.name / "nano-").parent / f"nano-{v.name}" for v in VARIANTS)
    decoder = {path: (path / "decoder.onnx").read_bytes() for path in (single, both, rea, mi)}
    assert decoder[both] == decoder[rea] == decoder[mi] != decoder[single]
    language = [(path / "lm.onnx").read_bytes() for path in (single, both, rea, mi)]
    assert len(set(language)) == 4


def test_it_goes_on_where_it_was_interrupted(arguments: list[str]) -> None:
    out = folder_of(arguments)
    before = (out / "ablation.json").read_text()
    log = out / "mi" / "trials.jsonl"
    lines = log.read_text().splitlines(keepends=True)
    log.write_text("".join(lines[:2]) + lines[2][:20])
    (out / "ablation.md").unlink()
    assert main(arguments) == 0
    assert (out / "ablation.json").read_text() == before
    assert (out / "ablation.md").exists()
    again = log.read_text().splitlines(keepends=True)
    assert again[:2] == lines[:2] and again[-1].endswith(lines[2])


def test_another_ablation_is_not_mixed_in(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--delay", "1"]) == 1
    assert "an ablation with other delay" in capsys.readouterr().err


def test_settings_are_shortened_and_a_file_lies_over_them(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text(json.dumps({"trunk": {"batch": 32}, "generator": {"samples": 7}}))
    config = shortened_config(tmp_path / "c.json")
    assert (config.trunk.samples, config.trunk.batch, config.generator.samples) == (120_000, 32, 7)
