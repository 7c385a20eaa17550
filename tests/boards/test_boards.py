"""The boards, elaborated without any tools."""

from fractions import Fraction

import pytest

from metaplast.boards.bitstream.prepare import prepare
from metaplast.boards.targets.board_target import BoardTarget
from metaplast.boards.targets.catalogue import BOARDS, find_board, own_network
from metaplast.golden_model.config import NetworkConfig
from metaplast.golden_model.errors import ConfigurationError
from metaplast.hdl.primitives.vector_adder import (
    CELL,
    DSP_ADDERS_AFTER_READ,
    DSP_ADDERS_AFTER_SYNTHESIS,
)

SMALL = NetworkConfig(inputs=16, hidden=(8,), groups=(4,), classes=4)
EVERY = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.name)


@EVERY
def test_elaborates(board: BoardTarget) -> None:
    prepared = prepare(board, SMALL)
    assert "top.il" in prepared.files
    constraints = "".join(
        text for name, text in prepared.files.items() if name.endswith((".pcf", ".lpf", ".cst"))
    )
    for pin in ("uart_0__rx", "uart_0__tx", "led_0__io", f"{board.crystal}_0__io"):
        assert pin in constraints
    assert prepared.clock == board.clock_hertz


@EVERY
def test_the_universal_trainer_takes_the_default_network(board: BoardTarget) -> None:
    assert board.trainer.place(board.network).config == board.network
    assert board.trainer.fpga == board.fpga_name


@pytest.mark.slow
@EVERY
def test_the_universal_trainer_elaborates(board: BoardTarget) -> None:
    prepared = prepare(board)
    assert prepared.design == board.trainer
    assert "\\top.trainer.core.network.layer_0.evaluating" in prepared.files["top.il"]


def test_the_universal_trainer_of_the_icebreaker_adds_in_dsps() -> None:
    files = prepare(find_board("icebreaker")).files
    assert files["top.il"].count(f"cell \\{CELL} ") == 5
    script = files["top.ys"]
    parts = ("read_rtlil", DSP_ADDERS_AFTER_READ, "synth_ice40", DSP_ADDERS_AFTER_SYNTHESIS)
    assert sorted(parts, key=script.index) == list(parts)


def test_no_other_board_has_dsps_that_add() -> None:
    for board in BOARDS:
        if board.fpga.family != "ice40":
            assert DSP_ADDERS_AFTER_READ not in prepare(board, SMALL).files["top.ys"]


@EVERY
def test_elaborates_the_same_twice(board: BoardTarget) -> None:
    assert prepare(board, SMALL).files == prepare(board, SMALL).files


@EVERY
def test_has_a_clock_for_the_link(board: BoardTarget) -> None:
    clock, pll = board.clock()
    assert (pll is None) == (board.clock_hertz == board.crystal_hertz)
    assert abs(clock / board.clocks_per_bit(clock) / board.baud - 1) <= Fraction(1, 50)


@EVERY
def test_takes_another_clock_from_its_pll(board: BoardTarget) -> None:
    prepared = prepare(board, SMALL, clock=Fraction(36_000_000))
    assert prepared.pll is not None
    assert prepared.clock == prepared.pll.frequency
    cell = {"ice40": "SB_PLL40_PAD", "ecp5": "EHXPLLL", "gowin": "rPLL"}[board.fpga.family]
    assert f"cell \\{cell} " in prepared.files["top.il"]


def test_a_clock_that_the_link_cannot_divide() -> None:
    board = find_board("icebreaker")
    with pytest.raises(ConfigurationError, match=r"a bit takes 17\.6 cycles.*--clock"):
        board.clock(Fraction(17_500_000))


def test_case_and_punctuation_of_names_do_not_matter() -> None:
    assert find_board("ULX3S (85F)").name == "ulx3s-85f"


def test_an_unknown_board() -> None:
    with pytest.raises(ConfigurationError) as error:
        find_board("arty")
    assert str(error.value) == (
        "board 'arty' is not known; known boards: "
        "icebreaker, ulx3s-12f, ulx3s-85f, orangecrab, tang-nano-9k"
    )


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("Tang Nano 9K", (64, (64,), 10)),
        ("ECP5-85F", (784, (256,), 10)),
        ("ECP5-45F", (784, (128,), 10)),
    ],
)
def test_boards_and_fpgas_have_a_default_network(name: str, shape: tuple[int, ...]) -> None:
    network = own_network(name)
    assert (network.inputs, network.hidden, network.classes) == shape


def test_an_unknown_name_has_no_default_network() -> None:
    with pytest.raises(ConfigurationError, match="board 'arty' is not known"):
        own_network("arty")
