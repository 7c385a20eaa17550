# amaranth: UnusedElaboratable=no
"""The generated decoder of a group of registers: every kind of register, every status."""

from typing import Any

import pytest

from metaplast.golden_model.config import LayerConfig, NetworkConfig
from metaplast.hdl.registers.register_declaration import (
    LayerBound,
    OnRead,
    OnWrite,
    Register,
    RegisterGroup,
)
from metaplast.hdl.registers.register_file import RegisterFile
from metaplast.hdl.registers.register_map import Status

from ..simulate import simulate

MASK = (1 << 32) - 1
LAYER: LayerConfig = NetworkConfig(inputs=9, hidden=(6,), groups=(3,), classes=3).layers[0]


class Kinds(RegisterGroup):
    """A register of every kind."""

    PLAIN = Register(0, "rw", "32 bits", reset=0xCAFE)
    NARROW = Register(3, "rw", "5 to 9", minimum=5, maximum=9, reset=7)
    NOT_ZERO = Register(4, "rw", "8 bits, not 0", minimum=1, maximum=255, reset=1)
    OF_A_LAYER = Register(
        5, "rw", "0 to K", maximum=LayerBound("K", lambda layer: layer.neurons), reset=0
    )
    WRITE_ONLY = Register(6, "w", "stored, never read", maximum=1, reset=0)
    CONSTANT = Register(16, "r", "supplied")
    COUNT = Register(17, "rw", "supplied", OnWrite.CLEAR, reset=0)
    START = Register(18, "w", "1 only", OnWrite.ACTION, minimum=1, maximum=1)
    SEARCH = Register(19, "r", "found by an action", on_read=OnRead.ACTION)
    PORT = Register(255, "rw", "signed", OnWrite.ACTION, OnRead.ACTION, minimum=-8, maximum=7)


class ReadOnly(RegisterGroup):
    """A group in which nothing can be written."""

    ONE = Register(0, "r", "supplied")


SUPPLIED = {"constant": 0xC0, "count": 33, "search": 44, "port": -5 & MASK}
STORED = {"plain": 0xCAFE, "narrow": 7, "not_zero": 1, "of_a_layer": 0, "write_only": 0}
BOUNDS = {
    "PLAIN": (0, MASK),
    "NARROW": (5, 9),
    "NOT_ZERO": (1, 255),
    "OF_A_LAYER": (0, 6),
    "WRITE_ONLY": (0, 1),
    "COUNT": (0, MASK),
    "START": (1, 1),
    "PORT": (-8, 7),
}


class Decoder:
    """Requests to a register file in simulation, and their effects."""

    def __init__(self, context: Any, dut: RegisterFile):
        self.context, self.dut = context, dut

    def strobes(self) -> set[str]:
        """Names of the strobes that are set, such as ``written.start``."""
        found = set()
        for kind in ("written", "read"):
            interface = getattr(self.dut, kind)
            for name in interface.signature.members:
                if self.context.get(getattr(interface, name)):
                    found.add(f"{kind}.{name}")
        return found

    async def request(
        self, offset: int, data: int | None = None, *, enable: int = 1
    ) -> tuple[Status, int, set[str]]:
        """Read, or write ``data``; gives status, value and strobes of its cycle."""
        context, dut = self.context, self.dut
        context.set(dut.offset, offset)
        context.set(dut.write, data is not None)
        context.set(dut.data, (data or 0) & MASK)
        context.set(dut.enable, enable)
        answer = Status(context.get(dut.status)), context.get(dut.value), self.strobes()
        await context.tick()
        context.set(dut.enable, 0)
        return answer


def run_bench(dut: RegisterFile, bench: Any) -> None:
    async def run(context: Any) -> None:
        for name, value in SUPPLIED.items():
            if hasattr(dut.values, name):
                context.set(getattr(dut.values, name), value)
        await bench(Decoder(context, dut))

    simulate(dut, run)


def test_reads() -> None:
    async def bench(decoder: Decoder) -> None:
        for register in Kinds:
            name = register.name.lower()
            status, value, strobes = await decoder.request(register)
            if "r" not in register.declaration.access:
                assert (status, value) == (Status.ACCESS, 0), name
                assert not strobes
            else:
                assert (status, value) == (Status.OK, {**STORED, **SUPPLIED}[name]), name
                assert strobes == ({f"read.{name}"} if name in ("search", "port") else set())

    run_bench(RegisterFile(Kinds, LAYER), bench)


