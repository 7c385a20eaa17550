"""The thermometer against a plain-loop reading of docs/algorithm.md, section 7."""

import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given, strategies as st

from metaplast.golden_model.encoding import SLICE_VALUES, Thermometer, TooFewBits, fit_most
from metaplast.golden_model.errors import ConfigurationError, DataError


class TooFew(Exception):
    """The data carry fewer bits than asked for; how many they carry."""


def median(values):
    ordered = sorted(values)
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2


def thresholds_of(values, bits):
    """``t_0 … t_(T−1)``, word by word."""
    thresholds = []
    for m in range(bits):
        t = median(values) if m == 0 else median([v for v in values if v > thresholds[-1]])
        if not any(v > t for v in values):
            raise TooFew(m)
        thresholds.append(t)
    return thresholds


def read_literally(train, test, bits, per_feature):
    """Encoded ``test`` and kept features, as section 7 says it; lists of rows of floats."""
    features = len(train[0])
    if all(v in (0, 1) for row in train for v in row):
        if bits > 1:
            raise TooFew(1)
        return [[int(v) for v in row] for row in test], list(range(features))
    kept = list(range(features))
    if per_feature:
        columns = [[row[i] for row in train] for i in range(features)]
        kept = [i for i in kept if len(set(columns[i])) > 1]
        if not kept:
            raise TooFew(0)
        carried = []
        for i in kept:
            try:
                thresholds_of(columns[i], bits)
            except TooFew as few:
                carried.append(few.args[0])
        if carried:
            raise TooFew(min(carried))
        thresholds = {i: thresholds_of(columns[i], bits) for i in kept}
    else:
        shared = thresholds_of([v for row in train for v in row], bits)
        thresholds = dict.fromkeys(kept, shared)
    encoded = [[int(row[i] > thresholds[i][m]) for m in range(bits) for i in kept] for row in test]
    return encoded, kept


def tables(values):
    """Pairs of tables, rows of equal length: to fit and to encode."""

    def of_width(width):
        row = st.lists(values, min_size=width, max_size=width)
        return st.tuples(
            st.lists(row, min_size=1, max_size=12), st.lists(row, min_size=0, max_size=4)
        )

    return st.integers(1, 5).flatmap(of_width)


FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e300, max_value=1e300)
FEW_LEVELS = st.integers(0, 6).map(float)


@given(
    pair=st.one_of(tables(FEW_LEVELS), tables(FINITE), tables(st.integers(0, 1).map(float))),
    bits=st.integers(1, 4),
    per_feature=st.booleans(),
    dtype=st.sampled_from(["float64", "own"]),
)
def test_reads_section_7_to_the_letter(pair, bits, per_feature, dtype):
    train, test = pair
    whole = all(v in range(7) for row in train + test for v in row)
    kind = np.uint8 if dtype == "own" and whole else np.float64
    x = np.array(train, dtype=kind)
    try:
        expected, kept = read_literally(train, test or train[:0], bits, per_feature)
    except TooFew as few:
        with pytest.raises(DataError, match=rf"carry ({few.args[0] or 'no|0'}) bit"):
            Thermometer.fit(x, bits_per_feature=bits, per_feature=per_feature)
        return
    encoder = Thermometer.fit(x, bits_per_feature=bits, per_feature=per_feature)
    assert encoder.kept.tolist() == kept
    assert encoder.outputs == bits * len(kept)
    trained = encoder.encode(x)
    assert trained.tolist() == read_literally(train, train, bits, per_feature)[0]
    if not encoder.passes_bits or all(v in (0, 1) for row in test for v in row):
        encoded = encoder.encode(np.array(test, dtype=kind).reshape(len(test), x.shape[1]))
        assert encoded.dtype == np.uint8
        assert encoded.flags.c_contiguous
        assert encoded.tolist() == expected


@given(st.data())
def test_every_kind_of_number_gives_the_same_bits(data):
    rows = data.draw(
        st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=2, max_size=9)
    )
    per_feature = data.draw(st.booleans())
    outcomes = []
    for dtype in ("u1", "i1", "u2", "i2", "i4", "u8", "i8", "f2", "f4", "f8"):
        x = np.array(rows, dtype=dtype)
        try:
            outcomes.append(Thermometer.fit(x, per_feature=per_feature).encode(x).tolist())
        except DataError as error:
            outcomes.append(str(error).replace(".0", ""))
    assert all(outcome == outcomes[0] for outcome in outcomes)


