"""Fit an encoder to training samples."""

from numpy.typing import ArrayLike

from ..errors import DataError
from .bits import BitEncoder
from .choice import EncodingChoice
from .encoder import Encoder
from .image_planes import fit_image_planes
from .raw_samples import all_bits, finite_values, row_slices, sample_array, sample_table
from .thermometer import fit_feature_thermometer, fit_thermometer

__all__ = ["fit_encoder"]


def fit_encoder(
    x: ArrayLike,
    choice: EncodingChoice | None = None,
    *,
    image_shape: tuple[int, int] | None = None,
) -> Encoder:
    """Fit an encoder to training samples (docs/algorithm.md, 7).

    Samples that hold only 0 and 1 are bits already, unless image planes are chosen.

    Parameters
    ----------
    x : (n, features) or (n, height, width) numbers
        Training samples: at least one, with at least one feature, all finite.
    choice : EncodingChoice, optional
        The kind of the encoder; by default a thermometer of one bit a feature.
    image_shape : (height, width), optional
        Shape of the images in the rows of a table; only image planes need it.

    Raises
    ------
    DataError
        If the samples break a rule above, carry fewer bits than chosen, have another shape than
        ``image_shape``, or are no images of whole numbers where image planes are chosen.
    ConfigurationError
        If images of odd height or width are to be pooled.
    """
    choice = choice or EncodingChoice()
    samples = sample_array(x)
    table = sample_table(samples)
    count, features = table.shape
    if not count or not features:
        raise DataError(
            "the training samples must be at least one sample of at least one feature, "
            f"not {count} of {features}"
        )
    if image_shape is not None:
        height, width = image_shape
        known = samples.shape[1:] if samples.ndim == 3 else (height, width)
        if known != (height, width) or height * width != features:
            raise DataError(
                f"images of {height}×{width} pixels do not fit samples of shape {samples.shape}; "
                "correct the image shape"
            )
    if choice.planes:
        return fit_image_planes(samples, choice, image_shape)

    bits = True
    for first_row, values in row_slices(table):
        finite_values(values, first_row)
        bits = bits and all_bits(values)
    if bits:
        if choice.bits_per_feature > 1 and not choice.fewer_bits:
            raise DataError(
                "the training data are bits already and carry 1 bit a feature, not "
                f"{choice.bits_per_feature}; ask for 1"
            )
        return BitEncoder(features=features)
    if choice.per_feature:
        return fit_feature_thermometer(table, bits_per_feature=choice.bits_per_feature)
    return fit_thermometer(
        table, bits_per_feature=choice.bits_per_feature, fewer_bits=choice.fewer_bits
    )
