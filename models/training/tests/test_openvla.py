"""The exporter against PyTorch modules of the same architecture and key names, with random weights."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from openvla_reference import (
    CODEBOOK,
    DEPTHS,
    HIDDEN,
    INSTRUCTIONS,
    LAYERS,
    SIDE,
    TEXTS,
    WIDTH,
    OpenVla,
    Reference,
    make_reference,
    write_safetensors,
    write_sources,
)

from kinevla_training.__main__ import main
from kinevla_training.openvla.checkpoint import Checkpoint
from kinevla_training.openvla.errors import CheckpointError
from kinevla_training.openvla.graphs import write_graphs
from kinevla_training.openvla.safetensors import read_header
from kinevla_training.openvla.weights import BLOCK, PRECISIONS, quantise

HEADS = 4


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    torch.set_num_threads(1)
    return make_reference(tmp_path_factory.mktemp("openvla") / "checkpoint")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_sources(tmp_path_factory.mktemp("sources"))


def arguments(checkpoint: Path, sources: dict[str, Path], out: Path, *more: str) -> list[str]:
    named = [part for name, path in sources.items() for part in (f"--{name}", str(path))]
    return ["export-openvla", "--checkpoint", str(checkpoint), "--out", str(out), *named, *more]


def sessions(folder: Path) -> tuple[onnxruntime.InferenceSession, onnxruntime.InferenceSession]:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return tuple(
        onnxruntime.InferenceSession(str(folder / f"{name}.onnx"), options, providers=["CPUExecutionProvider"])
        for name in ("vision", "lm")
    )


def images(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (1, 2, SIDE, SIDE, 3)).astype(np.uint8)


def pieces(folder: Path, ids: list[list[int]], seen: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Visual tokens, and the logits of prefill, extension and single steps behind each other."""
    vision, language = sessions(folder)
    visual = vision.run(["vis"], {"images": seen, "proprio": np.zeros((1, 0), np.float32)})[0]
    k = v = np.zeros((LAYERS, 1, HEADS, 0, WIDTH // HEADS), np.float32)
    rows = []
    for place, part in enumerate(ids):
        feeds = {"ids": np.array([part], np.int64), "vis": visual if place == 0 else visual[:, :0]}
        logits, k, v = language.run(["logits", "k", "v"], {**feeds, "past_k": k, "past_v": v})
        rows.append(logits)
    assert k.shape[3] == v.shape[3] == visual.shape[1] + sum(map(len, ids))
    return visual, np.concatenate(rows, axis=1)


PARTS = [[1, 20, 30, 40, 50], [60, 70, 80], [90], [100]]


def difference(folder: Path, model: OpenVla) -> tuple[float, float]:
    """Largest difference of visual tokens and of logits to PyTorch, as parts of their standard deviation."""
    seen = images(5)
    visual, logits = pieces(folder, PARTS, seen)
    with torch.no_grad():
        wanted = model.see(torch.from_numpy(seen[0]))
        whole = model(torch.tensor([sum(PARTS, [])]), wanted)
    return tuple(
        float(np.abs(found - right.numpy()).max() / right.std()) for found, right in ((visual, wanted), (logits, whole))
    )


def export_graphs(checkpoint: Path, folder: Path, precision: str, adapter: Path | None = None) -> Path:
    folder.mkdir()
    write_graphs(Checkpoint(checkpoint, adapter), folder, PRECISIONS[precision], 0)
    return folder


def test_fp32_computes_what_pytorch_computes(reference: Reference, tmp_path: Path) -> None:
    visual, logits = difference(export_graphs(reference.folder, tmp_path / "fp32", "fp32"), reference.model)
    assert visual < 1e-4 and logits < 1e-4


def test_fp16_stays_near(reference: Reference, tmp_path: Path) -> None:
    visual, logits = difference(export_graphs(reference.folder, tmp_path / "fp16", "fp16"), reference.model)
    # Ten bits of mantissa over a few dozen products; measured 0.0002 and 0.0003.
    assert visual < 0.005 and logits < 0.005


def restored(weight: torch.Tensor) -> torch.Tensor:
    """A matrix as four bits keep it."""
    packed, scale = quantise(weight.numpy())
    codes = np.stack([packed & 15, packed >> 4], axis=-1).reshape(*scale.shape, BLOCK).astype(np.float32) - 8
    values = codes * scale.astype(np.float16).astype(np.float32)[..., None]
    return torch.from_numpy(values.reshape(len(weight), -1)[:, : weight.shape[1]])


def test_int4_quantises_the_layers_and_nothing_else(reference: Reference, tmp_path: Path) -> None:
    folder = export_graphs(reference.folder, tmp_path / "int4", "int4")
    coarse = OpenVla(reference.model.language_model.lm_head.weight.shape[0]).eval()
    coarse.load_state_dict(reference.model.state_dict())
    with torch.no_grad():
        for name, value in coarse.named_parameters():
            if "_proj" in name:
                assert value.shape in ((WIDTH, WIDTH), (HIDDEN, WIDTH), (WIDTH, HIDDEN))
                value.copy_(restored(value))
    # To PyTorch with the same four bits as near as fp16 is; to the whole weights as near as four bits allow.
    visual, logits = difference(folder, coarse)
    assert visual < 0.005 and logits < 0.005
    # Measured 0.16.
    _, logits = difference(folder, reference.model)
    assert 0.01 < logits < 0.5


def test_quantisation_errs_by_half_a_step() -> None:
    rows = np.random.default_rng(0).normal(size=(5, 50)).astype(np.float32)
    packed, scale = quantise(rows)
    assert packed.shape == (5, 2, BLOCK // 2) and packed.dtype == np.uint8
    error = np.abs(restored(torch.from_numpy(rows)).numpy() - rows)
    step = np.repeat(np.abs(scale), BLOCK, axis=1)[:, :50]
    # The side opposite to the largest value ends at 7 and may lose a whole step; a half for all others.
    assert (error <= 1.01 * step).all() and error.mean() < 0.3 * step.mean()
    assert not quantise(np.zeros((1, BLOCK), np.float32))[1].any()


def write_adapter(folder: Path, model: OpenVla, rank: int, alpha: int) -> OpenVla:
    """An adapter for every kind of linear layer and a whole head; gives the model with both merged."""
    folder.mkdir()
    merged = OpenVla(model.language_model.lm_head.weight.shape[0]).eval()
    merged.load_state_dict(model.state_dict())
    random = torch.Generator().manual_seed(4)
    tensors = {}
    with torch.no_grad():
        for name, value in merged.named_parameters():
            if value.dim() == 2 and name.endswith(".weight") and "embed" not in name and "lm_head" not in name:
                low = torch.randn(rank, value.shape[1], generator=random) * 0.1
                high = torch.randn(value.shape[0], rank, generator=random) * 0.1
                stem = "base_model.model." + name.removesuffix(".weight")
                tensors[f"{stem}.lora_A.weight"], tensors[f"{stem}.lora_B.weight"] = low, high
                value += alpha / rank * high @ low
        head = merged.language_model.lm_head.weight
        head += torch.randn(head.shape, generator=random) * 0.1
        tensors["base_model.model.language_model.lm_head.weight"] = head
    write_safetensors(folder / "adapter_model.safetensors", tensors, "F32")
    (folder / "adapter_config.json").write_text(json.dumps({"r": rank, "lora_alpha": alpha}))
    return merged


def test_an_adapter_is_merged(reference: Reference, tmp_path: Path) -> None:
    merged = write_adapter(tmp_path / "adapter", reference.model, 4, 8)
    folder = export_graphs(reference.folder, tmp_path / "merged", "fp32", tmp_path / "adapter")
    visual, logits = difference(folder, merged)
    assert visual < 1e-4 and logits < 1e-4
    assert difference(folder, reference.model)[1] > 0.1


def test_a_bundle_generates_what_pytorch_generates(
    reference: Reference, sources: dict[str, Path], tmp_path: Path
) -> None:
    assert main(arguments(reference.folder, sources, tmp_path / "bundle", "--precision", "fp32")) == 0
    manifest = json.loads((tmp_path / "bundle" / "bundle.json").read_text())
    assert {entry["path"] for entry in manifest["files"]} == {
        path.name for path in (tmp_path / "bundle").iterdir() if path.name != "bundle.json"
    }
    vectors = json.loads((tmp_path / "bundle" / "golden.json").read_text())["vectors"]
    vocabulary = manifest["vocabulary"]
    d = vocabulary["delimiters"]
    tokenizer = reference.tokenizer
    for vector, instruction in zip(vectors, INSTRUCTIONS, strict=True):
        assert (vector["instruction"], vector["coarse"], vector["fine"]) == (instruction, *TEXTS)
        seen = np.frombuffer(base64.b64decode(vector["images"]), np.uint8).reshape(2, SIDE, SIDE, 3)
        prompt = tokenizer.encode(manifest["prompt"].replace("{instruction}", instruction), add_special_tokens=False)
        ids = [vocabulary["bos"], *prompt.ids, *vocabulary["trailing"]]
        with torch.no_grad():
            visual = reference.model.see(torch.from_numpy(seen.copy()))
            for level, name in enumerate(("coarse", "fine")):
                opening, closing = d[name]
                text = tokenizer.encode(TEXTS[level], add_special_tokens=False).ids
                ids.append(opening)
                for token in [*text, closing]:
                    assert int(reference.model(torch.tensor([ids]), visual)[0, -1].argmax()) == token
                    ids.append(token)
                first, last = d[f"{name}Action"]
                ids.append(first)
                for place in range(DEPTHS[level]):
                    logits = reference.model(torch.tensor([ids]), visual)[0, -1]
                    base = vocabulary["base"][level][place]
                    code = int(logits[[base - code for code in range(CODEBOOK)]].argmax())
                    assert code == vector[f"{name}Codes"][place]
                    ids.append(base - code)
                ids.append(last)


def change_config(folder: Path, **keys: object) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **keys}))


