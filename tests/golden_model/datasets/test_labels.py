"""Labels and class indices: each label comes back from its class, whatever its kind."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from metaplast.golden_model.datasets import class_indices
from metaplast.golden_model.datasets.labels import (
    checked_label_array,
    distinct_labels,
    is_missing_label,
    parse_labels,
)
from metaplast.golden_model.errors import DataError

WHOLE = st.integers(-(1 << 40), 1 << 40)
WORDS = st.text("abcäß-+_ 01", min_size=1, max_size=6).map(str.strip).filter(bool)


def where(index):
    return f"label {index}"


@given(st.lists(WHOLE, min_size=2) | st.lists(st.booleans(), min_size=2) | st.lists(WORDS))
def test_each_label_comes_back_from_its_class(values):
    y = checked_label_array(np.array(values), name="y")
    if len(set(values)) < 2:
        return
    labels = distinct_labels(y, name="y")
    assert labels == tuple(sorted(set(values)))
    assert [labels[c] for c in class_indices(y, labels, name="y")] == values


@given(st.lists(WHOLE, min_size=1), st.sampled_from(["{}", "{}.0", "{},00", " {} ", "{}e0"]))
def test_whole_numbers_are_integers_however_they_are_written(values, form):
    y = parse_labels([form.format(value) for value in values], where=where)
    assert y.dtype == np.int64
    assert y.tolist() == values


@given(st.lists(WORDS, min_size=1))
def test_text_stays_as_it_is(words):
    words.append("word")
    assert parse_labels(words, where=where).tolist() == words


@given(st.lists(WHOLE, min_size=1, max_size=20, unique=True), st.data())
def test_labels_are_equal_if_their_text_is(values, data):
    y = np.array(values)
    known = data.draw(st.permutations([str(value) for value in values]))
    classes = class_indices(y, known, name="y")
    assert [int(known[c]) for c in classes] == values


@pytest.mark.parametrize("cell", ["", " ", "NA", "n/a", "NaN", "null", "?", "<NA>"])
def test_a_missing_label_is_named(cell):
    assert is_missing_label(cell)
    with pytest.raises(DataError, match=r"label 1 is .*missing.*; fill it in or leave the row out"):
        parse_labels(["1", cell], where=where)


@pytest.mark.parametrize("cell", ["0.5", "0,5", ".5", "1e-1", "-2.25e0"])
def test_a_fraction_is_named(cell):
    with pytest.raises(DataError, match=f"label 1 is {cell}; labels are integers, text or bool"):
        parse_labels(["1", cell], where=where)
