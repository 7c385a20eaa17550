"""`metaplast compare`."""

import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import typer

from ..options.options import (
    BatchOption,
    BitsPerFeatureOption,
    Choices,
    CounterBitsOption,
    DataArgument,
    DataDirOption,
    EpochsOption,
    GroupsOption,
    HiddenOption,
    JsonOption,
    PerFeatureOption,
    QuietOption,
    ReinforcementOption,
    RobustnessOption,
    SamplesOption,
    SeedOption,
    parse_sizes,
    require_at_least,
)
from ..terminal.output import Reporter, percent, print_json, print_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ...golden_model import EpochRecord
    from ...golden_model.trainer import TrainableNetwork
    from ..training.session import Bits, Session

__all__ = ["register"]

# The committee's groups: odd, so that a vote is never a tie, and of the size at which the paper's
# authors run it.
COMMITTEE_GROUP = 5
FLOAT_BITS = 32
SGD_RATE = 0.1


@dataclass(frozen=True, kw_only=True)
class Row:
    """One model of the table.

    Attributes
    ----------
    model : str
        What it is.
    test_accuracy : float
        On the test split, after the last epoch.
    parameter_bits : int
        Memory of what it takes to predict.
    state_bits : int
        Memory of what is kept from sample to sample while it trains: parameters, hidden weights,
        gradients, the optimiser's averages.
    gates : float
        Boolean gates of a training step (:mod:`~.gates`).
    seconds : float
        Time of all epochs.
    """

    model: str
    test_accuracy: float
    parameter_bits: int
    state_bits: int
    gates: float
    seconds: float


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command()(compare)


