"""Every size, weight and budget of training, in one place; a JSON file may override any of them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class VisionConfig:
    """The encoder of each camera and the trunk that fuses both with proprioception."""

    channels: int = 32
    # 3 x 3 convolutions after the stride-4 stem.
    convolutions: int = 3
    # Side of the grid of pooled features beside the spatial-softmax points.
    pool: int = 2
    hidden: int = 384


@dataclass(frozen=True)
class LanguageConfig:
    """The Llama-style decoder and the projector in front of it."""

    width: int = 128
    layers: int = 3
    heads: int = 4
    feed_forward: int = 352
    # Visual tokens made of the fused trunk feature, beside two for each camera and one of proprioception.
    fused_tokens: int = 2
    rope_theta: float = 10_000.0


@dataclass(frozen=True)
class RepresentationConfig:
    """The bi-level RVQ-VAE; the paper leaves all of these open."""

    # False: one level, all codebooks one stack trained together on all motion, as the baseline of an ablation has it.
    bi_level: bool = True
    latent: int = 40
    hidden: int = 256
    codebook: int = 128
    coarse_depth: int = 3
    fine_depth: int = 3
    decay: float = 0.99
    commitment: float = 0.25
    # Part of the batch that is decoded from the coarse level only, so that this level alone is a usable plan.
    coarse_only: float = 0.25
    # Weight of the L1 of first differences, which keeps joint velocity smooth.
    smoothness: float = 0.1
    # Exponential moving average count under which a code is given a new place.
    # 0.3 of a batch of 512 is a thirteenth of an even share; 0.02 left most deep codes unused.
    revive_below: float = 0.1
    # Canonical motion of stage I: Gaussian low-pass, seconds. 1 / (2 pi 1.5 Hz).
    canonical_smoothing: float = 0.106
    steps: int = 1500
    batch: int = 512
    # 1e-3 moves the latent away from under the codebooks: twice the error.
    learning_rate: float = 3e-4


@dataclass(frozen=True)
class TrunkConfig:
    """Stage 1: the encoders learn by regressing the chunk."""

    samples: int = 530_000
    batch: int = 64
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.01
    ema: float = 0.998
    # Forward and backward in bfloat16 where the processor has it: 1.45 times the samples a second with AVX512-BF16.
    bfloat16: bool = False


@dataclass(frozen=True)
class GeneratorConfig:
    """Stage 3: the decoder on cached encoder features; most batches without text, which costs half."""

    # False: no texts in the sequence; a bundle of such a model is for ablation, the daemon refuses it.
    reasoning: bool = True
    samples: int = 310_000
    batch: int = 64
    learning_rate: float = 1.5e-3
    weight_decay: float = 0.02
    ema: float = 0.998
    # Part of the batches that carries the texts, as all do at run time; then all batches of the last part.
    mixed_text_share: float = 0.15
    final_text_share: float = 0.4
    # Part of the samples with texts whose prompt is drawn from all wordings of all tasks, while texts and codes stay
    # those of the episode: only the texts then tell what to do, so that what was written is what is done. Where texts and
    # prompt never differ the codes follow the prompt, and forcing other texts changes nothing.
    swapped_prompts: float = 0.7
    # Differently augmented copies of the encoder features that are cached.
    cached_views: int = 1
    # Width of the soft code targets, in units of the mean squared quantisation step of the depth.
    code_temperature: float = 0.5
    # Chance that a training prefix holds a code drawn from the soft target in place of the nearest one.
    code_noise: float = 0.5
    regression_weight: float = 1.0
    text_weight: float = 1.0
    information_weight: float = 0.05
    # Temperature and width of the mutual-information embeddings (equation 6).
    information_temperature: float = 0.07
    information_width: int = 64


@dataclass(frozen=True)
class AugmentConfig:
    """Cheap image and proprioception noise, drawn for each sample."""

    shift: int = 1
    brightness: float = 0.12
    contrast: float = 0.12
    channel: float = 0.05
    # Standard deviation in normalised proprioception units.
    proprio: float = 0.01


@dataclass(frozen=True)
class BundleConfig:
    """What the manifest says beside what the data say."""

    id: str = "table7-v3"
    prompt: str = "In: {instruction}\nOut:"
    features: tuple[str, ...] = (
        "commanded",
        "gripper-commanded",
        "since-grasp",
        "has-grasped",
        "gripper-recency",
    )
    # `texts-first` puts both texts before all codes, `by-level` each level's codes behind its own text. The goal codes carry
    # most of a motion, its direction included: written before the kinematic text, they can only follow the prompt.
    sequence: str = "texts-first"
    text_vocabulary: int = 600
    coarse_budget: int = 24
    fine_budget: int = 120
    # Two steps grasp more surely than three in closed loop (models/bundles/README.md).
    execute: int = 2
    clip: float = 2.0
    # Largest deviation that the decoder graph can emit, in normalised units; below `clip`.
    decoder_bound: float = 1.9
    gripper_threshold: float = 0.5
    gripper_hysteresis: float = 0.1
    still_chunks: int = 3
    # rad over a chunk
    stillness: float = 0.03
    # rad in the normalised chunk of a golden vector
    chunk_tolerance: float = 1e-3
    opset: int = 20
    minimum_ort: str = "1.20.0"
    golden: int = 4


@dataclass(frozen=True)
class Config:
    """All of it; `seed` makes a run repeatable on the same machine with the same number of threads."""

    seed: int = 1
    # More than one only pays on an idle machine: threads that spin for each other lose to any neighbour.
    threads: int = 1
    # Where the stages train: `cpu` or `cuda`; reports and export always run on the CPU.
    device: str = "cpu"
    vision: VisionConfig = field(default_factory=VisionConfig)
    language: LanguageConfig = field(default_factory=LanguageConfig)
    representation: RepresentationConfig = field(default_factory=RepresentationConfig)
    trunk: TrunkConfig = field(default_factory=TrunkConfig)
    generator: GeneratorConfig = field(default_factory=GeneratorConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    bundle: BundleConfig = field(default_factory=BundleConfig)

    def to_dict(self) -> dict:
        return dataclasses.asdict(self)


def load_config(path: Path | None) -> Config:
    """The default configuration with the sections and keys of a JSON file over it; an unknown key is an error."""
    if path is None:
        return Config()
    return config_from_dict(json.loads(path.read_text()), str(path))


def config_from_dict(given: dict, source: str = "configuration") -> Config:
    """A configuration from plain data; raises ValueError that names the key it does not know."""
    changes = {}
    for key, value in given.items():
        if not hasattr(Config(), key):
            raise ValueError(f"{source}: unknown key {key!r}")
        current = getattr(Config(), key)
        if dataclasses.is_dataclass(current):
            known = {f.name for f in dataclasses.fields(current)}
            for name in value:
                if name not in known:
                    raise ValueError(f"{source}: unknown key {key}.{name}")
            value = {k: tuple(v) if isinstance(v, list) else v for k, v in value.items()}
            changes[key] = dataclasses.replace(current, **value)
        else:
            changes[key] = value
    return dataclasses.replace(Config(), **changes)
