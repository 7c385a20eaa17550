"""Writes that give a core the initial state of a seed."""

import re
from pathlib import Path

import pytest

from metaplast.golden_model import ConfigurationError, NetworkConfig, RandomStream
from metaplast.golden_model.random_stream import split_mix_64
from metaplast.hdl.client.initial_state import initial_state, stream_words, stream_writes

ALGORITHM = Path(__file__).parents[3] / "docs" / "algorithm.md"


def test_the_words_of_a_stream_are_those_of_the_documents_example() -> None:
    lines = re.findall(r"^    (\w+(?: \S+)*)  +([0-9A-F][0-9A-F ]*)$", ALGORITHM.read_text(), re.M)
    example = {name: [int(word, 16) for word in words.split()] for name, words in lines}
    (seed,), (number,) = example["seed"], example["id"]
    assert example["state"] == [seed << 16 | number]
    assert example["lo"] + example["hi"] == split_mix_64(example["state"][0], 2)
    stream = RandomStream(seed, number)
    assert stream_words(stream) == example["STREAM_0 to _3"]
    assert stream.draws(2).tolist() == example["first draws"]


def test_bit_0_of_the_words_is_unused() -> None:
    assert stream_words(RandomStream.from_history(1, 0)) == [2, 0, 0, 0]
    assert stream_words(RandomStream.from_history(0, 1 << 62)) == [0, 0, 0, 1 << 31]
    with pytest.raises(ConfigurationError):
        RandomStream.from_history(0, 1 << 63)


def test_each_layer_draws_counters_and_classifier_and_keeps_its_reinforcement() -> None:
    config = NetworkConfig(inputs=8, hidden=(4, 2), groups=(2, 1), classes=2, seed=9)
    writes = initial_state(config)
    drawings, last = writes[:-1], writes[-1]
    assert [lists[-1] for lists in drawings] == [(0x10C, 1), (0x10C, 2), (0x20C, 1), (0x20C, 2)]
    streams = [RandomStream(9, number) for number in (0, 1, 8, 9)]
    assert [lists[:-1] for lists in drawings] == [
        stream_writes(number // 2, stream) for number, stream in enumerate(streams)
    ]
    assert [address for address, _ in drawings[2][:-1]] == [0x208, 0x209, 0x20A, 0x20B]
    reinforcement = [stream_writes(layer, RandomStream(9, 8 * layer + 2)) for layer in range(2)]
    assert last == [*reinforcement[0], *reinforcement[1], (3, 1)]
