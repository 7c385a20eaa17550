"""Encoders against the plain loops: the same bits, thresholds and refusals, for all kinds."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from numpy.typing import NDArray

from metaplast.golden_model.encoding import (
    PLANES,
    EncodingChoice,
    FeatureThermometerEncoder,
    ImagePlaneEncoder,
    ReferenceEncoder,
    fit_encoder,
)
from metaplast.golden_model.errors import DataError

from ...comparison import assert_same_array
from ...vectors import Arrays, read

Tables = tuple[list[list[float]], list[list[float]]]


def tables(values: st.SearchStrategy[float]) -> st.SearchStrategy[Tables]:
    """Pairs of tables, rows of equal length: to fit and to encode."""

    def of_width(width: int) -> st.SearchStrategy[Tables]:
        row = st.lists(values, min_size=width, max_size=width)
        return st.tuples(
            st.lists(row, min_size=1, max_size=12), st.lists(row, min_size=0, max_size=4)
        )

    return st.integers(1, 5).flatmap(of_width)


FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-8e307, max_value=8e307)
NEIGHBOURS = st.sampled_from([1.0, 1.0 + 2**-52, 1.0 + 2**-51, 5e-324, 1e-323, 0.0])
FEW_LEVELS = st.integers(0, 6).map(float)
BITS = st.integers(0, 1).map(float)


def check(x: NDArray[Any], others: Sequence[NDArray[Any]], choice: EncodingChoice) -> None:
    """Fit and encode with both implementations, and fail unless all bits are the same."""
    try:
        reference = ReferenceEncoder(x.tolist(), choice)
    except DataError:
        with pytest.raises(DataError):
            fit_encoder(x, choice)
        return
    encoder = fit_encoder(x, choice)
    for samples in (x, *others):
        if reference.bits:
            samples = samples[np.all((samples == 0) | (samples == 1), axis=1)]
        encoded = encoder.encode(samples)
        assert encoded.dtype == np.uint8
        assert encoded.flags.c_contiguous
        assert encoded.shape == (len(samples), encoder.outputs)
        expected = [reference.encode(sample) for sample in samples.tolist()]
        assert_same_array("bits", np.reshape(expected, encoded.shape), encoded)


@given(
    pair=st.one_of(*map(tables, (FEW_LEVELS, FINITE, NEIGHBOURS, BITS))),
    bits=st.integers(1, 4),
    per_feature=st.booleans(),
    narrow=st.booleans(),
)
def test_thermometers_and_bits(pair: Tables, bits: int, per_feature: bool, narrow: bool) -> None:
    train, other = pair
    whole = all(value in range(7) for row in train + other for value in row)
    kind = np.uint8 if narrow and whole else np.float64
    x = np.array(train, dtype=kind)
    others = np.array(other, dtype=kind).reshape(len(other), x.shape[1])
    check(x, [others], EncodingChoice(bits_per_feature=bits, per_feature=per_feature))


@st.composite
def image_cases(draw: st.DrawFn) -> tuple[NDArray[Any], NDArray[Any], EncodingChoice]:
    """Images to fit, images to encode, and planes."""
    pool = draw(st.booleans())
    step = 2 if pool else 1
    height, width = step * draw(st.integers(1, 3)), step * draw(st.integers(1, 3))
    highest = draw(st.sampled_from([1, 6, 255, 65535]))
    count = draw(st.integers(1, 5))
    pixels = st.lists(
        st.integers(0, highest) | st.sampled_from([0, highest]),
        min_size=height * width,
        max_size=height * width,
    )
    train = draw(st.lists(pixels, min_size=count, max_size=count))
    other = draw(st.lists(pixels, min_size=0, max_size=2))
    planes = draw(st.permutations([*PLANES, "level", "level"]))
    choice = EncodingChoice(
        planes=tuple(planes[: draw(st.integers(1, len(planes)))]),
        pool=pool,
        difference=draw(st.none() | st.integers(0, 9) | st.just(10**30)),
    )
    dtype = draw(st.sampled_from([np.uint16, np.int32, np.float64]))
    x, others = (np.array(i, dtype=dtype).reshape(-1, height, width) for i in (train, other))
    return x, others, choice


@given(image_cases())
def test_image_planes(case: tuple[NDArray[Any], NDArray[Any], EncodingChoice]) -> None:
    x, others, choice = case
    whole = x.astype(int), others.astype(int)
    try:
        reference = ReferenceEncoder(whole[0].tolist(), choice)
    except DataError:
        with pytest.raises(DataError, match=r"the planes have level \d times"):
            fit_encoder(x, choice)
        return
    encoder = fit_encoder(x, choice)
    assert isinstance(encoder, ImagePlaneEncoder)
    assert encoder.difference == reference.difference
    for samples, plain in zip((x, others), whole, strict=True):
        expected = [reference.encode(image) for image in plain.tolist()]
        encoded = encoder.encode(samples)
        assert_same_array("bits", np.reshape(expected, encoded.shape), encoded)
        flat = samples.reshape(len(samples), -1) if len(samples) else samples.reshape(0, x[0].size)
        assert_same_array("bits of rows", encoded, encoder.encode(flat))


def test_a_wrong_bit_is_caught() -> None:
    x = np.arange(12.0).reshape(4, 3)
    choice = EncodingChoice(bits_per_feature=2)
    check(x, [], choice)
    expected = [ReferenceEncoder(x.tolist(), choice).encode(row) for row in x.tolist()]
    got = fit_encoder(x + (x > 6), choice).encode(x)
    with pytest.raises(AssertionError, match=r"^bits: \d+ of 24 differ"):
        assert_same_array("bits", expected, got)


# The conformance vectors


def planes_of(vectors: Arrays, case: int) -> EncodingChoice:
    return EncodingChoice(
        planes=tuple(str(vectors[f"planes_{case}"]).split(",")), pool=vectors[f"pool_{case}"] == 2
    )


@pytest.mark.parametrize("case", range(5))
def test_image_plane_vectors(case: int) -> None:
    vectors = read("image_planes")
    assert "planes_5" not in vectors
    choice = planes_of(vectors, case)
    encoder = fit_encoder(vectors["train"], choice)
    assert isinstance(encoder, ImagePlaneEncoder)
    assert encoder.difference == vectors[f"delta_{case}"]
    assert_same_array("thresholds", vectors[f"thresholds_{case}"], encoder.thresholds)
    assert_same_array("bits", vectors[f"bits_{case}"], encoder.encode(vectors["other"]))
    reference = ReferenceEncoder(vectors["train"].tolist(), choice)
    plain = [reference.encode(image) for image in vectors["other"].tolist()]
    assert_same_array("bits", vectors[f"bits_{case}"], plain)


def test_column_vectors() -> None:
    vectors = read("columns")
    choice = EncodingChoice(bits_per_feature=int(vectors["most"]), per_feature=True)
    encoder = fit_encoder(vectors["train"], choice)
    assert isinstance(encoder, FeatureThermometerEncoder)
    assert np.array_equal(encoder.thresholds, vectors["thresholds"], equal_nan=True)
    assert_same_array("bits", vectors["bits"], encoder.encode(vectors["other"]))
    reference = ReferenceEncoder(vectors["train"].tolist(), choice)
    plain = [reference.encode(row) for row in vectors["other"].tolist()]
    assert_same_array("bits", vectors["bits"], plain)


@pytest.mark.parametrize("place", [0, 400, -1])
def test_a_flipped_bit_of_a_vector_is_caught(place: int) -> None:
    vectors = read("image_planes")
    vectors["bits_2"].reshape(-1)[place] ^= 1
    encoded = fit_encoder(vectors["train"], planes_of(vectors, 2)).encode(vectors["other"])
    with pytest.raises(AssertionError, match=r"^bits: 1 of 960 differ"):
        assert_same_array("bits", vectors["bits_2"], encoded)