def change_statistics(folder: Path, **keys: object) -> None:
    path = folder / "dataset_statistics.json"
    content = json.loads(path.read_text())
    content["kine_realman"]["action"].update(keys)
    path.write_text(json.dumps(content))


def add_tensor(folder: Path, name: str) -> None:
    write_safetensors(folder / "more.safetensors", {name: torch.zeros(3)})
    path = folder / "model.safetensors.index.json"
    index = json.loads(path.read_text())
    index["weight_map"][name] = "more.safetensors"
    path.write_text(json.dumps(index))


def cut_shard(folder: Path) -> None:
    path = folder / "model-00001-of-00002.safetensors"
    path.write_bytes(path.read_bytes()[:-2])


def spoil_weight(folder: Path) -> None:
    """A NaN in the last value of a shard."""
    path = folder / "model-00001-of-00002.safetensors"
    path.write_bytes(path.read_bytes()[:-2] + b"\xc0\x7f")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: change_config(f, image_resize_strategy="letterbox"), "resize-naive"),
        (lambda f: change_config(f, image_sizes=[28, 56]), "same picture"),
        (lambda f: change_config(f, timm_model_ids=["a", "b"]), "known are"),
        (lambda f: change_config(f, text_config={"num_attention_heads": 4, "num_key_value_heads": 2}), "grouped"),
        (lambda f: change_statistics(f, q01=[0.0] * 7), "must be 8 values"),
        (lambda f: change_statistics(f, q01=[0.1] * 8), "not below"),
        (lambda f: change_statistics(f, mask=[True] * 8), "mask"),
        (lambda f: (f / "tokenizer.json").unlink(), "no tokenizer.json"),
        (lambda f: add_tensor(f, "language_model.model.layers.0.mlp.router.weight"), "router.weight has no place"),
        (cut_shard, "bytes of its shape"),
        (spoil_weight, "not finite"),
    ],
)
def test_refusals_are_one_line(
    reference: Reference,
    sources: dict[str, Path],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    spoil,  # noqa: ANN001
    words: str,
) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(reference.folder, folder)
    spoil(folder)
    assert main(arguments(folder, sources, tmp_path / "out")) == 1
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_description_is_read_fully(reference: Reference, sources: dict[str, Path], tmp_path: Path, capsys) -> None:  # noqa: ANN001
    for changes, words in (
        ({"speed": 1}, "unknown keys ['speed']"),
        ({"codebook": 16}, "is a code"),
        ({"coarse_depth": 3}, "the description asks for [1, 5]"),
        ({"proprio_features": ["commanded"]}, "do not fit each other"),
        ({"coarse_budget": 2}, "over its budget"),
        ({"dataset": "other"}, "it has ['kine_realman']"),
    ):
        path = tmp_path / "description.json"
        path.write_text(json.dumps({**json.loads(sources["description"].read_text()), **changes}))
        assert main(arguments(reference.folder, {**sources, "description": path}, tmp_path / "out")) == 1
        assert words in capsys.readouterr().err


