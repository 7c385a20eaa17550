"""The encoder of samples that are bits already."""

import numpy as np
import pytest

from metaplast.golden_model.encoding import BitEncoder, fit_encoder
from metaplast.golden_model.errors import ConfigurationError, DataError


def test_bits_pass_unchanged_constant_columns_included():
    x = np.array([[0, 1, 1], [0, 0, 1]], dtype=bool)
    encoder = fit_encoder(x)
    assert encoder == BitEncoder(features=3)
    assert (encoder.kind, encoder.outputs) == ("bits", 3)
    assert encoder.encode(x).tolist() == x.astype(int).tolist()
    assert encoder.encode([[1.0, -0.0, 1.0]]).tolist() == [[1, 0, 1]]
    assert encoder.sources.tolist() == [0, 1, 2]
    assert encoder.summary == "3 features, bits already"
    assert encoder.to_dict() == {"kind": "bits", "features": 3, "outputs": 3, "thresholds": []}


@pytest.mark.parametrize(
    ("x", "message"),
    [
        (
            [[0, 1], [0.5, 1]],
            "the training data were bits, so values must be 0 or 1, not 0.5 as in row 1, column 0",
        ),
        (
            np.array([[0, 2]], dtype=np.uint8),
            "the training data were bits, so values must be 0 or 1, not 2 as in row 0, column 1",
        ),
        ([[0, np.nan]], "features must be finite numbers, not nan as in row 0, column 1"),
        ([[0, 1, 1]], "samples must have 2 features, as in training, not 3"),
    ],
)
def test_refuses_other_samples(x, message):
    with pytest.raises(DataError) as caught:
        BitEncoder(features=2).encode(x)
    assert str(caught.value) == message


@pytest.mark.parametrize("features", [0, -1, 1.5, True])
def test_refuses_a_number_of_features(features):
    with pytest.raises(
        ConfigurationError, match=r"^features must be an integer of at least 1, not"
    ):
        BitEncoder(features=features)
