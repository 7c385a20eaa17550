"""NetworkConfig: what it derives, what it refuses and how it says so."""

import json
import math
import time
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from metaplast.golden_model import ConfigurationError, MetaplastError, NetworkConfig
from metaplast.golden_model.config import ceil_log2

from ..strategies import network_configs

VALUES: dict[str, Any] = {"inputs": 20, "hidden": (12, 8), "groups": (4, 8), "classes": 3}


def config(**changes: Any) -> NetworkConfig:
    return NetworkConfig(**{**VALUES, **changes})


def test_defaults() -> None:
    defaults = config().to_dict()
    assert {key: defaults[key] for key in defaults.keys() - VALUES.keys()} == {
        "counter_bits": 8,
        "robustness": 0.2,
        "reinforcement": 1.0,
        "batch": 100,
        "seed": 1,
        "shuffle_block": 1,
    }


def test_layers() -> None:
    first, second = config(robustness=0.3, counter_bits=5).layers
    assert (first.index, first.inputs, first.neurons, first.group, first.group_count) == (
        0,
        20,
        12,
        4,
        3,
    )
    assert (second.index, second.inputs, second.neurons, second.group, second.group_count) == (
        1,
        12,
        8,
        8,
        1,
    )
    assert (first.neuron_bits, first.input_bits) == (4, 5)
    assert (second.neuron_bits, second.input_bits) == (3, 4)
    assert (first.margin, second.margin) == (3, 2)
    assert (first.weights, second.weights) == (240, 96)
    assert (first.classes, first.counter_bits) == (3, 5)


@pytest.mark.parametrize(
    ("value", "bits"),
    [(1, 1), (2, 1), (3, 2), (4, 2), (5, 3), (128, 7), (129, 8), (784, 10), (1024, 10), (1025, 11)],
)
def test_ceil_log2(value: int, bits: int) -> None:
    assert ceil_log2(value) == bits


@given(st.integers(2, 1 << 31))
def test_ceil_log2_is_the_least_that_numbers_all(value: int) -> None:
    assert 1 << ceil_log2(value) - 1 < value <= 1 << ceil_log2(value)


@pytest.mark.parametrize(
    ("counter_bits", "initial_bits", "lowest", "highest"),
    [
        (2, 1, -2, 1),
        (3, 1, -4, 3),
        (4, 2, -8, 7),
        (7, 5, -64, 63),
        (8, 6, -128, 127),
        (9, 6, -256, 255),
        (16, 6, -32768, 32767),
    ],
)
def test_counter_widths(counter_bits: int, initial_bits: int, lowest: int, highest: int) -> None:
    for layer in config(counter_bits=counter_bits).layers:
        assert (layer.initial_bits, layer.lowest, layer.highest) == (initial_bits, lowest, highest)


@pytest.mark.parametrize(
    ("robustness", "neurons", "margin"),
    [(0, 12, 0), (1, 12, 12), (0.25, 12, 3), (0.25, 15, 3), (0.07, 100, 7), (0.29, 100, 28)],
)
def test_margin_is_the_floor_of_the_double_product(
    robustness: float, neurons: int, margin: int
) -> None:
    (layer,) = config(hidden=[neurons], groups=[1], robustness=robustness).layers
    assert layer.margin == margin


@given(network_configs())
def test_a_configuration_survives_json(network: NetworkConfig) -> None:
    read = NetworkConfig.from_dict(json.loads(json.dumps(network.to_dict())))
    assert read == network
    assert hash(read) == hash(network)
    assert read.layers == network.layers


@given(network_configs())
def test_layers_are_a_chain(network: NetworkConfig) -> None:
    layers = network.layers
    assert [layer.index for layer in layers] == list(range(len(network.hidden)))
    assert [layer.inputs for layer in layers] == [network.inputs, *network.hidden[:-1]]
    assert tuple(layer.neurons for layer in layers) == network.hidden
    assert all(layer.group * layer.group_count == layer.neurons for layer in layers)
    assert all(0 <= layer.margin <= layer.neurons for layer in layers)


