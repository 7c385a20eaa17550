"""Encoded samples as planes of bits."""

import numpy as np
import pytest

from metaplast.golden_model.encoding import EncodingChoice, bit_planes, fit_encoder, plane_names
from metaplast.golden_model.errors import DataError

DRAW = np.random.default_rng(2)
IMAGES = DRAW.integers(0, 50, (30, 4, 6))


def test_image_planes():
    choice = EncodingChoice(planes=("level", "right"), pool=True, difference=3)
    encoder = fit_encoder(IMAGES, choice)
    planes = bit_planes(encoder, encoder.encode(IMAGES))
    pooled = IMAGES.reshape(30, 2, 2, 3, 2).sum(axis=(2, 4))
    assert planes.shape == (30, 2, 2, 3)
    assert np.array_equal(planes[:, 0], pooled > encoder.thresholds[0])
    assert np.array_equal(planes[:, 1, :, :-1], np.diff(pooled, axis=2) > 3)
    assert plane_names(encoder) == (f"level > {encoder.thresholds[0]:g}", "right")


def test_shared_thresholds():
    encoder = fit_encoder(IMAGES, EncodingChoice(bits_per_feature=2))
    planes = bit_planes(encoder, encoder.encode(IMAGES), (4, 6))
    for m, threshold in enumerate(encoder.thresholds):
        assert np.array_equal(planes[:, m], threshold < IMAGES)
    assert plane_names(encoder) == tuple(f"> {threshold:g}" for threshold in encoder.thresholds)


def test_pixels_without_a_bit_are_missing():
    images = IMAGES.copy()
    images[:, 0, 0] = 7
    images[:, 1, 2] = IMAGES[:, 1, 2] > 25
    encoder = fit_encoder(images, EncodingChoice(bits_per_feature=2, per_feature=True))
    planes = bit_planes(encoder, encoder.encode(images), (4, 6))
    assert planes.shape == (30, 2, 4, 6)
    assert np.isnan(planes[:, :, 0, 0]).all()
    assert np.array_equal(planes[:, 0, 1, 2], images[:, 1, 2])
    assert np.isnan(planes[:, 1, 1, 2]).all()
    assert np.isfinite(planes).sum() == 30 * encoder.outputs
    assert plane_names(encoder) == ("bit 0", "bit 1")


def test_bits():
    encoder = fit_encoder(IMAGES > 20)
    assert np.array_equal(
        bit_planes(encoder, IMAGES.reshape(30, -1) > 20, (4, 6))[:, 0], IMAGES > 20
    )
    assert plane_names(encoder) == ("bit 0",)


def test_refused():
    encoder = fit_encoder(IMAGES)
    with pytest.raises(DataError, match="need the height and width"):
        bit_planes(encoder, encoder.encode(IMAGES))
    with pytest.raises(DataError, match=r"must be of shape \(n, 24\), not \(2, 23\)"):
        bit_planes(encoder, np.zeros((2, 23)), (4, 6))
