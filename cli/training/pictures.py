"""Draw and save the plots of a training, for `--plot`."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...golden_model.encoding import bit_planes, plane_names
from ...golden_model.metrics import confusion_matrix
from ..terminal.output import network_shape, percent
from .session import Outcome, Session

__all__ = ["draw_training"]

DRAWN_SAMPLES = 8


def draw_training(session: Session, outcome: Outcome, folder: Path) -> list[Path]:
    """Draw learning curve, hidden weights, confusion, first layer and samples of a training.

    Parameters
    ----------
    session : Session
        The training.
    outcome : Outcome
        The outcome of the training, with a model.
    folder : Path
        The folder of the plots; created if it does not exist.

    Returns
    -------
    list of Path
        The plots, PNG.

    Raises
    ------
    OSError
        If a plot cannot be written.
    """
    from ..terminal import plots

    folder.mkdir(parents=True, exist_ok=True)
    model = outcome.model
    assert model is not None
    config = model.config
    shape = network_shape(config)
    name = Path(session.data.name).resolve().stem
    epoch = model.history[-1].epoch + 1
    bits = session.bits
    if bits.x_test is not None and bits.y_test is not None:
        which, x, y = "test", bits.x_test, bits.y_test
    elif bits.x_held_out is not None and bits.y_held_out is not None:
        which, x, y = "held-out", bits.x_held_out, bits.y_held_out
    else:
        which, x, y = "training", bits.x, bits.y
    confusion = confusion_matrix(y, model.predict_bits(x), config.classes)
    accuracy = confusion.trace() / confusion.sum()
    curve = (*session.history, *outcome.records)
    figures = {
        "learning_curve": plots.draw_learning_curve(
            curve, kept=epoch - 1, title=f"{name}, {shape}"
        ),
        "hidden_weights": plots.draw_hidden_weights(
            model.counters, config.layers, title=f"{name}, {shape}, after epoch {epoch}"
        ),
        "confusion_matrix": plots.draw_confusion(
            confusion,
            title=f"{name}, {which} samples: {percent(accuracy)} right",
            names=session.data.class_names,
        ),
    }
    drawn = model.encoder.plane_shape or session.data.image_shape
    if drawn is not None:
        figures["first_layer"] = plots.draw_first_layer(
            model.counters[0],
            image_shape=drawn,
            sources=model.encoder.sources,
            title=f"{name}, first layer",
        )
    raw = model.image_shape
    if raw is not None:
        chosen = _a_sample_of_each_class(session.data.y_train)
        samples = session.data.x_train[chosen]
        names = session.data.class_names or tuple(map(str, session.data.labels))
        figures["encoded_samples"] = plots.draw_encoded_samples(
            samples.reshape(-1, *raw),
            bit_planes(model.encoder, model.encoder.encode(samples), raw),
            labels=[names[label] for label in session.data.y_train[chosen]],
            names=plane_names(model.encoder),
            title=f"{name}, encoded samples",
        )
    return [plots.save(figure, folder / f"{key}.png") for key, figure in figures.items()]


def _a_sample_of_each_class(y: NDArray[np.int64]) -> NDArray[np.intp]:
    """The first sample of each of the first classes, by index."""
    _, first = np.unique(y, return_index=True)
    return first[:DRAWN_SAMPLES]
