# amaranth: UnusedElaboratable=no
"""Bytes to a serial line."""

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.link.uart_transmitter import UartTransmitter
from metaplast.sim.bench import Flow

from ..streams import IDLE_FLOWS, StreamBench, check_latency

BYTES = 20


def check_line(clocks: int, flow: Flow, *, flip: bool = False) -> None:
    """Send bytes, and check the line in every cycle.

    A byte is on the line from the cycle after it was taken on, for ten bits.
    """
    streams = StreamBench(UartTransmitter(clocks_per_bit=clocks), flow, flip=flip)
    sender, line, seen = streams.sender("i"), streams.scoreboard("tx"), streams.watch("tx")
    values = [0x00, 0xFF, 0x55, *streams.random.choices(range(256), k=BYTES)]

    async def bench(ctx: SimulatorContext) -> None:
        await sender.send(ctx, values)
        await streams.ticks(ctx, 12 * clocks)
        levels = [1] * streams.cycle
        for byte, taken in zip(values, sender.cycles, strict=True):
            bits = [0, *(byte >> bit & 1 for bit in range(8)), 1]
            levels[taken + 1 : taken + 1 + 10 * clocks] = [b for b in bits for _ in range(clocks)]
        line.expect(*levels)
        for cycle, level in enumerate(seen["tx"]):
            line.receive(level, cycle)

    streams.run(bench)
    if flow is Flow.STEADY:
        check_latency(sender.cycles[:-1], sender.cycles[1:], 10 * clocks)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
@pytest.mark.parametrize("clocks_per_bit", [1, 2, 4, 13])
def test_bytes_are_sent(clocks_per_bit: int, flow: Flow) -> None:
    check_line(clocks_per_bit, flow)


@pytest.mark.parametrize("flow", IDLE_FLOWS)
def test_the_check_notices_a_flipped_bit(flow: Flow) -> None:
    with pytest.raises(AssertionError, match=r"^tx: item \d+, in cycle \d+: expected"):
        check_line(5, flow, flip=True)


def test_a_bit_has_a_clock() -> None:
    with pytest.raises(ValueError, match="clocks_per_bit must be at least 1, not 0"):
        UartTransmitter(clocks_per_bit=0)
