"""Budgets of `metaplast compare`: size a model to the memory that the network needs."""

from collections.abc import Callable
from dataclasses import replace
from enum import StrEnum

from ..errors import ConfigurationError
from .rivals import Rival, widened

__all__ = ["Budget", "sized"]


class Budget(StrEnum):
    """The quantity, in bits, of which no model has more than the network."""

    PARAMETERS = "parameters"
    TRAINING_STATE = "training-state"
    MEMORY = "memory"

    def bits(self, rival: Rival) -> int:
        """The quantity of a model."""
        match self:
            case Budget.PARAMETERS:
                return rival.parameter_bits
            case Budget.TRAINING_STATE:
                return rival.training_state_bits
            case Budget.MEMORY:
                return rival.memory_bits


def sized(rival: Rival, budget: Budget, limit: int) -> Rival:
    """The largest form of a model that a budget allows.

    A model is as wide as the budget allows. With :attr:`Budget.MEMORY`, a model with float weights
    keeps its width instead, and trains on as many of its samples as the budget allows.

    Parameters
    ----------
    rival : Rival
        The model, with all training samples.
    budget : Budget
        The quantity.
    limit : int
        Bits of the network.

    Raises
    ------
    ConfigurationError
        If the smallest form has more bits.
    """
    if budget is Budget.MEMORY and not rival.model.binary:
        return _with_fewer_samples(rival, limit)

    def fits(width: int) -> bool:
        return budget.bits(widened(rival, width)) <= limit

    if not fits(1):
        least = widened(rival, 1)
        raise ConfigurationError(
            f"its smallest form, {'–'.join(map(str, least.sizes))}, has {budget.bits(least):,} "
            f"bits of {budget.replace('-', ' ')}, and the limit is {limit:,}"
        )
    return widened(rival, _last(fits))


def _with_fewer_samples(rival: Rival, limit: int) -> Rival:
    samples = min(rival.samples, (limit - rival.model_bits) // rival.sample_bits)
    if samples < rival.config.classes:
        raise ConfigurationError(
            f"its hidden weights and activations take {rival.model_bits:,} bits and a sample "
            f"{rival.sample_bits:,}, so the limit of {limit:,} leaves less than a sample for each "
            f"of the {rival.config.classes} classes"
        )
    return replace(rival, samples=samples)


def _last(fits: Callable[[int], bool]) -> int:
    """The largest number that fits; 1 does, and all below one that does."""
    beyond = 2
    while fits(beyond):
        beyond *= 2
    fitting = beyond // 2
    while beyond - fitting > 1:
        middle = (fitting + beyond) // 2
        if fits(middle):
            fitting = middle
        else:
            beyond = middle
    return fitting
