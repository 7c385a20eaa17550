"""The gate counts, against counts by hand."""

import pytest

from metaplast.golden_model import EpochRecord, NetworkConfig
from metaplast.golden_model.baselines import gate_counts as gates


def record(**changes: object) -> EpochRecord:
    values = {
        "epoch": 0,
        "samples": 100,
        "accuracy": 0.5,
        "layer_accuracy": (0.5,),
        "error_rate": (0.5,),
        "updates": (0,),
        "events": (0,),
        "saturated": (0,),
        "seconds": 1.0,
    }
    return EpochRecord(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(("bits", "adders"), [(1, 0), (3, 1), (7, 4), (15, 11), (4, 1)])
def test_popcount_takes_a_full_adder_for_each_bit_that_goes(bits, adders):
    assert gates.popcount(bits) == 5 * adders


def test_float_arithmetic_is_thousands_of_gates():
    assert (gates.FLOAT_ADD, gates.FLOAT_MULTIPLY) == (1211, 3537)


CONFIG = NetworkConfig(
    inputs=7, hidden=(6,), groups=(3,), classes=2, counter_bits=4, batch=10, robustness=0.0
)


def test_forward_pass():
    quiet = record(error_rate=(0.0,))
    neuron = 7 + 5 * 4 + 5 * 4  # XNOR, popcount of 7 into 3 bits, threshold of 4 bits
    score = 6 + 5 * 3 + 2 * 5 * 3  # XNOR, popcount of 6 into 3 bits, two comparisons
    assert gates.binary_gates(CONFIG, [quiet]) == 6 * neuron + 2 * score


def test_learning():
    quiet = gates.binary_gates(CONFIG, [record(error_rate=(0.0,))])
    selection = gates.binary_gates(CONFIG, [record()]) - quiet
    assert selection == pytest.approx(0.5 * 6 * 5 * 4)
    update = gates.binary_gates(CONFIG, [record(error_rate=(0.0,), updates=(50,))]) - quiet
    assert update == pytest.approx(0.5 * 7 * (1 + 7 * 4))
    events = gates.binary_gates(CONFIG, [record(error_rate=(0.0,), events=(30,))]) - quiet
    assert events == pytest.approx(30 / 10 * 7 * 4)


def test_the_mean_is_over_all_samples():
    one = gates.binary_gates(CONFIG, [record(updates=(10,))])
    other = gates.binary_gates(CONFIG, [record(updates=(30,))])
    both = gates.binary_gates(CONFIG, [record(updates=(10,)), record(updates=(30,))])
    assert both == pytest.approx((one + other) / 2)


def test_committee_has_votes_and_a_smaller_classifier():
    quiet = record(error_rate=(0.0,))
    neuron = 7 + 5 * 4 + 5 * 4
    vote = 5 * 1 + 5 * 2
    score = 2 + 0 + 2 * 5 * 2
    assert gates.committee_gates(CONFIG, [quiet]) == 6 * neuron + 2 * vote + 2 * score


def test_float_networks():
    sizes = (7, 6, 2)
    products = 2 * (42 + 12) + 12
    parameters = 42 + 12 + 6 + 2
    both = gates.FLOAT_ADD + gates.FLOAT_MULTIPLY
    assert gates.sgd_gates(sizes, batch=10) == products * both + parameters * both / 10
    assert gates.adam_gates(sizes, batch=10) > gates.sgd_gates(sizes, batch=10)
    straight = gates.straight_through_gates(sizes, batch=10)
    assert gates.binary_gates(CONFIG, [record()]) < straight < gates.sgd_gates(sizes, batch=10)
