# amaranth: UnusedElaboratable=no
"""The adder of vectors, and its DSP."""

from dataclasses import replace
from random import Random
from typing import Any

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.primitives.vector_adder import CELL, DSP, VectorAdder
from metaplast.sim.verilator.design import Design
from metaplast.sim.verilator.simulator import build

from ...sim.netlists import ICE40
from ..simulate import simulate

BENCH = "tests.hdl.primitives.benches.vector_adder"
SIZES = [(8, 3), (6, 4), (4, 7), (5, 5), (1, 1), (2, 15), (1, 31)]
"""Lengths and widths."""


def vector_pairs(adder: VectorAdder) -> list[tuple[list[int], list[int]]]:
    """Vectors of the largest numbers, of one large number among zeros, and of random ones."""
    random, length, highest = Random(1), adder.length, (1 << adder.width) - 1
    alone = [[highest * (n == m) for m in range(length)] for n in range(length)]

    def draw() -> list[int]:
        return [random.randint(0, highest) for _ in range(length)]

    return [
        ([highest] * length, [highest] * length),
        *((vector, vector) for vector in alone),
        *((draw(), draw()) for _ in range(50)),
    ]


def added(a: list[int], b: list[int]) -> list[int]:
    return [x + y for x, y in zip(a, b, strict=True)]


def check_sums(adder: VectorAdder, *, flip: bool = False) -> None:
    """Add vectors, a pair a cycle; if ``flip`` is set, every sum is expected wrongly."""

    async def bench(ctx: SimulatorContext) -> None:
        waiting: list[int] | None = None
        for a, b in vector_pairs(adder):
            for n in range(adder.length):
                ctx.set(adder.a[n], a[n])
                ctx.set(adder.b[n], b[n])
            expected = waiting if adder.registered else added(a, b)
            waiting = added(a, b)
            if expected is not None:
                sums = [ctx.get(adder.o[n]) for n in range(adder.length)]
                assert sums == [value ^ flip for value in expected]
            await ctx.tick()

    simulate(adder, bench)


@pytest.mark.parametrize("registered", [False, True])
@pytest.mark.parametrize(("length", "width"), SIZES)
def test_vectors_are_added(length: int, width: int, registered: bool) -> None:
    check_sums(VectorAdder(length=length, width=width, registered=registered))


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError):
        check_sums(VectorAdder(length=8, width=3), flip=True)


@pytest.mark.parametrize("registered", [False, True])
@pytest.mark.parametrize(("length", "width"), SIZES[:4])
def test_a_dsp_adds_the_same(length: int, width: int, registered: bool) -> None:
    # The DSP is a vendor's Verilog, which Amaranth's simulator does not read.
    adder = VectorAdder(length=length, width=width, registered=registered)
    design = Design.of(adder, platform=ICE40.platform)
    assert design.verilog.count(CELL) == 1
    verilog = design.verilog.replace(CELL, DSP) + ICE40.models()
    vectors = [{"a": a, "b": b, "sums": added(a, b)} for a, b in vector_pairs(adder)]
    parameters = {"registered": registered, "vectors": vectors}
    build(replace(design, verilog=verilog)).run(BENCH, parameters=parameters)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"width": 0}, "width must be from 1 to 31, not 0"),
        ({"width": 32}, "width must be from 1 to 31, not 32"),
        ({"length": 0}, "length must be from 1 to 8 for numbers of 3 bits, not 0"),
        ({"length": 9}, "length must be from 1 to 8 for numbers of 3 bits, not 9"),
    ],
)
def test_parameters_out_of_range_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        VectorAdder(**{"length": 8, "width": 3, **wrong})
