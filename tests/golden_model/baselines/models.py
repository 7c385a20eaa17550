"""Small models that the tests of `metaplast compare` share."""

from typing import Any

import numpy as np

from metaplast.golden_model import NetworkConfig
from metaplast.golden_model.baselines.comparison import ComparisonChoice, choose_rivals
from metaplast.golden_model.baselines.rivals import Model, Rival
from metaplast.golden_model.baselines.training import Samples, Split, scaled_features

FEATURES = 6


def network(*hidden: int, classes: int = 3) -> NetworkConfig:
    """A network of 24 inputs, 8-bit counters and batches of 10."""
    groups = (1,) * len(hidden)
    return NetworkConfig(inputs=24, hidden=hidden, groups=groups, classes=classes, batch=10)


def chosen(
    config: NetworkConfig, model: Model, *, samples: int = 120, **options: Any
) -> tuple[list[Rival], list[str]]:
    """The one model of a comparison, and the reason if it is not run."""
    choice = ComparisonChoice(models=(model,), **options)
    return choose_rivals(config, choice, samples=samples, features=FEATURES)


def rival(config: NetworkConfig, model: Model, **options: Any) -> Rival:
    """The one model of a comparison."""
    (only,), not_run = chosen(config, model, **options)
    assert not not_run
    return only


def toy_samples(classes: int = 3) -> Samples:
    """120 training, 30 held-out and 40 test samples near prototypes of 24 bits."""
    draw = np.random.default_rng(5)
    prototypes = draw.integers(0, 2, (classes, 24))
    y = np.arange(190) % classes
    x = (prototypes[y] ^ (draw.random((190, 24)) < 0.1)).astype(np.uint8)
    raw = x.reshape(190, FEATURES, 4).sum(axis=2)

    def split(part: slice) -> Split:
        features = scaled_features(raw[part], like=raw[:120])
        return Split(bits=x[part], labels=y[part], features=features)

    return Samples(
        train=split(slice(0, 120)), held_out=split(slice(120, 150)), test=split(slice(150, 190))
    )