def test_writes_within_and_beyond_the_bounds() -> None:
    async def bench(decoder: Decoder) -> None:
        held = dict(STORED)
        for register in Kinds:
            name = register.name.lower()
            if register.name not in BOUNDS:
                for value in (0, 1, MASK):
                    answer = await decoder.request(register, value)
                    assert answer[0] is Status.ACCESS, name
                    assert not answer[2]
                continue
            lowest, highest = BOUNDS[register.name]
            values = {lowest, highest, (lowest + highest) // 2, lowest - 1, highest + 1}
            values |= {*range(16), *(1 << bit for bit in range(32))}
            for value in sorted(values):
                wide = value & MASK
                right = lowest <= value <= highest if lowest < 0 else lowest <= wide <= highest
                status, _, strobes = await decoder.request(register, value)
                assert status is (Status.OK if right else Status.RANGE), (name, value)
                assert strobes == ({f"written.{name}"} if right else set()), (name, value)
                if right and name in held:
                    held[name] = wide
                for stored, expected in held.items():
                    assert decoder.context.get(getattr(decoder.dut.values, stored)) == expected

    run_bench(RegisterFile(Kinds, LAYER), bench)


def test_a_write_is_answered_with_the_value_before() -> None:
    async def bench(decoder: Decoder) -> None:
        assert (await decoder.request(Kinds.PLAIN, 5))[1] == 0xCAFE
        assert (await decoder.request(Kinds.PLAIN, 6))[1] == 5
        assert (await decoder.request(Kinds.COUNT, 6))[1] == 33
        # A read that starts an action has no value yet; a register that cannot be read has none.
        assert (await decoder.request(Kinds.PORT, 6))[1] == 0
        assert (await decoder.request(Kinds.WRITE_ONLY, 1))[1] == 0
        assert (await decoder.request(Kinds.WRITE_ONLY, 0))[1] == 0

    run_bench(RegisterFile(Kinds, LAYER), bench)


def test_without_enable_nothing_is_carried_out() -> None:
    async def bench(decoder: Decoder) -> None:
        for register in Kinds:
            for data in (None, 1, 5):
                *_, strobes = await decoder.request(register, data, enable=0)
                assert not strobes
        for name, value in STORED.items():
            assert decoder.context.get(getattr(decoder.dut.values, name)) == value

    run_bench(RegisterFile(Kinds, LAYER), bench)


def test_offsets_without_a_register_are_unknown() -> None:
    async def bench(decoder: Decoder) -> None:
        for offset in sorted({*range(256)} - {*Kinds}):
            for data in (None, 1):
                assert await decoder.request(offset, data) == (Status.UNKNOWN, 0, set())

    run_bench(RegisterFile(Kinds, LAYER), bench)


def test_a_group_that_cannot_be_written_refuses_every_write() -> None:
    async def bench(decoder: Decoder) -> None:
        decoder.context.set(decoder.dut.values.one, 11)
        assert await decoder.request(0) == (Status.OK, 11, set())
        assert await decoder.request(0, 1) == (Status.ACCESS, 11, set())
        assert await decoder.request(1) == (Status.UNKNOWN, 0, set())
        assert await decoder.request(1, 1) == (Status.ACCESS, 0, set())

    run_bench(RegisterFile(ReadOnly), bench)


def test_a_bound_of_a_layer_needs_the_layer() -> None:
    with pytest.raises(ValueError, match="the bound `K` depends on the layer; give the layer"):
        RegisterFile(Kinds)


@pytest.mark.parametrize(("lowest", "highest"), [(-8, 8), (-10, 9), (-1, 7)])
def test_a_signed_range_is_one_of_twos_complement(lowest: int, highest: int) -> None:
    class Lopsided(RegisterGroup):
        """Bounds that no width of counters has."""

        ONE = Register(0, "w", "signed", OnWrite.ACTION, minimum=lowest, maximum=highest)

    message = f"ONE's values must be those of two's complement, not {lowest} to {highest}"
    with pytest.raises(ValueError, match=message):
        RegisterFile(Lopsided)