def compare(
    data: DataArgument,
    hidden: HiddenOption = None,
    groups: GroupsOption = None,
    counter_bits: CounterBitsOption = None,
    bits_per_feature: BitsPerFeatureOption = None,
    per_feature: PerFeatureOption = False,
    samples: SamplesOption = None,
    data_dir: DataDirOption = None,
    robustness: RobustnessOption = None,
    reinforcement: ReinforcementOption = None,
    batch: BatchOption = None,
    epochs: EpochsOption = None,
    seed: SeedOption = None,
    json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Train other models on the same bits and split as ours, and print one table.

    The others are the CP+R committee machine (one trained binary layer), the
    same network with float weights trained by SGD and by Adam (if scikit-learn
    is installed), and a binary network trained with straight-through gradients
    (if PyTorch is).
    """
    from ...golden_model import datasets
    from ...golden_model.errors import DataError
    from ..training.session import new_session

    choices = Choices(
        hidden=parse_sizes(hidden, "--hidden"),
        groups=parse_sizes(groups, "--groups"),
        counter_bits=counter_bits,
        bits_per_feature=bits_per_feature,
        per_feature=per_feature or None,
        robustness=robustness,
        reinforcement=reinforcement,
        batch=batch,
        epochs=epochs,
        seed=seed,
    )
    choices.check()
    require_at_least("--samples", samples, 1)
    data_set = datasets.load(data, data_dir=data_dir)
    if data_set.x_test is None:
        raise DataError(
            f"{data_set.name} has no test split, on which models are compared; give an .npz file "
            "with x_test and y_test, too"
        )
    session = new_session(data_set, choices, validation=0, samples=samples)
    config = session.trainer.network.config
    sizes = (config.inputs, *config.hidden, config.classes)

    with Reporter(json=json, quiet=quiet) as reporter:
        rows, absent = _train_all(session, reporter)

    if json:
        print_json(
            {
                "data": data_set.name,
                "samples": len(session.bits.x),
                "sizes": sizes,
                "epochs": session.epochs,
                "batch": config.batch,
                "seed": config.seed,
                "bits_per_feature": session.bits.encoder.choice.bits_per_feature,
                "models": [asdict(row) for row in rows],
                "not_run": absent,
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
                row.model,
                percent(row.test_accuracy),
                f"{row.parameter_bits:,}",
                f"{row.state_bits:,}",
                f"{row.gates:.3g}",
                f"{row.seconds:.1f}",
            ]
            for row in rows
        ],
        title=(
            f"{data_set.name}: {len(session.bits.x):,} training samples, "
            f"network {'–'.join(map(str, sizes))}, {session.epochs} epochs, batch {config.batch}"
        ),
    )
    for line in absent:
        typer.echo(line)


def _ours(session: "Session", reporter: Reporter) -> Row:
    from ...golden_model import Network
    from ...golden_model.baselines.gate_counts import binary_gates

    network = session.trainer.network
    assert isinstance(network, Network)
    config = network.config
    history, seconds = _train_binary(network, session, reporter)
    weights = sum(layer.weights for layer in config.layers)
    classifiers = sum(layer.neurons * layer.classes for layer in config.layers)
    last = config.layers[-1]
    return Row(
        model="",
        test_accuracy=_accuracy(network.predict, session.bits),
        parameter_bits=weights + last.neurons * last.classes,
        state_bits=weights * (config.counter_bits + 1) + classifiers,
        gates=binary_gates(config, history),
        seconds=seconds,
    )


def _committee(session: "Session", reporter: Reporter) -> Row:
    from ...golden_model.baselines.committee import CommitteeMachine
    from ...golden_model.baselines.gate_counts import committee_gates

    config = session.trainer.network.config
    neurons = -(-config.hidden[0] // COMMITTEE_GROUP) * COMMITTEE_GROUP
    config = replace(config, hidden=(neurons,), groups=(COMMITTEE_GROUP,))
    machine = CommitteeMachine(config)
    history, seconds = _train_binary(machine, session, reporter)
    (layer,) = config.layers
    classifier = layer.group_count * layer.classes
    return Row(
        model="",
        test_accuracy=_accuracy(machine.predict, session.bits),
        parameter_bits=layer.weights + classifier,
        state_bits=layer.weights * (config.counter_bits + 1) + classifier,
        gates=committee_gates(config, history),
        seconds=seconds,
    )


def _train_binary(
    network: "TrainableNetwork", session: "Session", reporter: Reporter
) -> tuple[list["EpochRecord"], float]:
    from ...golden_model import BatchRecord, Trainer

    trainer = Trainer(network)
    bits = session.bits
    history: list[EpochRecord] = []
    for epoch in range(session.epochs):

        def on_batch(done: int, record: BatchRecord, before: int = epoch * len(bits.x)) -> None:
            reporter.advance(before + done)

        history.append(trainer.train_epoch(bits.x, bits.y, on_batch))
    return history, sum(record.seconds for record in history)


def _sgd(session: "Session", reporter: Reporter) -> Row:
    from ...golden_model.baselines.gate_counts import sgd_gates

    config = session.trainer.network.config
    sizes = (config.inputs, *config.hidden, config.classes)
    accuracy, seconds, parameters = _train_float(
        session, solver="sgd", learning_rate_init=SGD_RATE, momentum=0.0
    )
    return Row(
        model="",
        test_accuracy=accuracy,
        parameter_bits=FLOAT_BITS * parameters,
        state_bits=2 * FLOAT_BITS * parameters,
        gates=sgd_gates(sizes, batch=config.batch),
        seconds=seconds,
    )


def _adam(session: "Session", reporter: Reporter) -> Row:
    from ...golden_model.baselines.gate_counts import adam_gates

    config = session.trainer.network.config
    sizes = (config.inputs, *config.hidden, config.classes)
    accuracy, seconds, parameters = _train_float(session, solver="adam")
    return Row(
        model="",
        test_accuracy=accuracy,
        parameter_bits=FLOAT_BITS * parameters,
        state_bits=4 * FLOAT_BITS * parameters,
        gates=adam_gates(sizes, batch=config.batch),
        seconds=seconds,
    )


def _train_float(session: "Session", **options: Any) -> tuple[float, float, int]:
    """Train scikit-learn's MLP on the bits as ±1 in float32: accuracy, seconds, parameters."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    config, bits = session.trainer.network.config, session.bits
    mlp = MLPClassifier(
        hidden_layer_sizes=config.hidden,
        batch_size=min(config.batch, len(bits.x)),
        random_state=config.seed % (1 << 32),
        alpha=0.0,
        max_iter=session.epochs,
        tol=0.0,
        n_iter_no_change=session.epochs + 1,  # every model trains for the same epochs
        **options,
    )
    x = _signed(bits.x)
    started = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mlp.fit(x, bits.y)
    seconds = time.perf_counter() - started
    parameters = sum(weights.size for weights in (*mlp.coefs_, *mlp.intercepts_))
    return _accuracy(lambda x_test: mlp.predict(_signed(x_test)), bits), seconds, parameters


def _straight_through(session: "Session", reporter: Reporter) -> Row:
    from ...golden_model.baselines.gate_counts import straight_through_gates
    from ...golden_model.baselines.straight_through import StraightThroughNetwork

    config, bits = session.trainer.network.config, session.bits
    sizes = (config.inputs, *config.hidden, config.classes)
    network = StraightThroughNetwork(sizes, seed=config.seed)
    started = time.perf_counter()
    for epoch in range(session.epochs):
        network.train_epoch(bits.x, bits.y, batch=config.batch)
        reporter.advance((epoch + 1) * len(bits.x))
    seconds = time.perf_counter() - started
    weights = sum(a * b for a, b in pairwise(sizes))
    return Row(
        model="",
        test_accuracy=_accuracy(network.predict, bits),
        parameter_bits=weights,
        state_bits=weights * (1 + 4 * FLOAT_BITS),
        gates=straight_through_gates(sizes, batch=config.batch),
        seconds=seconds,
    )


def _accuracy(predict: "Callable[[NDArray[np.uint8]], NDArray[np.integer]]", bits: "Bits") -> float:
    assert bits.x_test is not None
    return float((predict(bits.x_test) == bits.y_test).mean())


def _signed(x: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """Bits as ±1."""
    import numpy as np

    signed = x.astype(np.float32)
    signed *= 2
    signed -= 1
    return signed


def _train_all(session: "Session", reporter: Reporter) -> tuple[list[Row], list[str]]:
    """Train every model whose package is installed; the rows, and what was not run."""
    rows: list[Row] = []
    absent: list[str] = []
    contenders: tuple[tuple[str, str, str, Callable[..., Row]], ...] = (
        ("local binary errors (ours)", "", "", _ours),
        ("CP+R committee, one layer", "", "", _committee),
        ("float MLP, SGD", "sklearn", "pip install 'metaplast[sklearn]'", _sgd),
        ("float MLP, Adam", "sklearn", "pip install 'metaplast[sklearn]'", _adam),
        ("binary MLP, straight-through", "torch", "pip install torch", _straight_through),
    )
    for name, module, remedy, train in contenders:
        if module and not _installed(module):
            absent.append(f"{name}: not run, {module} is not installed ({remedy})")
            continue
        reporter.start(name, session.epochs * len(session.bits.x))
        rows.append(replace(train(session, reporter), model=name))
    return rows, absent


def _installed(module: str) -> bool:
    from importlib.util import find_spec

    return find_spec(module) is not None
