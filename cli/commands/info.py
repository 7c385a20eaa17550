"""`metaplast info`: show a model file."""

import typer

from ..options.options import JsonOption, ModelArgument
from ..terminal.output import network_shape, percent, print_json, print_table

__all__ = ["register"]


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
        ("encoding", encoder.summary),
        ("epochs trained", str(trained.epoch)),
    ]
    if config.shuffle_block > 1:
        facts.append(("shuffle block S", str(config.shuffle_block)))
    if trained.history:
        last = trained.history[-1]
        facts.append(("training accuracy", percent(last.accuracy)))
        if last.validation_accuracy is not None:
            facts.append(("held-out accuracy", percent(last.validation_accuracy)))
        if last.test_accuracy is not None:
            facts.append(("test accuracy", percent(last.test_accuracy)))
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        typer.echo(f"{name.ljust(width)}  {value}")
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