def test_a_configuration_is_frozen_and_can_be_replaced() -> None:
    network = config()
    with pytest.raises(FrozenInstanceError):
        network.seed = 2  # type: ignore[misc]
    assert replace(network, seed=2) == config(seed=2) != network
    with pytest.raises(ConfigurationError):
        replace(network, seed=-1)


def test_numpys_numbers_and_lists_become_plain_ones() -> None:
    network = NetworkConfig(
        inputs=np.int64(20),  # type: ignore[arg-type]
        hidden=np.array([12, 8]),  # type: ignore[arg-type]
        groups=[4, 8],  # type: ignore[arg-type]
        classes=np.uint8(3),  # type: ignore[arg-type]
        robustness=np.float32(0.25),  # type: ignore[arg-type]
        reinforcement=1,
    )
    assert network == config(robustness=0.25)
    assert json.dumps(network.to_dict()) == json.dumps(config(robustness=0.25).to_dict())
    assert [type(size) for size in network.hidden] == [int, int]


@pytest.mark.parametrize(
    "changes",
    [
        {"inputs": 1, "hidden": [1], "groups": [1]},
        {"inputs": 1 << 31, "hidden": [2], "groups": [2]},
        {"inputs": 65536, "hidden": [65536], "groups": [1]},
        {"hidden": [2] * 4096, "groups": [1] * 4096},
        {"classes": 2},
        {"classes": 256},
        {"counter_bits": 2},
        {"counter_bits": 16},
        {"robustness": 0},
        {"robustness": 1},
        {"reinforcement": 0},
        {"batch": 1},
        {"batch": 65535},
        {"seed": 0},
        {"seed": (1 << 48) - 1},
    ],
)
def test_the_ends_of_every_range_are_allowed(changes: dict[str, Any]) -> None:
    assert config(**changes).to_dict() == {**config().to_dict(), **changes}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": 0}, "inputs must be from 1 to 2147483648, not 0"),
        ({"inputs": 2.0}, "inputs must be an integer, not 2.0"),
        ({"inputs": True}, "inputs must be an integer, not True"),
        ({"inputs": "20"}, "inputs must be an integer, not '20'"),
        ({"inputs": None}, "inputs must be an integer, not None"),
        ({"hidden": ()}, "hidden must name from 1 to 4096 layers, not 0"),
        (
            {"hidden": [1] * 4097, "groups": [1] * 4097},
            "hidden must name from 1 to 4096 layers, not 4097",
        ),
        ({"hidden": 12}, "hidden must be a sequence of integers, not 12"),
        ({"hidden": "12,8"}, "hidden must be a sequence of integers, not '12,8'"),
        ({"hidden": b"12"}, "hidden must be a sequence of integers, not b'12'"),
        ({"hidden": np.array(12)}, "hidden must be a sequence of integers, not array(12)"),
        ({"hidden": (12, 0)}, "hidden[1] must be from 1 to 2147483648, not 0"),
        ({"hidden": (12, 8.5)}, "hidden[1] must be an integer, not 8.5"),
        ({"groups": None}, "groups must be a sequence of integers, not None"),
        ({"groups": (4, -8)}, "groups[1] must be from 1 to 2147483648, not -8"),
        ({"groups": (4,)}, "groups must name a group size for each of the 2 layers, not 1"),
        (
            {"groups": (4, 3)},
            "groups of 3 do not divide the 8 neurons of layer 1; group sizes that do: 1, 2, 4, 8",
        ),
        (
            {"groups": (24, 8)},
            (
                "groups of 24 do not divide the 12 neurons of layer 0; "
                "group sizes that do: 1, 2, 3, 4, 6, 12"
            ),
        ),
        ({"classes": 1}, "classes must be from 2 to 256, not 1"),
        ({"classes": 257}, "classes must be from 2 to 256, not 257"),
        ({"counter_bits": 1}, "counter_bits must be from 2 to 16, not 1"),
        ({"counter_bits": 17}, "counter_bits must be from 2 to 16, not 17"),
        ({"robustness": 2}, "robustness must be from 0 to 1, not 2.0"),
        ({"robustness": -0.1}, "robustness must be from 0 to 1, not -0.1"),
        ({"robustness": math.nan}, "robustness must be from 0 to 1, not nan"),
        ({"robustness": "0.25"}, "robustness must be a number, not '0.25'"),
        ({"robustness": True}, "robustness must be a number, not True"),
        ({"robustness": None}, "robustness must be a number, not None"),
        ({"reinforcement": -1}, "reinforcement must be finite and at least 0, not -1.0"),
        ({"reinforcement": math.inf}, "reinforcement must be finite and at least 0, not inf"),
        ({"reinforcement": math.nan}, "reinforcement must be finite and at least 0, not nan"),
        ({"reinforcement": 10**400}, "reinforcement must be finite and at least 0, not inf"),
        ({"reinforcement": -(10**400)}, "reinforcement must be finite and at least 0, not -inf"),
        ({"batch": 0}, "batch must be from 1 to 65535, not 0"),
        ({"batch": 65536}, "batch must be from 1 to 65535, not 65536"),
        ({"shuffle_block": 0}, "shuffle_block must be from 1 to 65535, not 0"),
        ({"shuffle_block": 65536}, "shuffle_block must be from 1 to 65535, not 65536"),
        ({"shuffle_block": 1.5}, "shuffle_block must be an integer, not 1.5"),
        ({"seed": -1}, "seed must be from 0 to 281474976710655, not -1"),
        ({"seed": 1 << 48}, "seed must be from 0 to 281474976710655, not 281474976710656"),
        (
            {"inputs": 1 << 28, "hidden": (32, 8), "groups": (4, 8)},
            (
                "layer 0 of 32 neurons with 268435456 inputs needs 33 bits to name a weight, "
                "and a draw has 32; make the layer smaller"
            ),
        ),
        (
            {"hidden": (65537, 32769), "groups": (1, 1)},
            (
                "layer 1 of 32769 neurons with 65537 inputs needs 33 bits to name a weight, "
                "and a draw has 32; make the layer smaller"
            ),
        ),
    ],
)
def test_what_cannot_be_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        config(**changes)
    assert str(error.value) == message


