"""The data set of a training: the file, its test split, and what a resumed model says of both."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import typer

from ...golden_model import MetaplastError, datasets
from ...golden_model.config import NetworkConfig
from ...golden_model.datasets import DataSet
from ...golden_model.datasets.csv_file import is_table
from ...golden_model.files.model_file import Model
from ..options.encoding import image_option
from ..options.training_options import TrainingOptions
from ..terminal.class_labels import known_labels
from ..terminal.output import Reporter

__all__ = ["for_model", "is_table_file", "load_training_data", "table_options", "with_image"]


def load_training_data(
    options: TrainingOptions,
    *,
    note: Callable[[str], None] | None = None,
    model: Model | None = None,
) -> DataSet:
    """Load the data set of the options, with its test split.

    Parameters
    ----------
    options : TrainingOptions
        The options.
    note : function of a sentence, optional
        Called with everything of a table that is left out or assumed; by default printed on stderr.
    model : Model, optional
        The model to resume, which determines the order of columns and classes.

    Raises
    ------
    typer.BadParameter
        If an option does not fit the data.
    MetaplastError
        If a file cannot be read, or does not fit the others.
    """
    note = note or Reporter().note
    data = datasets.load(
        options.data,
        data_dir=options.data_dir,
        on_note=note,
        **table_options(options.data, options.label, model),
    )
    if model is not None:
        data = for_model(data, model)
    data = with_image(data, options.image)
    if options.test is not None:
        table: dict[str, Any] = {}
        if is_table_file(options.test):
            # In a table with a header, the labels have the name that they have in DATA.
            label = options.label if data.label_name is None else None
            table = {
                "label": label,
                "label_name": data.label_name,
                "feature_names": data.feature_names,
            }
        test = datasets.load_labelled(options.test, on_note=note, **table)
        return data.with_test(test)
    if options.test_share is not None:
        if data.run is not None:
            raise typer.BadParameter(
                f"cannot take samples of {data.name}, which records a training on all of them; "
                "leave it out, or name a --test file",
                param_hint="--test-share",
            )
        seed = NetworkConfig.seed if model is None else model.config.seed
        return data.with_test_share(
            options.test_share, seed=seed if options.seed is None else options.seed
        )
    return data


def table_options(data: str, label: str | None, model: Model | None) -> dict[str, Any]:
    """Label column and feature names for loading DATA, by the options and a model.

    Parameters
    ----------
    data : str
        DATA.
    label : str or None
        The value of ``--label``.
    model : Model or None
        The model whose columns the data must have.
    """
    if model is None or not is_table_file(data):
        return {"label": label}
    return {
        "label": label,
        "label_name": model.label_name,
        "feature_names": model.feature_names,
    }


def is_table_file(data: str) -> bool:
    """Whether DATA is a table in a file."""
    return data not in datasets.NAMES and is_table(Path(data)) and Path(data).is_file()


def for_model(data: DataSet, model: Model) -> DataSet:
    """A data set with classes in the order of a model, and with the names that the model has.

    Raises
    ------
    MetaplastError
        If the model does not know a label, or samples have other features or another image shape
        than the model was trained with.
    """
    if data.features != model.encoder.features:
        raise MetaplastError(
            f"{data.name} has {data.features} features per sample, and the model was trained with "
            f"{model.encoder.features}"
        )
    encoded = model.encoder.image_shape
    if encoded is not None and data.image_shape not in (None, encoded):
        raise MetaplastError(
            f"{data.name} has images of {_size(data.image_shape)} pixels, and the model was "
            f"trained with images of {_size(encoded)}"
        )
    labels = known_labels(model, text=type(data.labels[0]) is not int)
    if tuple(map(str, data.labels)) != tuple(map(str, labels)):
        data = data.with_labels(labels)
    return replace(
        data,
        class_names=model.class_names or data.class_names,
        image_shape=data.image_shape or model.image_shape,
        feature_names=model.feature_names or data.feature_names,
        label_name=model.label_name or data.label_name,
    )


def with_image(data: DataSet, image: str | None) -> DataSet:
    """A data set whose samples are images of the shape that ``--image`` gives.

    Raises
    ------
    typer.BadParameter
        If the shape is wrong, or contradicts the data.
    """
    shape = image_option(image)
    if shape is None:
        return data
    if data.image_shape not in (None, shape):
        raise typer.BadParameter(
            f"{_size(shape)} contradicts the data, which have images of {_size(data.image_shape)}; "
            "leave it out",
            param_hint="--image",
        )
    if shape[0] * shape[1] != data.features:
        raise typer.BadParameter(
            f"{_size(shape)} makes {shape[0] * shape[1]} pixels, and {data.name} has "
            f"{data.features} features per sample",
            param_hint="--image",
        )
    return replace(data, image_shape=shape)


def _size(shape: tuple[int, int] | None) -> str:
    assert shape is not None
    return "×".join(map(str, shape))
