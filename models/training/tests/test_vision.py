"""The camera encoders see from the first step on."""

from __future__ import annotations

import torch

from kinevla_training.config import VisionConfig
from kinevla_training.vision import CameraEncoder, images_to_input


def squares(places: int) -> torch.Tensor:
    """A small dull square at places along the picture's diagonal: uint8 [N, 1, 96, 96, 3]."""
    images = torch.full((places, 1, 96, 96, 3), 120, dtype=torch.uint8)
    for number in range(places):
        at = 8 + number * 72 // (places - 1)
        images[number, 0, at : at + 10, at : at + 10] = torch.tensor([140, 110, 90], dtype=torch.uint8)
    return images


def test_points_follow_a_thing_that_moves_before_any_training() -> None:
    torch.manual_seed(3)
    config = VisionConfig()
    encoder = CameraEncoder(config, 96)
    with torch.no_grad():
        points, _ = encoder(images_to_input(squares(9))[:, 0])
    spread = points[:, : 2 * config.channels].std(0)
    # A map that is all but even has its point in the middle, whatever is seen: 0.00 in encoders with PyTorch's first weights.
    assert spread.median() > 0.1


def test_the_first_layer_gets_a_gradient() -> None:
    torch.manual_seed(3)
    encoder = CameraEncoder(VisionConfig(), 96)
    points, _ = encoder(images_to_input(squares(9))[:, 0])
    points[:, :32].pow(2).sum().backward()
    assert encoder.layers[0].weight.grad.norm() > 1e-2
