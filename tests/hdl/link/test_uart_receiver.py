# amaranth: UnusedElaboratable=no
"""Bytes from a serial line."""

import pytest

from metaplast.hdl.link.uart_receiver import UartReceiver
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.link.benches.uart_receiver"


def run(receiver: UartReceiver, flip: bool = False) -> None:
    parameters = {"clocks_per_bit": receiver.clocks_per_bit}
    build(Design.of(receiver)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize("clocks_per_bit", [4, 5, 16, 104])
def test_bytes_are_received(clocks_per_bit: int) -> None:
    run(UartReceiver(clocks_per_bit=clocks_per_bit))


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"o: item \d+, in cycle \d+: expected"):
        run(UartReceiver(clocks_per_bit=5), flip=True)


def test_a_bit_has_a_middle() -> None:
    with pytest.raises(ValueError, match="clocks_per_bit must be at least 4, not 3"):
        UartReceiver(clocks_per_bit=3)
