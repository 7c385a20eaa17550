"""The bit stream, against a reading of docs/algorithm.md, 6, bit by bit."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from metaplast.golden_model import ConfigurationError, RandomStream, random_stream as stream
from metaplast.golden_model.config import MAX_SEED
from metaplast.golden_model.random_stream import (
    classifier_id,
    initial_counters_id,
    order_id,
    reinforcement_id,
    split_mix_64,
)

from ..comparison import assert_same_array
from ..strategies import seeds

IDS = st.integers(0, (1 << 16) - 1)

# Enough that the fast recurrence has reached, and taken, its longest step.
MANY = 24_000


def bits_before(seed: int, stream_id: int) -> list[int]:
    """b[−127] … b[−1]."""
    state, words = seed << 16 | stream_id, []
    for _ in range(2):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        z = state
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
        z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
        words.append(z ^ z >> 31)
    low, high = words
    bits = [(low | high << 64) >> t & 1 for t in range(127)]
    if not any(bits):
        bits[0] = 1
    return bits


def plain_draws(seed: int, stream_id: int, count: int) -> list[int]:
    """The stream's first draws, in plain loops."""
    b = bits_before(seed, stream_id)
    for _ in range(32 * count):
        b.append(b[-64] ^ b[-127])
    b = b[127:]
    return [sum(b[32 * draw + bit] << bit for bit in range(32)) for draw in range(count)]


def history_words(bits: list[int]) -> tuple[int, int]:
    history = sum(bit << t for t, bit in enumerate(bits))
    return history % 2**64, history >> 64


def test_split_mix_64_gives_its_published_outputs() -> None:
    assert split_mix_64(0, 3) == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert split_mix_64(1234567, 3) == [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
    ]


@given(seeds(), IDS, st.integers(0, 300))
def test_draws_are_those_of_the_plain_loop(seed: int, stream_id: int, count: int) -> None:
    draws = RandomStream(seed, stream_id).draws(count)
    assert draws.dtype == np.uint32
    assert_same_array("draws", plain_draws(seed, stream_id, count), draws)


def test_many_draws_are_those_of_the_plain_loop() -> None:
    fast = RandomStream(12345, 2)
    assert_same_array("draws", plain_draws(12345, 2, MANY), fast.draws(MANY))
    assert fast._doubling == stream.LAST_DOUBLING - stream.FIRST_DOUBLING


@given(seeds(), IDS, st.lists(st.integers(0, 700) | st.integers(0, 9), max_size=12))
def test_any_chunking_gives_the_same_draws(seed: int, stream_id: int, counts: list[int]) -> None:
    whole, chunked = RandomStream(seed, stream_id), RandomStream(seed, stream_id)
    expected = whole.draws(sum(counts))
    got = np.concatenate([np.empty(0, np.uint32), *(chunked.draws(count) for count in counts)])
    assert_same_array("draws", expected, got)
    assert chunked.history == whole.history


@given(st.lists(st.integers(0, MANY), max_size=6))
def test_any_chunking_of_many_draws_gives_the_same(places: list[int]) -> None:
    counts = [end - start for start, end in pairwise([0, *sorted(places), MANY])]
    chunked = RandomStream(3, 4)
    assert_same_array(
        "draws",
        RandomStream(3, 4).draws(MANY),
        np.concatenate([chunked.draws(count) for count in counts]),
    )


@given(seeds(), IDS)
def test_the_first_history_is_the_seeds(seed: int, stream_id: int) -> None:
    assert RandomStream(seed, stream_id).history == history_words(bits_before(seed, stream_id))


@given(seeds(), st.integers(0, 20))
def test_history_is_the_last_127_bits(seed: int, count: int) -> None:
    b = bits_before(seed, 7)
    for draw in plain_draws(seed, 7, count):
        b += [draw >> bit & 1 for bit in range(32)]
    drawn = RandomStream(seed, 7)
    drawn.draws(count)
    assert drawn.history == history_words(b[-127:])


@given(seeds(), st.integers(0, 2 * MANY) | st.integers(0, 300), st.integers(1, 400))
def test_a_stream_goes_on_from_its_history_at_any_point(seed: int, done: int, more: int) -> None:
    first = RandomStream(seed, 2)
    first.draws(done)
    before = first.history
    second = RandomStream.from_history(*before)
    assert second.history == before, "reading a history changes nothing"
    assert_same_array("draws", first.draws(more), second.draws(more))
    assert second.history == first.history


def test_history_after_every_draw_of_a_long_run() -> None:
    drawn, goes_on = RandomStream(9, 9), RandomStream(9, 9)
    for _ in range(1200):
        assert_same_array("draw", drawn.draws(1), goes_on.draws(1))
        goes_on = RandomStream.from_history(*goes_on.history)
        assert goes_on.history == drawn.history


