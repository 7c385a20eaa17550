"""The shared options: defaults, sizes, what is refused before any data are read."""

import re
from dataclasses import fields

import pytest
import typer

from metaplast.cli.options.options import DEFAULT_HIDDEN, Choices, option_name, parse_sizes
from metaplast.golden_model import NetworkConfig, default_group


def test_nothing_chosen_is_the_networks_own_defaults():
    config = Choices().network_config(inputs=7, classes=3)
    assert config == NetworkConfig(
        inputs=7, hidden=DEFAULT_HIDDEN, groups=(default_group(DEFAULT_HIDDEN[0]),), classes=3
    )


def test_help_states_the_networks_own_defaults(run):
    text = re.sub(r"[\s│]+", " ", run("train", "--help").out)
    for name in ("counter_bits", "robustness", "reinforcement", "batch", "seed", "shuffle_block"):
        (default,) = (field.default for field in fields(NetworkConfig) if field.name == name)
        stated = re.search(rf"{option_name(name)} (?:(?! --).)*?\[default: \(([^)]*)\)\]", text)
        assert stated is not None, name
        assert type(default)(stated[1]) == default


@pytest.mark.parametrize(
    ("neurons", "group"),
    [(1, 1), (3, 1), (4, 1), (7, 1), (8, 2), (12, 3), (100, 25), (127, 1), (128, 32), (1000, 25)],
)
def test_default_group(neurons, group):
    assert default_group(neurons) == group


def test_one_group_size_serves_every_layer():
    config = Choices(hidden=(12, 8), groups=(4,)).network_config(inputs=5, classes=2)
    assert config.groups == (4, 4)


@pytest.mark.parametrize(("text", "sizes"), [("5", (5,)), ("128,64", (128, 64)), (" 4, 2", (4, 2))])
def test_sizes(text, sizes):
    assert parse_sizes(text, "--hidden") == sizes


@pytest.mark.parametrize("text", ["", "a", "4,", "4,,2", "0", "8,-1", "1.5", "4;2"])
def test_no_sizes(text):
    with pytest.raises(typer.BadParameter, match="must be positive integers with commas") as error:
        parse_sizes(text, "--hidden")
    assert repr(text) in str(error.value)


def test_what_is_given():
    assert dict(Choices(seed=0, groups=(2,)).given()) == {"seed": 0, "groups": (2,)}


@pytest.mark.parametrize(
    ("option", "value", "sentence"),
    [
        ("--counter-bits", 1, "--counter-bits: must be from 2 to 16, not 1"),
        ("--counter-bits", 17, "--counter-bits: must be from 2 to 16, not 17"),
        ("--robustness", 2, "--robustness: must be from 0 to 1, not 2"),
        ("--robustness", -0.1, "--robustness: must be from 0 to 1, not -0.1"),
        ("--robustness", "nan", "--robustness: must be from 0 to 1, not nan"),
        ("--reinforcement", -1, "--reinforcement: must be finite and at least 0, not -1"),
        ("--reinforcement", "inf", "--reinforcement: must be finite and at least 0, not inf"),
        ("--batch", 0, "--batch: must be from 1 to 65535, not 0"),
        ("--batch", 65536, "--batch: must be from 1 to 65535, not 65536"),
        ("--shuffle-block", 0, "--shuffle-block: must be from 1 to 65535, not 0"),
        ("--shuffle-block", 65536, "--shuffle-block: must be from 1 to 65535, not 65536"),
        ("--seed", -1, "--seed: must be from 0 to 281474976710655, not -1"),
        ("--seed", 1 << 48, "--seed: must be from 0 to 281474976710655, not 281474976710656"),
        ("--classes", 1, "--classes: must be from 2 to 256, not 1"),
        ("--classes", 257, "--classes: must be from 2 to 256, not 257"),
        ("--epochs", 0, "--epochs: must be at least 1, not 0"),
        ("--epochs", 32769, "--epochs: must be at most 32768, not 32769"),
        ("--bits-per-feature", 0, "--bits-per-feature: must be an integer of at least 1, not 0"),
        ("--samples", 0, "--samples: must be at least 1, not 0"),
        ("--validation", -1, "--validation: must be at least 0, not -1"),
        ("--hidden", "12,x", "--hidden: must be positive integers with commas between them"),
    ],
)
def test_out_of_range(run, workspace, option, value, sentence):
    result = run("train", "no-such-data", option, value)  # refused before data are looked for
    assert result.status == 2
    assert result.sentence.replace("'", "").startswith(f"Invalid value for {sentence}")
    assert list(workspace.iterdir()) == []


@pytest.mark.parametrize(
    ("hidden", "groups", "rule"),
    [
        ("12", "5", "groups of 5 do not divide the 12 neurons of layer 0"),
        ("12,9", "4", "groups of 4 do not divide the 9 neurons of layer 1"),
        ("12,9", "4,3,3", "must name a group size for each of the 2 layers, not 3"),
    ],
)
def test_groups_that_do_not_fit(run, hidden, groups, rule):
    result = run("train", "no-such-data", "--hidden", hidden, "--groups", groups)
    assert result.status == 2
    assert rule in result.sentence
    assert "--groups" in result.sentence


@pytest.mark.parametrize("field", ["hidden", "groups"])
def test_a_size_that_cannot_be_is_one_of_its_option(field):
    sizes = {"hidden": (12, 12), "groups": (4, 4)} | {field: (12, 0)}
    with pytest.raises(typer.BadParameter) as caught:
        Choices(**sizes).network_config(inputs=5, classes=2)
    assert caught.value.param_hint == f"--{field}"
    assert caught.value.message == f"{field}[1] must be from 1 to 2147483648, not 0"


def test_groups_that_do_not_divide_the_default_layer(run):
    result = run("train", "digits", "--groups", 7)
    assert result.status == 2
    assert f"groups of 7 do not divide the {DEFAULT_HIDDEN[0]} neurons" in result.sentence


def test_a_layer_too_large_to_address(run):
    result = run("train", "no-such-data", "--hidden", "100000,100000")
    assert result.status == 2
    assert "make the layer smaller" in result.sentence
