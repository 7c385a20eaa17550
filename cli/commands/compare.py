"""`metaplast compare`: train other models on the same data, and compare them."""

from dataclasses import asdict

import typer

from ..options.training_options import TrainingOptions, takes_training_options
from ..terminal.output import Reporter, network_shape, percent, print_json, print_table

__all__ = ["register"]

NOT_OFFERED = ("classes", "validation", "continue_", "model", "plot")
"""Training options that a comparison does not have."""


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(takes_training_options(compare, without=NOT_OFFERED))


def compare(options: TrainingOptions) -> None:
    """Train other models on the same bits and split, and print one table.

    The others are the CP+R committee machine (one trained binary layer), the
    same network with float weights trained by SGD and by Adam (if scikit-learn
    is installed), and a binary network trained with straight-through gradients
    (if PyTorch is).
    """
    from ...golden_model.baselines.comparison import compare_models
    from ...golden_model.errors import DataError
    from ..training.session import new_session
    from ..training.training_data import load_training_data

    choices = options.choices()
    data = load_training_data(options)
    if data.x_test is None:
        raise DataError(
            f"{data.name} has no test split, on which models are compared; give an .npz file "
            "with x_test and y_test, too"
        )
    session = new_session(data, choices, validation=0, samples=options.samples)
    config, bits = session.trainer.network.config, session.bits
    assert bits.x_test is not None
    assert bits.y_test is not None

    with Reporter(json=options.json, quiet=options.quiet) as reporter:
        models, not_run = compare_models(
            config,
            bits.x,
            bits.y,
            bits.x_test,
            bits.y_test,
            epochs=session.epochs,
            on_start=lambda name: reporter.start(name, session.epochs * len(bits.x)),
            on_progress=reporter.advance,
        )

    if options.json:
        print_json(
            {
                "data": data.name,
                "samples": len(bits.x),
                "sizes": (config.inputs, *config.hidden, config.classes),
                "epochs": session.epochs,
                "batch": config.batch,
                "seed": config.seed,
                "bits_per_feature": bits.encoder.choice.bits_per_feature,
                "models": [asdict(model) for model in models],
                "not_run": not_run,
            }
        )
        return
    print_table(
        [
            "model",
            "test accuracy",
            "parameters (bits)",
            "training state (bits)",
            "gates per step",
            "seconds",
        ],
        [
            [
                model.model,
                percent(model.test_accuracy),
                f"{model.parameter_bits:,}",
                f"{model.state_bits:,}",
                f"{model.gates:.3g}",
                f"{model.seconds:.1f}",
            ]
            for model in models
        ],
        title=(
            f"{data.name}: {len(bits.x):,} training samples, "
            f"network {network_shape(config)}, {session.epochs} epochs, batch {config.batch}"
        ),
    )
    for line in not_run:
        typer.echo(line)
