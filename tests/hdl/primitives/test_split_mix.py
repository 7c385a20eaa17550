"""The seeding of random streams in gateware; its stream is in ../test_stream_components.py."""

from metaplast.golden_model.random_stream import split_mix_64
from metaplast.hdl.primitives.split_mix import INCREMENT


def test_no_history_is_all_zero() -> None:
    # Each step of the output is a bijection that keeps zero, so only the state 0 gives 0. The
    # second output is then that of a single increment.
    state_before_zero = -INCREMENT % (1 << 64)
    assert split_mix_64(state_before_zero, 2) == [0, split_mix_64(0, 1)[0]]
    assert split_mix_64(0, 1)[0] % (1 << 63) != 0