@pytest.mark.parametrize("steps", [0, 1])
def test_the_mean_of_the_middle_two_is_taken_in_float64(steps):
    # In float32 the mean of neighbours would be one of them: the even one, lower or upper.
    low = np.float32(1 + steps * 2.0**-23)
    high = np.nextafter(low, np.float32(2))
    assert low.dtype == high.dtype == np.float32
    encoder = Thermometer.fit(np.array([[low], [high]]))
    assert encoder.thresholds.tolist() == [(float(low) + float(high)) / 2]
    assert encoder.encode(np.array([[low], [high]])).tolist() == [[0], [1]]


def test_values_compare_in_float64_whatever_their_type():
    # 0.1 as float32 is above 0.1 as float64, so it is above a threshold of exactly that.
    encoder = Thermometer(
        features=1,
        bits_per_feature=1,
        per_feature=False,
        thresholds=np.array([0.1]),
        kept=np.array([0]),
    )
    assert encoder.encode(np.array([[0.1]], dtype=np.float32)).tolist() == [[1]]
    assert encoder.encode(np.array([[0.1]])).tolist() == [[0]]
    # Integers too large for float64 are rounded to it first.
    big = 1 << 53
    encoder = Thermometer.fit(np.array([[big], [big + 4]]))
    assert encoder.thresholds.tolist() == [big + 2.0]
    assert encoder.encode(np.array([[big + 2], [big + 3]])).tolist() == [[0], [1]]


def test_the_mean_does_not_overflow():
    top = np.finfo(np.float64).max
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        encoder = Thermometer.fit(np.array([[top / 2], [top]]))
    assert encoder.thresholds.tolist() == [top * 0.75]


def test_planes_come_one_after_the_other():
    x = np.array([[0, 10], [20, 30], [40, 50], [60, 70]])
    encoder = Thermometer.fit(x, bits_per_feature=2)
    assert encoder.thresholds.tolist() == [35, 55]
    assert encoder.encode([[40, 0], [56, 40]]).tolist() == [[1, 0, 0, 0], [1, 1, 1, 0]]


def test_a_constant_column_is_dropped_and_the_rest_have_thresholds_of_their_own():
    x = np.array([[1, 5, 100], [2, 5, 200], [3, 5, 300], [4, 5, 400]])
    encoder = Thermometer.fit(x, bits_per_feature=2, per_feature=True)
    assert encoder.kept.tolist() == [0, 2]
    assert encoder.thresholds.tolist() == [[2.5, 250], [3.5, 350]]
    assert encoder.outputs == 4
    assert encoder.encode([[3, 9, 400], [4, 0, 0]]).tolist() == [[1, 1, 0, 1], [1, 0, 1, 0]]


def test_bits_pass_unchanged_constant_columns_included():
    x = np.array([[0, 1, 1], [0, 0, 1]], dtype=bool)
    for per_feature in (False, True):
        encoder = Thermometer.fit(x, per_feature=per_feature)
        assert encoder.passes_bits
        assert encoder.thresholds.shape == (0,)
        assert encoder.encode(x).tolist() == x.astype(int).tolist()
        assert encoder.encode([[1.0, -0.0, 1.0]]).tolist() == [[1, 0, 1]]


