from pathlib import Path

import torch

from kinevla_training.config import Config
from kinevla_training.dataset import load_dataset
from kinevla_training.normalisation import measure
from kinevla_training.representation import Codebooks
from kinevla_training.stage_generator import draw_codes, quantisation_steps
from kinevla_training.stage_representation import train_representation


def test_stage_two_leaves_the_goal_codebook_alone(nano: Config, data_folder: Path, tmp_path: Path) -> None:
    data = load_dataset(data_folder)
    statistics = measure(data, nano.bundle.features)
    model = train_representation(nano, data, statistics, tmp_path, stop_after=1)
    coarse = model.coarse.codes.clone()
    first = torch.load(tmp_path / "representation-1.pt", weights_only=True)["module"]["coarse.codes"]
    assert torch.equal(coarse, first)
    model = train_representation(nano, data, statistics, tmp_path)
    assert torch.equal(model.coarse.codes, coarse) and bool(model.coarse.frozen)
    assert model.fine.codes.abs().sum() > 0


def test_fine_level_adds_precision(nano: Config, data_folder: Path, tmp_path: Path) -> None:
    data = load_dataset(data_folder)
    statistics = measure(data, nano.bundle.features)
    model = train_representation(nano, data, statistics, tmp_path)
    chunks = statistics.normalise(data.labels)
    codes = model.encode(chunks)
    both, coarse = model.decode(codes), model.decode(codes, coarse_only=True)
    assert (both - chunks).abs().mean() < (coarse - chunks).abs().mean()
    assert both[..., :7].abs().max() <= nano.bundle.decoder_bound and 0 <= both[..., 7].min() <= both[..., 7].max() <= 1


def test_a_dead_code_comes_back() -> None:
    books = Codebooks(1, 4, 2, decay=0.5, revive_below=0.1)
    books.codes[0] = torch.tensor([[0.0, 0.0], [9.0, 9.0], [9.0, 8.0], [8.0, 9.0]])
    picker = torch.Generator().manual_seed(0)
    for _ in range(6):
        books.update(torch.randn(64, 2, generator=picker) * 0.1, picker)
    assert books.codes.abs().max() < 1


def test_without_noise_drawn_codes_are_the_nearest() -> None:
    torch.manual_seed(0)
    books, latent = torch.randn(3, 8, 4), torch.randn(10, 4)
    codes, targets = draw_codes(books, latent, quantisation_steps(books, latent), 0.5, 0.0)
    residual = latent
    for place in range(3):
        nearest = torch.cdist(residual, books[place]).argmin(1)
        assert torch.equal(codes[:, place], nearest) and torch.equal(targets[:, place].argmax(1), nearest)
        residual = residual - books[place][nearest]
