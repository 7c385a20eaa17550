"""Positions of counters and snapshot bits in the memories of the banks."""

import numpy as np
import pytest
from numpy.typing import NDArray

from metaplast.golden_model import NetworkConfig
from metaplast.hdl.planning.plan import FoldedLayer, LayerPlan
from metaplast.sim.core.bank_images import counter_words, counters_of, snapshot_of, snapshot_words

from ...comparison import assert_same_array
from ...hdl.folded_layers import FOLDED_LAYERS

RAGGED = FoldedLayer(
    # Two banks of three neurons, two pe; nine inputs in words of four and rows of two.
    NetworkConfig(inputs=9, hidden=(6,), groups=(3,), classes=2, counter_bits=3).layers[0],
    LayerPlan(banks=2, pe=2, simd=4, update_width=2, input_width=4),
)


def counters_for(folded: FoldedLayer) -> NDArray[np.int16]:
    layer = folded.config
    shape = layer.neurons, layer.inputs
    return np.random.default_rng(3).integers(layer.lowest, layer.highest + 1, shape, np.int16)


def test_the_position_of_a_counter() -> None:
    counters = np.zeros((6, 9), dtype=np.int16)
    counters[4, 7] = -3  # bank 1, m = 1; row 3 of the neuron, the upper counter
    images = counter_words(RAGGED, counters)
    assert [image.shape for image in images] == [(15, 6), (15, 6)]
    assert_same_array("where", [[1, 8, 3], [1, 8, 5]], np.argwhere(np.array(images)))


def test_the_position_of_a_snapshot_bit() -> None:
    snapshot = np.zeros((6, 9), dtype=np.uint8)
    snapshot[5, 6] = 1  # bank 1, m = 2: set 1, neuron 0; word 1, bit 2
    images = snapshot_words(RAGGED, snapshot)
    assert [image.shape for image in images] == [(6, 8), (6, 8)]
    assert_same_array("where", [[1, 4, 2]], np.argwhere(np.array(images)))


@pytest.mark.parametrize("folded", [*FOLDED_LAYERS.values(), RAGGED])
def test_images_are_converted_back(folded: FoldedLayer) -> None:
    counters = counters_for(folded)
    signs = (counters >= 0).astype(np.uint8)
    images = counter_words(folded, counters)
    assert {image.shape for image in images} == {(folded.bank_rows, folded.row_bits)}
    assert_same_array("counters", counters, counters_of(folded, images))
    images = snapshot_words(folded, signs)
    width = folded.plan.pe * folded.plan.simd
    assert {image.shape for image in images} == {(folded.sets * folded.words, width)}
    assert_same_array("snapshot", signs, snapshot_of(folded, images))


def test_padding_is_ignored() -> None:
    counters = counters_for(RAGGED)
    images = counter_words(RAGGED, counters)
    for image in images:
        image.reshape(3, 5, 2, 3)[:, 4, 1] = 1  # the tenth counter of nine
    assert_same_array("counters", counters, counters_of(RAGGED, images))
    signs = (counters >= 0).astype(np.uint8)
    images = snapshot_words(RAGGED, signs)
    for image in images:
        image.reshape(2, 3, 2, 4)[:, 2, :, 1:] = 1  # inputs 9 to 11
        image.reshape(2, 3, 2, 4)[1, :, 1] = 1  # the fourth neuron of three
    assert_same_array("snapshot", signs, snapshot_of(RAGGED, images))
