"""Parameters and results of a recorded training run."""

from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ..config import NetworkConfig

__all__ = ["RunParameters"]


@dataclass(frozen=True, eq=False, kw_only=True)
class RunParameters:
    """Parameters and results of a recorded training run.

    Attributes
    ----------
    hidden, groups : tuple of int
        ``K_l`` and ``γ_l``.
    classes, counter_bits : int
        ``C`` and ``B``.
    robustness, reinforcement : float
        ``r`` and ``p_r``.
    batch, epochs, seed : int
        Samples between two commits, epochs trained, and the seed.
    shuffle_block : int
        ``S``.
    expected : dict of str to array
        The recorded results in the file, by name: ``initial_counters_l``,
        ``classifier_l``, ``counters_l``, ``snapshot_l``, ``accuracies``, ``predictions``.
    """

    hidden: tuple[int, ...]
    groups: tuple[int, ...]
    classes: int
    counter_bits: int
    robustness: float
    reinforcement: float
    batch: int
    epochs: int
    seed: int
    expected: dict[str, NDArray[Any]]
    shuffle_block: int = 1

    def config(self, inputs: int) -> NetworkConfig:
        """The run's network for samples of ``inputs`` bits.

        Raises
        ------
        ConfigurationError
            If the recorded values do not describe a network.
        """
        return NetworkConfig(
            inputs=inputs,
            hidden=self.hidden,
            groups=self.groups,
            classes=self.classes,
            counter_bits=self.counter_bits,
            robustness=self.robustness,
            reinforcement=self.reinforcement,
            batch=self.batch,
            seed=self.seed,
            shuffle_block=self.shuffle_block,
        )
