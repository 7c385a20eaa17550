# amaranth: UnusedElaboratable=no
"""Bytes to a serial line."""

import pytest

from metaplast.hdl.link.uart_transmitter import UartTransmitter
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import BenchFailure, build

BENCH = "tests.hdl.link.benches.uart_transmitter"


def run(transmitter: UartTransmitter, flip: bool = False) -> None:
    parameters = {"clocks_per_bit": transmitter.clocks_per_bit}
    build(Design.of(transmitter)).run(BENCH, parameters=parameters, flip=flip)


@pytest.mark.parametrize("clocks_per_bit", [1, 2, 4, 13])
def test_bytes_are_sent(clocks_per_bit: int) -> None:
    run(UartTransmitter(clocks_per_bit=clocks_per_bit))


def test_the_bench_notices_a_flipped_bit() -> None:
    with pytest.raises(BenchFailure, match=r"tx: item \d+, in cycle \d+: expected"):
        run(UartTransmitter(clocks_per_bit=5), flip=True)


def test_a_bit_has_a_clock() -> None:
    with pytest.raises(ValueError, match="clocks_per_bit must be at least 1, not 0"):
        UartTransmitter(clocks_per_bit=0)
