"""Splits of samples: disjoint, complete, in proportion, the same for a seed on every machine."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from metaplast.golden_model.datasets import random_split, stratified_split
from metaplast.golden_model.errors import ConfigurationError, DataError

from ...strategies import seeds


def check_complete(first, second, samples):
    """Both parts rise, and together they are all samples, each once."""
    for part in (first, second):
        assert len(part)
        assert (np.diff(part) > 0).all()
    assert sorted([*first.tolist(), *second.tolist()]) == list(range(samples))


@given(
    y=st.lists(st.integers(0, 5), min_size=4, max_size=80).map(np.array),
    share=st.floats(0.01, 0.99),
    seed=seeds(),
)
def test_each_class_is_split_in_proportion(y, share, seed):
    try:
        first, second = stratified_split(y, share, seed=seed)
    except DataError:
        counts = np.bincount(y)
        assert round(len(y) * share) == 0 or np.floor(counts * share).sum() == 0
        return
    check_complete(first, second, len(y))
    for c in np.unique(y):
        count = np.count_nonzero(y == c)
        taken = np.count_nonzero(y[second] == c)
        assert abs(taken - share * count) < 1
        assert taken < count
    again = stratified_split(y, share, seed=seed)
    assert np.array_equal(again[0], first)
    assert np.array_equal(again[1], second)


def test_the_share_of_all_samples_is_kept():
    y = np.repeat(np.arange(10), 15)  # 1.5 samples of each class
    first, second = stratified_split(y, 0.1, seed=1)
    assert (len(first), len(second)) == (135, 15)
    assert np.bincount(y[second]).tolist() == [2] * 5 + [1] * 5


def test_seeds_give_other_splits():
    y = np.repeat([0, 1], 50)
    splits = {tuple(stratified_split(y, 0.2, seed=seed)[1]) for seed in range(20)}
    assert len(splits) == 20
    chosen = np.concatenate([stratified_split(y, 0.2, seed=seed)[1] for seed in range(200)])
    assert np.bincount(chosen, minlength=100).min() > 15  # 40 times each, on average


def test_splits_stay_the_same():
    assert stratified_split(np.array([0, 1] * 6), 0.25, seed=1)[1].tolist() == STRATIFIED
    assert random_split(12, 3, seed=1)[1].tolist() == RANDOM


# Written down once, so that a change of the algorithm is noticed.
STRATIFIED = [6, 10, 11]
RANDOM = [2, 3, 10]


@given(samples=st.integers(2, 60), data=st.data(), seed=seeds())
def test_a_number_of_samples_is_held_out(samples, data, seed):
    count = data.draw(st.integers(1, samples - 1))
    first, second = random_split(samples, count, seed=seed)
    check_complete(first, second, samples)
    assert len(second) == count
    assert np.array_equal(random_split(samples, count, seed=seed)[1], second)


def test_test_and_validation_split_of_a_seed_are_independent():
    y = np.zeros(40, dtype=np.int64)
    assert stratified_split(y, 0.5, seed=3)[1].tolist() != random_split(40, 20, seed=3)[1].tolist()


@pytest.mark.parametrize(
    ("share", "message"),
    [
        (0, "share must be above 0 and below 1, not 0"),
        (1.0, "share must be above 0 and below 1, not 1"),
        (-0.1, "share must be from 0 to 1, not -0.1"),
        (20, "share must be from 0 to 1, not 20"),
        ("half", "share must be a number, not 'half'"),
    ],
)
def test_refuses_a_share_that_is_none(share, message):
    with pytest.raises(ConfigurationError, match=message):
        stratified_split(np.array([0, 1, 0, 1]), share, seed=1)


@pytest.mark.parametrize("count", [0, 5, -1])
def test_refuses_a_count_that_leaves_no_sample(count):
    with pytest.raises(ConfigurationError, match=rf"held-out samples must be .* not {count}"):
        random_split(5, count, seed=1)


def test_refuses_a_split_without_samples():
    with pytest.raises(DataError) as caught:
        stratified_split(np.array([0, 1, 0]), 0.1, seed=1)
    assert str(caught.value) == (
        "a share of 0.1 of 3 samples leaves one part of the split without a sample; choose another "
        "share, or use more samples"
    )


@pytest.mark.parametrize("seed", [-1, 1 << 48, 1.5])
def test_refuses_a_seed_that_is_none(seed):
    for split in (
        lambda: stratified_split(np.array([0, 1, 0, 1]), 0.5, seed=seed),
        lambda: random_split(4, 2, seed=seed),
    ):
        with pytest.raises(ConfigurationError, match="seed must be"):
            split()
