"""The capacity of a universal trainer in words."""

from ...hdl.planning.universal import UniversalTrainer

__all__ = ["capacity_sizes", "capacity_text", "capacity_weights"]


def capacity_weights(trainer: UniversalTrainer) -> int:
    """Hidden weights of the largest network, with padding.

    A layer takes ``pe · ceil(K / pe) · simd · ceil(N / simd)`` of them.
    """
    return trainer.capacity.rows * trainer.plan.pe * trainer.plan.simd


def capacity_sizes(trainer: UniversalTrainer) -> str:
    """Layers, inputs, neurons and classes of the largest network, in words."""
    capacity = trainer.capacity
    layers = "1 layer" if capacity.layers == 1 else f"{capacity.layers} layers"
    return (
        f"up to {layers}, {capacity.inputs:,} inputs, {capacity.neurons:,} neurons per layer, "
        f"{capacity.classes} classes"
    )


def capacity_text(trainer: UniversalTrainer) -> str:
    """Sizes and hidden weights of the largest network, in words."""
    weights = f"{capacity_weights(trainer):,} hidden weights with padding"
    return f"{capacity_sizes(trainer)}, {weights}"
