"""`metaplast info`: show a model file."""

from collections.abc import Iterable

import typer

from ..options.options import JsonOption, ModelArgument
from ..terminal.class_labels import known_labels, own_labels
from ..terminal.output import network_shape, percent, print_json, print_table, printable

__all__ = ["register"]

LISTED_NAMES = 12


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(info)


def info(model: ModelArgument, json: JsonOption = False) -> None:
    """Show the network, encoding, training and history of a model file."""
    import numpy as np

    from ...golden_model.files.model_file import Model

    trained = Model.load(model)
    config = trained.config
    layers = [
        {
            "inputs": layer.inputs,
            "neurons": layer.neurons,
            "group": layer.group,
            "weights": layer.weights,
            "counter_bits": layer.weights * config.counter_bits,
            "saturated": int(np.count_nonzero((k == layer.lowest) | (k == layer.highest))),
        }
        for layer, k in zip(config.layers, trained.counters, strict=True)
    ]
    encoder = trained.encoder
    if json:
        print_json(
            {
                "model": str(model),
                "data": trained.data_name,
                "config": config.to_dict(),
                "encoding": encoder.to_dict(),
                "image_shape": trained.image_shape,
                "class_names": trained.class_names,
                "labels": known_labels(trained),
                "feature_names": trained.feature_names,
                "label_name": trained.label_name,
                "epochs_trained": trained.epoch,
                "layers": layers,
                "history": [record.to_dict() for record in trained.history],
            }
        )
        return

    facts = [
        ("trained on", trained.data_name or "-"),
        ("network", network_shape(config)),
        ("counter bits B", str(config.counter_bits)),
        ("robustness r", f"{config.robustness:g}"),
        ("reinforcement p_r", f"{config.reinforcement:g}"),
        ("batch", str(config.batch)),
        ("seed", str(config.seed)),
        ("shuffle block S", str(config.shuffle_block)),
        ("encoding", encoder.summary),
        ("epochs trained", str(trained.epoch)),
    ]
    names = list(trained.class_names or [])
    if own_labels(trained) is not None and names != list(map(str, known_labels(trained))):
        facts.append(("labels", shortened(map(str, known_labels(trained)))))
    if names:
        facts.append(("classes", shortened(names)))
    if trained.feature_names is not None:
        facts.append(("columns", shortened(trained.feature_names)))
    if trained.label_name is not None:
        facts.append(("label column", trained.label_name))
    if trained.history:
        last = trained.history[-1]
        facts.append(("training accuracy", percent(last.accuracy)))
        if last.validation_accuracy is not None:
            facts.append(("held-out accuracy", percent(last.validation_accuracy)))
        if last.test_accuracy is not None:
            facts.append(("test accuracy", percent(last.test_accuracy)))
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        typer.echo(f"{name.ljust(width)}  {printable(value)}")
    typer.echo()
    print_table(
        ["layer", "inputs", "neurons", "group", "weights", "counter memory (bits)", "at a bound"],
        [
            [
                str(index),
                *(f"{layer[key]:,}" for key in ("inputs", "neurons", "group", "weights")),
                f"{layer['counter_bits']:,}",
                percent(layer["saturated"] / layer["weights"]),
            ]
            for index, layer in enumerate(layers)
        ],
        text=0,
    )


def shortened(names: Iterable[str]) -> str:
    """A list of names; of many, the first ones and their number."""
    names = list(names)
    if len(names) <= LISTED_NAMES:
        return ", ".join(names)
    return f"{', '.join(names[: LISTED_NAMES - 1])}, … ({len(names)} in all)"