def test_what_does_not_fit_half_precision_is_refused(reference: Reference, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    shutil.copytree(reference.folder, folder)
    stored = next(
        tensor
        for tensor in read_header(folder / "model-00001-of-00002.safetensors").values()
        if tensor.name.endswith("mlp.fc1.weight")
    )
    with stored.path.open("r+b") as file:
        file.seek(stored.offset)
        # bfloat16 of 2^17
        file.write(b"\x00\x48")
    with pytest.raises(CheckpointError, match="more than fp16 holds"):
        export_graphs(folder, tmp_path / "fp16", "fp16")


def test_a_proprioceptive_token_stands_behind_the_patches(reference: Reference, tmp_path: Path) -> None:
    projector = torch.nn.Sequential(torch.nn.Linear(3, WIDTH), torch.nn.GELU(), torch.nn.Linear(WIDTH, WIDTH))
    folder = tmp_path / "checkpoint"
    shutil.copytree(reference.folder, folder)
    state = {f"proprio_projector.fc{place // 2 + 1}.{name}": value for place in (0, 2) for name, value in projector[place].named_parameters()}
    write_safetensors(folder / "more.safetensors", state, "F32")
    index = json.loads((folder / "model.safetensors.index.json").read_text())
    index["weight_map"].update(dict.fromkeys(state, "more.safetensors"))
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    (tmp_path / "graphs").mkdir()
    write_graphs(Checkpoint(folder), tmp_path / "graphs", PRECISIONS["fp32"], 3)
    proprio = np.array([[0.1, -0.2, 0.3]], np.float32)
    seen = images(6)
    found = sessions(tmp_path / "graphs")[0].run(["vis"], {"images": seen, "proprio": proprio})[0]
    with torch.no_grad():
        wanted = torch.cat([reference.model.see(torch.from_numpy(seen[0])), projector(torch.from_numpy(proprio))[None]], 1)
    assert np.abs(found - wanted.numpy()).max() < 1e-4
    with pytest.raises(CheckpointError, match="both be there"):
        write_graphs(Checkpoint(folder), tmp_path / "graphs", PRECISIONS["fp32"], 0)


# Less than the largest tensor of the checkpoint has as float32.
LARGEST_GROWTH = 80_000_000
MEASURE = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from kinevla_training.openvla.checkpoint import Checkpoint
from kinevla_training.openvla.graphs import write_graphs
from kinevla_training.openvla.weights import PRECISIONS
assert "torch" not in sys.modules

# Not ru_maxrss, which begins with the size of the process that started this one.
def peak():
    return next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))

