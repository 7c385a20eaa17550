"""The capacity of a universal trainer in words."""

from ...hdl.planning.universal import UniversalTrainer

__all__ = ["capacity_text"]


def capacity_text(trainer: UniversalTrainer) -> str:
    """The largest network of a trainer: layers, inputs, neurons, hidden weights, classes."""
    capacity, plan = trainer.capacity, trainer.plan
    weights = capacity.rows * plan.pe * plan.simd
    layers = "1 layer" if capacity.layers == 1 else f"{capacity.layers} layers"
    return (
        f"up to {layers}, {capacity.inputs:,} inputs, {capacity.neurons:,} neurons per layer, "
        f"{capacity.classes} classes, {weights:,} hidden weights with padding"
    )
