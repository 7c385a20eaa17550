"""The samples inside a universal trainer."""

from random import Random

import pytest

from ..placed_layers import ENGINES
from .ring import check_words, random_samples


@pytest.mark.parametrize("name", ["one", "pairs", "shared memories"])
def test_words_and_choices_come_out_as_they_went_in(name: str) -> None:
    folded, random = ENGINES[name], Random(8)
    check_words(folded, [random_samples(folded, random) for _ in range(8)])


def test_the_check_notices_a_flipped_bit() -> None:
    folded, random = ENGINES["shared memories"], Random(8)
    with pytest.raises(AssertionError, match=r"^\w+: item \d+, in cycle \d+: expected"):
        check_words(folded, [random_samples(folded, random)], flip=True)
