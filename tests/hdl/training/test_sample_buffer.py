"""The samples inside a layer."""

import pytest

from ..folded_layers import FOLDED_LAYERS
from .ring import check_words


@pytest.mark.parametrize("layer", FOLDED_LAYERS)
def test_words_come_out_as_they_went_in(layer: str) -> None:
    check_words(FOLDED_LAYERS[layer])


def test_the_check_notices_a_flipped_bit() -> None:
    with pytest.raises(AssertionError, match=r"^\w+: item \d+, in cycle \d+: expected"):
        check_words(FOLDED_LAYERS["two banks"], flip=True)
