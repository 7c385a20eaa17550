"""Splits of a data set for training: which samples, their encoder, and their bits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import typer
from numpy.typing import NDArray

from ...golden_model.config import NetworkConfig
from ...golden_model.datasets import DataSet, random_split
from ...golden_model.encoding import Encoder, EncodingChoice, fit_encoder
from ..options.options import Choices

__all__ = ["Bits", "Splits", "encode", "new_splits", "split"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Splits:
    """The samples of a data set, split but not encoded, and the encoder.

    Samples and labels are None for held-out or test samples that the data set lacks.
    """

    encoder: Encoder
    x: NDArray[Any]
    y: NDArray[np.int64]
    x_held_out: NDArray[Any] | None = None
    y_held_out: NDArray[np.int64] | None = None
    x_test: NDArray[Any] | None = None
    y_test: NDArray[np.int64] | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Bits:
    """The samples of a data set, split and encoded; None for held-out or test samples it lacks.

    ``raw`` and ``raw_held_out`` are the samples before they are encoded.
    """

    encoder: Encoder
    raw: NDArray[Any]
    x: NDArray[np.uint8]
    y: NDArray[np.int64]
    raw_held_out: NDArray[Any] | None = None
    x_held_out: NDArray[np.uint8] | None = None
    y_held_out: NDArray[np.int64] | None = None
    x_test: NDArray[np.uint8] | None = None
    y_test: NDArray[np.int64] | None = None


def split(
    data: DataSet,
    *,
    validation: int,
    samples: int | None,
    seed: int | None = None,
    choice: EncodingChoice | None = None,
    encoder: Encoder | None = None,
) -> Splits:
    """Split a data set, and fit an encoder to the samples to train on.

    Parameters
    ----------
    data : DataSet
        The data.
    validation : int
        Number of training samples to hold out.
    samples : int or None
        Number of the other samples to train on, from the start; None for all.
    seed : int or None
        Seed of the choice of the held-out samples; None for the last ones.
    choice : EncodingChoice, optional
        Choice of a new encoder, which is fitted to the samples that are trained on.
    encoder : Encoder, optional
        A fitted encoder to use instead.

    Raises
    ------
    typer.BadParameter
        If the data set has fewer samples.
    DataError
        If the encoder cannot be fitted.
    """
    there = len(data.x_train)
    if validation >= there:
        raise typer.BadParameter(
            f"{validation} leaves no sample to train on: the training split has {there}",
            param_hint="--validation",
        )
    left = there - validation
    if samples is not None and samples > left:
        held = f", {validation} held out" if validation else ""
        raise typer.BadParameter(
            f"{samples} is too many: {data.name} has {left} training samples{held}",
            param_hint="--samples",
        )
    trained: Any = slice(left)
    held_out: Any = slice(left, None)
    if validation and seed is not None:
        trained, held_out = random_split(there, validation, seed=seed)
    x, y = data.x_train[trained][:samples], data.y_train[trained][:samples]
    if encoder is None:
        encoder = fit_encoder(x, choice, image_shape=data.image_shape)
    return Splits(
        encoder=encoder,
        x=x,
        y=y,
        x_held_out=data.x_train[held_out] if validation else None,
        y_held_out=data.y_train[held_out] if validation else None,
        x_test=data.x_test,
        y_test=data.y_test,
    )


def encode(splits: Splits) -> Bits:
    """Encode the samples of all splits.

    Raises
    ------
    DataError
        If the data cannot be encoded.
    """
    encoder = splits.encoder

    def encoded(x: NDArray[Any] | None) -> NDArray[np.uint8] | None:
        return None if x is None else encoder.encode(x)

    return Bits(
        encoder=encoder,
        raw=splits.x,
        x=encoder.encode(splits.x),
        y=splits.y,
        raw_held_out=splits.x_held_out,
        x_held_out=encoded(splits.x_held_out),
        y_held_out=splits.y_held_out,
        x_test=encoded(splits.x_test),
        y_test=splits.y_test,
    )


def new_splits(
    data: DataSet,
    choices: Choices,
    *,
    validation: int,
    samples: int | None,
    random: bool = False,
) -> tuple[DataSet, Splits]:
    """The data with the classes of the options, and their splits with a new encoder.

    The parameters are those of :func:`~.session.new_session`.

    Raises
    ------
    typer.BadParameter
        If an option does not fit the data.
    DataError
        If the encoder cannot be fitted.
    """
    if choices.classes is not None:
        data = _with_classes(data, choices.classes)
    seed = NetworkConfig.seed if choices.seed is None else choices.seed
    splits = split(
        data,
        validation=validation,
        samples=samples,
        seed=seed if random else None,
        choice=None if choices.encoding is None else choices.encoding.choice(),
    )
    return data, splits


def _with_classes(data: DataSet, classes: int) -> DataSet:
    """The data with a given number of classes, whose labels are 0 to ``classes − 1``."""
    if classes == data.classes:
        return data
    if not all(type(label) is int and label >= 0 for label in data.labels):
        raise typer.BadParameter(
            f"{classes} contradicts the data, which have {data.classes} labels that are not "
            f"numbers from 0 ({', '.join(map(str, data.labels[:3]))}, …); leave it out",
            param_hint="--classes",
        )
    highest = max(map(int, data.labels))
    if classes <= highest:
        raise typer.BadParameter(
            f"{classes} is too few: the data have labels up to {highest}", param_hint="--classes"
        )
    return data.with_labels(tuple(range(classes)))
