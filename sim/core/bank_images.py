"""Convert between memory images of a layer's banks and its counters ``k`` and snapshot ``W``.

Neuron ``j = b·bank_neurons + m`` is neuron ``m`` of bank ``b``
(:class:`~metaplast.hdl.planning.plan.FoldedLayer`).

- A row of a bank's counters (:func:`counter_rows`) has ``k[j][r·update_width …]``, the first one
  lowest.
- A row of its snapshot (:func:`snapshot_rows`) has, for each ``n`` below ``pe`` in order,
  ``W[j][w·simd …]`` of neuron ``m = set·pe + n``.
"""

import numpy as np
from numpy.typing import NDArray

from ...hdl.planning.plan import FoldedLayer
from ...hdl.planning.universal import PlacedLayer

__all__ = [
    "counter_rows",
    "counter_words",
    "counters_of",
    "snapshot_of",
    "snapshot_rows",
    "snapshot_words",
]

Bits = NDArray[np.uint8]


def counter_rows(folded: FoldedLayer) -> NDArray[np.int64]:
    """Rows of a bank's counters, (bank_neurons, rows): by neuron, and part of its inputs."""
    first = folded.row_base if isinstance(folded, PlacedLayer) else 0
    rows = first + np.arange(folded.bank_neurons * folded.rows, dtype=np.int64)
    return rows.reshape(folded.bank_neurons, folded.rows)


def snapshot_rows(folded: FoldedLayer) -> NDArray[np.int64]:
    """Rows of a bank's snapshot, (sets, words): by set of neurons, and word of the inputs."""
    sets, words = np.arange(folded.sets)[:, np.newaxis], np.arange(folded.words)
    if not isinstance(folded, PlacedLayer):
        return sets * folded.words + words
    rows: NDArray[np.int64] = folded.base + sets + words * folded.sets
    return rows


def counters_of(folded: FoldedLayer, images: list[Bits]) -> NDArray[np.int32]:
    """Counters ``k``, (K, N), from the memories of the banks.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.
    images : list of (rows, row_bits) of 0 and 1
        The contents of :func:`counter_rows` in each bank, lowest bit of a row first.
    """
    bits, counters = folded.config.counter_bits, folded.plan.update_width
    weights = 1 << np.arange(bits, dtype=np.int32)
    weights[-1] = -weights[-1]
    banks = [
        (image.reshape(folded.bank_neurons, folded.rows * counters, bits) * weights).sum(axis=2)
        for image in images
    ]
    return np.concatenate(banks)[:, : folded.config.inputs].astype(np.int32)


def counter_words(folded: FoldedLayer, counters: NDArray[np.integer]) -> list[Bits]:
    """The contents of :func:`counter_rows` in each bank; padding is zero."""
    bits = folded.config.counter_bits
    wide = _widened(counters, folded.rows * folded.plan.update_width)
    image = (wide[:, :, np.newaxis] >> np.arange(bits) & 1).astype(np.uint8)
    rows = folded.bank_neurons * folded.rows
    return list(image.reshape(folded.plan.banks, rows, folded.row_bits))


def snapshot_of(folded: FoldedLayer, images: list[Bits]) -> Bits:
    """Snapshot ``W``, (K, N) of 0 and 1, from the memories of the banks.

    Parameters
    ----------
    folded : FoldedLayer
        The layer and its fold factors.
    images : list of (sets · words, pe · simd) of 0 and 1
        The contents of :func:`snapshot_rows` in each bank, lowest bit of a row first.
    """
    shape = folded.sets, folded.words, folded.plan.pe, folded.plan.simd
    banks = [
        image.reshape(shape).transpose(0, 2, 1, 3).reshape(-1, folded.padded_inputs)
        for image in images
    ]
    return np.concatenate([bank[: folded.bank_neurons] for bank in banks])[
        :, : folded.config.inputs
    ]


def snapshot_words(folded: FoldedLayer, snapshot: Bits) -> list[Bits]:
    """The contents of :func:`snapshot_rows` in each bank; padding is zero."""
    plan = folded.plan
    wide = _widened(snapshot, folded.padded_inputs).astype(np.uint8)
    images = []
    for bank in wide.reshape(plan.banks, folded.bank_neurons, folded.padded_inputs):
        pe = np.zeros((folded.sets * plan.pe, folded.padded_inputs), dtype=np.uint8)
        pe[: folded.bank_neurons] = bank
        image = pe.reshape(folded.sets, plan.pe, folded.words, plan.simd)
        images.append(image.transpose(0, 2, 1, 3).reshape(folded.sets * folded.words, -1))
    return images


def _widened(values: NDArray[np.integer], width: int) -> NDArray[np.integer]:
    wide = np.zeros((len(values), width), dtype=values.dtype)
    wide[:, : values.shape[1]] = values
    return wide