before = peak()
write_graphs(Checkpoint(Path(sys.argv[2])), Path(sys.argv[3]), PRECISIONS[sys.argv[4]], 0)
print(before, peak())
"""


def widen(reference: Reference, folder: Path) -> int:
    """The same checkpoint with an embedding and a head of 51 MB and feed-forwards of 26 MB; gives its size in bytes."""
    folder.mkdir()
    rows, hidden = 800_000, 400_000
    shapes = {name: tuple(value.shape) for name, value in reference.model.state_dict().items()}
    for name, shape in shapes.items():
        if "embed_tokens" in name or "lm_head" in name:
            shapes[name] = (rows, WIDTH)
        elif "language_model" in name and "mlp" in name:
            shapes[name] = (WIDTH, hidden) if "down" in name else (hidden, WIDTH)
    header, at = {}, 0
    for name, shape in shapes.items():
        stop = at + 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [at, stop]}
        at = stop
    text = json.dumps(header).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        pattern = (torch.randn(1 << 20) * 0.1).bfloat16().view(torch.int16).numpy().tobytes()
        for start in range(0, at, len(pattern)):
            file.write(pattern[: at - start])
    shutil.copy(reference.folder / "config.json", folder)
    return at


@pytest.mark.parametrize("precision", ["fp32", "int4"])
def test_memory_does_not_grow_with_the_checkpoint(reference: Reference, tmp_path: Path, precision: str) -> None:
    size = widen(reference, tmp_path / "large")
    assert size > 3 * LARGEST_GROWTH
    (tmp_path / "out").mkdir()
    run = subprocess.run(
        [sys.executable, "-c", MEASURE, str(Path(__file__).parents[1]), tmp_path / "large", tmp_path / "out", precision],
        capture_output=True,
        text=True,
        check=True,
    )
    before, after = (int(word) * 1024 for word in run.stdout.split("\n")[-2].split())
    assert after - before < LARGEST_GROWTH, f"{(after - before) / 1e6:.0f} MB"
    shutil.rmtree(tmp_path)
