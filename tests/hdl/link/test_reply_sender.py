# amaranth: UnusedElaboratable=no
"""Contents of replies."""

import pytest

from metaplast.hdl.link.reply_sender import ReplySender
from metaplast.sim.design import Design
from metaplast.sim.verilator import BenchFailure, build

BENCH = "tests.hdl.link.benches.reply_sender"


def run(sender: ReplySender, flip: bool = False) -> None:
    parameters = {"layers": sender.layers, "counter_bits": sender.counter_bits}
    build(Design.of(sender)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize(("layers", "counter_bits"), [(1, 2), (2, 8), (3, 9), (8, 16)])
def test_replies_are_sent(layers: int, counter_bits: int) -> None:
    run(ReplySender(layers=layers, counter_bits=counter_bits))


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"o: item \d+, in cycle \d+: expected"):
        run(ReplySender(layers=2, counter_bits=8), flip=True)


def test_a_network_has_a_layer() -> None:
    with pytest.raises(ValueError, match="layers must be at least 1, not 0"):
        ReplySender(layers=0, counter_bits=8)


@pytest.mark.parametrize("counter_bits", [1, 17])
def test_counters_have_2_to_16_bits(counter_bits: int) -> None:
    with pytest.raises(ValueError, match=f"counter_bits must be from 2 to 16, not {counter_bits}"):
        ReplySender(layers=1, counter_bits=counter_bits)