def test_a_refusal_is_metaplasts_and_a_value_error() -> None:
    for kind in (MetaplastError, ValueError):
        with pytest.raises(kind):
            config(classes=1)


def test_group_sizes_of_a_huge_layer_are_named_at_once() -> None:
    started = time.process_time()
    with pytest.raises(ConfigurationError, match=r"group sizes that do: 1, 2, 4, .*, 2147483648$"):
        config(inputs=1, hidden=[1 << 31], groups=[3])
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("seed"), "the configuration lacks seed"),
        (lambda d: [d.pop("inputs"), d.pop("batch")], "the configuration lacks batch, inputs"),
        (lambda d: d.update(epochs=1), "the configuration has unknown keys: epochs"),
        (lambda d: d.update({2: 1, "a": 1}), "the configuration has unknown keys: 2, a"),
        (lambda d: d.update(classes=1), "classes must be from 2 to 256, not 1"),
    ],
)
def test_a_dictionary_that_does_not_fit_is_refused(
    change: Callable[[dict[Any, Any]], Any], message: str
) -> None:
    values = config().to_dict()
    change(values)
    with pytest.raises(ConfigurationError) as error:
        NetworkConfig.from_dict(values)
    assert str(error.value) == message


def test_values_from_before_the_shuffle_block() -> None:
    values = config().to_dict()
    del values["shuffle_block"]
    assert NetworkConfig.from_dict(values) == config(shuffle_block=1)


@pytest.mark.parametrize("values", [None, [1, 2], "inputs", 3])
def test_what_is_no_dictionary_is_refused(values: Any) -> None:
    with pytest.raises(ConfigurationError) as error:
        NetworkConfig.from_dict(values)
    assert str(error.value) == f"a configuration must name its values, not be {values!r}"
