"""Encoding some rows at a time."""

import numpy as np
import pytest

from metaplast.golden_model.encoding import EncodingChoice, fit_encoder
from metaplast.golden_model.encoding.raw_samples import SLICE_VALUES
from metaplast.golden_model.errors import DataError

ROWS = SLICE_VALUES // 16
X = np.random.default_rng(2).normal(size=(2 * ROWS + 3, 16))


def test_slices_are_the_encoded_samples():
    encoder = fit_encoder(X, EncodingChoice(bits_per_feature=2))
    slices = [(first, bits.copy()) for first, bits in encoder.encode_slices(X)]
    assert [first for first, _ in slices] == [0, ROWS, 2 * ROWS]
    assert np.array_equal(np.concatenate([bits for _, bits in slices]), encoder.encode(X))


def test_an_error_names_the_row_among_all():
    wrong = X.copy()
    wrong[ROWS + 5, 3] = np.nan
    encoder = fit_encoder(X)
    with pytest.raises(DataError, match=rf"not nan as in row {ROWS + 5}, column 3$"):
        list(encoder.encode_slices(wrong))
    with pytest.raises(DataError, match="samples must have 16 features"):
        list(encoder.encode_slices(X[:, 1:]))
