"""Boolean gates of a training step: the cost of the models in `metaplast compare`.

arXiv:2412.00119 compares training algorithms by the Boolean gates of their arithmetic. So does this
module, with the cost of each operation from its textbook circuit, in gates of two inputs:

======================================  ========================================================
operation                               gates
======================================  ========================================================
XNOR, XOR, AND, OR                      1
half adder, full adder                  2, 5
multiplexer, a bit                      3
addition or comparison of ``b`` bits    ``5·b`` (a full adder each)
popcount of ``n`` bits                  ``5·(n − bits of n)`` (a full adder takes one bit away)
saturating step of a ``B``-bit counter  ``7·B`` (add ±1; hold at a bound)
float32 addition                        1,211 (align, add, count zeros, normalise, round)
float32 multiplication                  3,537 (24 × 24 array, exponents, normalise, round)
======================================  ========================================================

A step is one training sample on average: forward pass, error, update, and a share of the work done
once a batch. Counted are the additions and multiplications of matrix products and of the float
optimisers (a division or a square root as a multiplication); not counted are activation functions,
softmax, random numbers and memory accesses.
"""

from collections.abc import Sequence
from itertools import pairwise

from .. import EpochRecord, NetworkConfig

__all__ = [
    "FLOAT_ADD",
    "FLOAT_MULTIPLY",
    "adam_gates",
    "binary_gates",
    "committee_gates",
    "popcount",
    "sgd_gates",
    "straight_through_gates",
]

HALF_ADDER = 2
FULL_ADDER = 5
MULTIPLEXER = 3

MANTISSA, EXPONENT, SHIFTS = 24, 8, 5

FLOAT_ADD = (
    EXPONENT * FULL_ADDER  # difference of the exponents
    + 2 * MANTISSA * MULTIPLEXER  # the larger first
    + SHIFTS * MANTISSA * MULTIPLEXER  # align
    + (MANTISSA + 3) * FULL_ADDER  # add, with guard, round and sticky bit
    + MANTISSA * MULTIPLEXER
    + 2 * SHIFTS
    + 2  # where the leading one is; signs
    + SHIFTS * MANTISSA * MULTIPLEXER  # normalise
    + EXPONENT * FULL_ADDER  # the exponent follows
    + MANTISSA * HALF_ADDER  # round
)
FLOAT_MULTIPLY = (
    MANTISSA * MANTISSA  # partial products
    + (MANTISSA - 1) * MANTISSA * FULL_ADDER  # their sum
    + 2 * EXPONENT * FULL_ADDER  # exponents, bias
    + MANTISSA * MULTIPLEXER  # normalise
    + MANTISSA * HALF_ADDER  # round
    + 1  # sign
)


def popcount(bits: int) -> int:
    """Gates of a popcount of this many bits."""
    return FULL_ADDER * (bits - bits.bit_length())


def binary_gates(config: NetworkConfig, history: Sequence[EpochRecord]) -> float:
    """Gates of a step of the local-error algorithm, with the recorded updates.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    history : sequence of EpochRecord
        Records of its training.
    """
    samples = sum(record.samples for record in history)
    total = 0.0
    for layer in config.layers:
        z_bits = layer.inputs.bit_length() + 1
        score_bits = layer.neurons.bit_length()
        neuron = layer.inputs + popcount(layer.inputs) + FULL_ADDER * z_bits
        score = layer.neurons + popcount(layer.neurons) + 2 * FULL_ADDER * score_bits
        total += layer.neurons * neuron + layer.classes * score
        total += _learning(config, history, layer.index, z_bits) / samples
    return total


def committee_gates(config: NetworkConfig, history: Sequence[EpochRecord]) -> float:
    """Gates of a step of the CP+R committee machine, with the recorded updates."""
    samples = sum(record.samples for record in history)
    (layer,) = config.layers
    z_bits = layer.inputs.bit_length() + 1
    score_bits = layer.group_count.bit_length()
    neuron = layer.inputs + popcount(layer.inputs) + FULL_ADDER * z_bits
    vote = popcount(layer.group) + FULL_ADDER * layer.group.bit_length()
    score = layer.group_count + popcount(layer.group_count) + 2 * FULL_ADDER * score_bits
    total = layer.neurons * neuron + layer.group_count * vote + layer.classes * score
    return total + _learning(config, history, 0, z_bits) / samples


def _learning(
    config: NetworkConfig, history: Sequence[EpochRecord], index: int, z_bits: int
) -> float:
    """Gates of all selections, updates and reinforcements of a layer in a training."""
    layer = config.layers[index]
    step = 7 * layer.counter_bits
    total = 0.0
    for record in history:
        batches = -(-record.samples // config.batch)
        selections = record.error_rate[index] * record.samples
        total += selections * layer.neurons * FULL_ADDER * z_bits
        total += record.updates[index] * layer.inputs * (1 + step)
        total += batches * record.events[index] * step
    return total


def sgd_gates(sizes: Sequence[int], *, batch: int) -> float:
    """Gates of a step of back-propagation in float32 with plain SGD.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, neurons of each hidden layer, classes.
    batch : int
        Samples of a batch.
    """
    weights, parameters, backward = _multilayer(sizes)
    products = 2 * weights + backward  # forward, gradient, error of the layer below
    optimiser = parameters * (FLOAT_MULTIPLY + FLOAT_ADD)
    return products * (FLOAT_MULTIPLY + FLOAT_ADD) + optimiser / batch


def adam_gates(sizes: Sequence[int], *, batch: int) -> float:
    """Gates of a step of back-propagation in float32 with Adam."""
    weights, parameters, backward = _multilayer(sizes)
    products = 2 * weights + backward
    return products * (FLOAT_MULTIPLY + FLOAT_ADD) + parameters * _ADAM / batch


def straight_through_gates(sizes: Sequence[int], *, batch: int) -> float:
    """Gates of a step of a binary network trained by Adam with straight-through gradients.

    The forward pass is binary. The backward pass multiplies floats by ±1, which is a sign flip, and
    adds them; the latent weights are float32.
    """
    _, parameters, backward = _multilayer(sizes)
    forward = sum(neurons * (inputs + popcount(inputs)) for inputs, neurons in pairwise(sizes))
    weights = parameters - sum(sizes[1:])
    return forward + (weights + backward) * (1 + FLOAT_ADD) + parameters * _ADAM / batch


# Two moving averages of two multiplications and an addition each, the gradient's square, two bias
# corrections, root, division, learning rate, and two additions.
_ADAM = 10 * FLOAT_MULTIPLY + 4 * FLOAT_ADD


def _multilayer(sizes: Sequence[int]) -> tuple[int, int, int]:
    """Weights, parameters with biases, and products of the backward pass of a sample."""
    shapes = list(pairwise(sizes))
    weights = sum(inputs * outputs for inputs, outputs in shapes)
    backward = sum(inputs * outputs for inputs, outputs in shapes[1:])
    return weights, weights + sum(sizes[1:]), backward