def test_slices_join_without_a_seam():
    width = 300
    rows = 2 * (SLICE_VALUES // width) + 7
    x = np.random.default_rng(5).integers(0, 256, size=(rows, width), dtype=np.uint8)
    encoder = Thermometer.fit(x, bits_per_feature=2)
    t0 = np.median(x)
    assert encoder.thresholds.tolist() == [t0, np.median(x[x > t0])]
    expected = np.concatenate([x > t for t in encoder.thresholds], axis=1)
    assert np.array_equal(encoder.encode(x), expected)


def test_columns_wider_than_a_slice_are_fitted_as_well():
    x = np.random.default_rng(6).normal(size=(40, SLICE_VALUES // 40 + 3))
    encoder = Thermometer.fit(x, per_feature=True)
    assert np.array_equal(encoder.thresholds[0], np.median(x, axis=0))


def test_an_empty_table_encodes_to_an_empty_table():
    encoder = Thermometer.fit([[1, 2, 3]])
    assert encoder.encode(np.empty((0, 3))).shape == (0, 3)


def test_thresholds_cannot_be_changed():
    encoder = Thermometer.fit([[1, 2, 3]])
    with pytest.raises(ValueError, match="read-only"):
        encoder.thresholds[0] = 7


@pytest.mark.parametrize(
    ("x", "options", "message"),
    [
        ([[0, 1], [1, 1]], {"bits_per_feature": 2}, "bits already and carry 1 bit a feature, not"),
        ([[5, 5], [5, 5]], {}, "can carry no bits: every value is 5; give samples that differ"),
        (
            [[0, 7, 7]],
            {},
            (
                "can carry 0 bits a feature, not 1: no training value is greater than threshold "
                "t_0; there are two values only: write them as 0 and 1, which are bits already"
            ),
        ),
        (
            [[0, 1, 2]],
            {"bits_per_feature": 3},
            (
                "can carry 1 bit a feature, not 3: no training value is greater than threshold "
                "t_1; ask for 1 at most"
            ),
        ),
        (
            [[0, 1, 7, 7], [1, 9, 0, 7], [2, 9, 0, 7]],
            {"per_feature": True},
            (
                r"feature 1 \(counted from 0\), and so the training data, can carry 0 bits a "
                "feature, not 1: .* over half of the values are the highest one, so negate them"
            ),
        ),
        (
            [[0, 1], [1, 2], [2, 3], [3, 3]],
            {"per_feature": True, "bits_per_feature": 2},
            "feature 1 .* can carry 1 bit a feature, not 2: .* t_1; ask for 1 at most",
        ),
        ([[4, 5], [4, 5]], {"per_feature": True}, "every feature is constant"),
        ([[1, np.nan]], {}, "finite numbers, not nan as in row 0, column 1"),
        ([[1, 2], [-np.inf, 2]], {}, "finite numbers, not -inf as in row 1, column 0"),
        ([["a", "b"]], {}, "features must be real numbers, not of type <U1"),
        ([[1j]], {}, "features must be real numbers, not of type complex128"),
        (np.array([[None]]), {}, "features must be real numbers, not of type object"),
        ([1, 2, 3], {}, r"table of shape \(samples, features\), not \(3,\)"),
        ([[1, 2], [3]], {}, "samples must all have the same number of features"),
        (np.empty((0, 3)), {}, "at least one sample of at least one feature, not 0 of 3"),
        (np.empty((3, 0)), {}, "at least one sample of at least one feature, not 3 of 0"),
    ],
)
def test_refuses_what_cannot_be_fitted(x, options, message):
    with pytest.raises(DataError, match=message):
        Thermometer.fit(x, **options)


TABLES = [
    [[0, 1], [1, 0]],
    [[3, 3, 1], [3, 4, 2], [3, 5, 3], [3, 6, 3], [3, 7, 4]],
    [[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]],
    np.random.default_rng(3).normal(size=(300, 5)),
    np.random.default_rng(3).integers(0, 3, (300, 5)),
    np.arange(64.0).reshape(32, 2),
]


@pytest.mark.parametrize("per_feature", [False, True])
@pytest.mark.parametrize("most", [1, 2, 4, 9])
@pytest.mark.parametrize("x", TABLES)
def test_as_many_bits_as_the_data_carry(x, most, per_feature):
    def fits(bits):
        try:
            return Thermometer.fit(x, bits_per_feature=bits, per_feature=per_feature)
        except DataError:
            return None

    possible = [encoder for bits in range(1, most + 1) if (encoder := fits(bits))]
    if not possible:
        with pytest.raises(DataError) as expected:
            Thermometer.fit(x, per_feature=per_feature)
        with pytest.raises(DataError) as caught:
            fit_most(x, most=most, per_feature=per_feature)
        assert str(caught.value) == str(expected.value)
        return
    encoder, carried = fit_most(x, most=most, per_feature=per_feature)
    assert encoder.bits_per_feature == possible[-1].bits_per_feature == min(carried)
    assert encoder.thresholds.tolist() == possible[-1].thresholds.tolist()
    assert encoder.kept.tolist() == possible[-1].kept.tolist()
    assert len(carried) == len(encoder.kept)


def test_counts_the_bits_of_each_feature():
    x = [[7, 0, 1], [7, 0, 2], [7, 1, 3], [7, 0, 4], [7, 0, 5]]
    encoder, carried = fit_most(x, most=4, per_feature=True)
    assert (encoder.kept.tolist(), carried) == ([1, 2], [1, 2])
    assert encoder.thresholds.tolist() == [[0, 3]]


def test_an_error_of_too_few_bits_can_be_pickled():
    with pytest.raises(TooFewBits) as caught:
        Thermometer.fit([[0, 5], [7, 6], [7, 7]], per_feature=True)
    again = pickle.loads(pickle.dumps(caught.value))
    assert str(again) == str(caught.value)
    assert str(again).startswith("feature 0 (counted from 0), and so the training data, can carry")


@pytest.mark.parametrize("wanted", [0, -1, 1.5, "2", True, None])
def test_refuses_a_number_of_bits_that_is_none(wanted):
    with pytest.raises(ConfigurationError, match="bits_per_feature must be an integer of at least"):
        Thermometer.fit([[1, 2]], bits_per_feature=wanted)


@pytest.mark.parametrize("per_feature", ["no", None, 1, 0.0])
def test_refuses_a_per_feature_that_is_no_bool(per_feature):
    message = f"^per_feature must be True or False, not {per_feature!r}$"
    with pytest.raises(ConfigurationError, match=message):
        Thermometer.fit([[1, 2], [3, 4]], per_feature=per_feature)
    with pytest.raises(ConfigurationError, match=message):
        Thermometer(2, 1, per_feature, np.array([2.0]), np.array([0, 1]))


def test_per_feature_may_be_numpys():
    encoder = Thermometer.fit([[1, 2], [3, 4]], per_feature=np.True_)
    assert encoder.per_feature is True
    assert encoder.thresholds.shape == (1, 2)


def test_refuses_samples_unlike_the_training_split():
    encoder = Thermometer.fit([[1, 2, 3]])
    with pytest.raises(DataError, match="must have 3 features, as in training, not 2"):
        encoder.encode([[1, 2]])
    with pytest.raises(DataError, match="finite numbers, not inf as in row 1, column 2"):
        encoder.encode([[1, 2, 3], [1, 2, np.inf]])


def test_refuses_other_values_where_the_training_data_were_bits():
    encoder = Thermometer.fit([[0, 1]])
    with pytest.raises(DataError, match=r"must be 0 or 1, not 0\.5 as in row 1, column 0"):
        encoder.encode([[0, 1], [0.5, 1]])
    with pytest.raises(DataError, match="must be 0 or 1, not 2 as in row 0, column 1"):
        encoder.encode(np.array([[0, 2]], dtype=np.uint8))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": 0}, "features must be an integer of at least 1, not 0"),
        ({"bits_per_feature": 2}, r"thresholds must be of shape \(2, 2\) or \(0,\), not \(1, 2\)"),
        ({"thresholds": np.array([[1, 2]])}, "thresholds must be of type float64, not int64"),
        ({"thresholds": np.array([1.0])}, r"must be of shape \(1, 2\) or \(0,\), not \(1,\)"),
        ({"thresholds": np.array([[1.0, np.nan]])}, "thresholds must be finite and rise"),
        (
            {"thresholds": np.array([[1.0, 2.0], [1.5, 2.0]]), "bits_per_feature": 2},
            "thresholds must be finite and rise from bit to bit",
        ),
        ({"kept": np.array([0.0, 2.0])}, "kept must be of type int64, not float64"),
        ({"kept": np.array([0, 3])}, "kept must name features from 0 to 2 in rising order"),
        ({"kept": np.array([2, 0])}, "kept must name features from 0 to 2 in rising order"),
        ({"kept": np.array([], dtype=np.int64)}, "kept must be a list of at least one feature"),
        ({"per_feature": False}, "kept must name all 3 features unless"),
        ({"thresholds": np.empty(0)}, "kept must name all 3 features unless"),
        (
            {"thresholds": np.empty(0), "kept": np.arange(3), "bits_per_feature": 2},
            "bits_per_feature must be 1 without thresholds, not 2",
        ),
    ],
)
def test_refuses_parts_that_do_not_fit(change, message):
    parts = {
        "features": 3,
        "bits_per_feature": 1,
        "per_feature": True,
        "thresholds": np.array([[1.0, 2.0]]),
        "kept": np.array([0, 2]),
    }
    Thermometer(**parts)
    with pytest.raises(ConfigurationError, match=message):
        Thermometer(**(parts | change))


def test_thresholds_as_far_apart_as_can_be() -> None:
    most = np.finfo(np.float64).max
    x = np.array([[-most], [-most], [-most], [most / 2], [most]])
    found = Thermometer.fit(x, bits_per_feature=2)
    assert found.thresholds.tolist() == [-most, most / 2 + most / 4]