@given(st.integers(1, (1 << 127) - 1))
def test_a_history_is_kept_as_it_is(history: int) -> None:
    words = history % 2**64, history >> 64
    assert RandomStream.from_history(*words).history == words


def test_a_history_in_numpy_words_is_the_same() -> None:
    low, high = RandomStream(5, 2).history
    words = np.array([low, high], dtype=np.uint64)
    assert RandomStream.from_history(*words).history == (low, high)


def test_a_history_of_zeros_gets_its_oldest_bit_set(monkeypatch: pytest.MonkeyPatch) -> None:
    # No seed is known that gives it; the only bit set here is the one that is dropped.
    monkeypatch.setattr(stream, "split_mix_64", lambda state, count: [0, 1 << 63])
    started = RandomStream(1, 0)
    assert started.history == (1, 0)
    assert started.draws(4).tolist() == [1, 0, 1, 0x80000000]


def test_every_stream_has_an_id_of_its_own() -> None:
    assert [initial_counters_id(0), classifier_id(0), reinforcement_id(0)] == [0, 1, 2]
    assert [initial_counters_id(3), classifier_id(3), reinforcement_id(3)] == [24, 25, 26]
    assert reinforcement_id(4095) < order_id(0) == 0x8000
    assert order_id(32767) == 0xFFFF


@pytest.mark.parametrize("epoch", [-1, 32768])
def test_an_epoch_without_a_stream_is_refused(epoch: int) -> None:
    message = f"^an epoch must be from 0 to 32767, not {epoch}$"
    with pytest.raises(ConfigurationError, match=message):
        order_id(epoch)


@pytest.mark.parametrize("seed", [-1, 1 << 48])
def test_a_seed_out_of_range_is_refused(seed: int) -> None:
    message = f"^seed must be from 0 to 281474976710655, not {seed}$"
    with pytest.raises(ConfigurationError, match=message):
        RandomStream(seed, 0)


@pytest.mark.parametrize("stream_id", [-1, 1 << 16])
def test_a_stream_id_out_of_range_is_refused(stream_id: int) -> None:
    message = f"^stream_id must be from 0 to 65535, not {stream_id}$"
    with pytest.raises(ConfigurationError, match=message):
        RandomStream(1, stream_id)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8])
def test_seeds_and_numbers_may_be_numpys(kind: type[np.integer]) -> None:
    expected = RandomStream(5, 9).draws(40).tolist()
    assert RandomStream(kind(5), 9).draws(40).tolist() == expected
    assert RandomStream(5, kind(9)).draws(40).tolist() == expected
    assert order_id(kind(3)) == 0x8003
    assert type(order_id(kind(3))) is int


def test_numpys_seeds_reach_the_last() -> None:
    assert (
        RandomStream(np.int64(MAX_SEED), 0xFFFF).history == RandomStream(MAX_SEED, 0xFFFF).history
    )
    assert RandomStream(1, np.uint16(0xFFFF)).history == RandomStream(1, 0xFFFF).history


@pytest.mark.parametrize("value", [1.5, "1", None, True, np.float64(2)])
def test_what_is_no_integer_is_refused(value: Any) -> None:
    for name, make in (
        ("seed", lambda: RandomStream(value, 0)),
        ("stream_id", lambda: RandomStream(1, value)),
        ("an epoch", lambda: order_id(value)),
    ):
        with pytest.raises(ConfigurationError) as caught:
            make()
        assert str(caught.value) == f"{name} must be an integer, not {value!r}"


@pytest.mark.parametrize(
    ("low", "high", "named"),
    [
        (0, 0, "0x0 and 0x0"),
        (0, 1 << 63, "0x0 and 0x8000000000000000"),
        (1 << 64, 0, "0x10000000000000000 and 0x0"),
        (-1, 0, "-0x1 and 0x0"),
        (1, -1, "0x1 and -0x1"),
    ],
)
def test_a_history_that_cannot_be_is_refused(low: int, high: int, named: str) -> None:
    message = (
        "^a stream's history must be 127 bits, not all zero, in words of 64 and 63 bits, "
        f"not {named}$"
    )
    with pytest.raises(ConfigurationError, match=message):
        RandomStream.from_history(low, high)


def test_a_flipped_bit_of_a_history_changes_the_draws() -> None:
    low, high = RandomStream(5, 2).history
    flipped = RandomStream.from_history(low ^ 1 << 40, high)
    with pytest.raises(AssertionError, match=r"^draws: \d+ of 8 differ"):
        assert_same_array("draws", RandomStream(5, 2).draws(8), flipped.draws(8))
