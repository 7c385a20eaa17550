"""Compare the network with other models over several seeds: accuracy, memory, gates, time."""

import math
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from ..config import MAX_SEED, NetworkConfig, checked_integer, checked_minimum, checked_number
from ..errors import ConfigurationError, MetaplastError
from .budget import Budget, sized
from .rivals import DEFAULT_SGD_RATE, Model, Rival
from .training import Run, Samples, train_model

__all__ = [
    "ComparedModel",
    "ComparisonChoice",
    "Summary",
    "choose_rivals",
    "compare_models",
    "summarise",
]

COMMITTEE_GROUP = 5
"""Default neurons of a group of the committee machine: odd, so that a vote is never a tie. The main
tables of arXiv:2412.00119 have groups of about 11."""

PACKAGES = {
    Model.SGD: ("sklearn", "pip install 'metaplast[sklearn]'"),
    Model.ADAM: ("sklearn", "pip install 'metaplast[sklearn]'"),
    Model.STRAIGHT_THROUGH: ("torch", "pip install torch"),
}
"""The package that a model needs, and the command that installs it."""

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""Environment variables for the number of BLAS threads of a process."""


@dataclass(frozen=True, kw_only=True)
class ComparisonChoice:
    """The models of a comparison, and their sizes.

    Parameters
    ----------
    models : tuple of Model
        The models, in the order of the table.
    equal : Budget, optional
        Size every other model to the network by this quantity; by default they have its shape.
    committee_group : int
        Neurons of a group of the committee machine. At least 1; an even group can tie, which is 1.
    sgd_rate : float
        Learning rate of SGD. Above 0.
    sgd_features : bool
        Whether SGD trains on features scaled to −1 … 1, and not on bits as ±1.

    Raises
    ------
    ConfigurationError
        If a value is out of its range.
    """

    models: tuple[Model, ...] = tuple(Model)
    equal: Budget | None = None
    committee_group: int = COMMITTEE_GROUP
    sgd_rate: float = DEFAULT_SGD_RATE
    sgd_features: bool = False

    def __post_init__(self) -> None:
        checked_minimum("committee_group", self.committee_group, 1)
        rate = checked_number("sgd_rate", self.sgd_rate, 0.0, math.inf)
        if rate == 0:
            raise ConfigurationError("sgd_rate must be above 0, not 0.0")


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Mean and standard deviation of the runs of a model.

    Attributes
    ----------
    mean : float
        The mean.
    deviation : float or None
        The sample standard deviation (n − 1 in the denominator); None for one run.
    n : int
        Runs.
    """

    mean: float
    deviation: float | None
    n: int


def summarise(values: Iterable[float]) -> Summary:
    """Mean and sample standard deviation of at least one value."""
    array = np.array(list(values))
    deviation = float(array.std(ddof=1)) if len(array) > 1 else None
    return Summary(mean=float(array.mean()), deviation=deviation, n=len(array))


@dataclass(frozen=True, kw_only=True)
class ComparedModel:
    """A model with its runs, one for each seed, in the order of the seeds."""

    rival: Rival
    runs: tuple[Run, ...]

    @property
    def held_out_accuracy(self) -> Summary | None:
        """Accuracy on the held-out samples, 0 to 1; None without such samples."""
        return self._accuracy([run.held_out_accuracy for run in self.runs])

    @property
    def test_accuracy(self) -> Summary | None:
        """Accuracy on the test split, 0 to 1; None without such a split."""
        return self._accuracy([run.test_accuracy for run in self.runs])

    @property
    def gates(self) -> Summary:
        """Boolean gates of a training step."""
        return summarise(run.gates for run in self.runs)

    @property
    def seconds(self) -> Summary:
        """Seconds of a training."""
        return summarise(run.seconds for run in self.runs)

    @staticmethod
    def _accuracy(values: list[float | None]) -> Summary | None:
        known = [value for value in values if value is not None]
        return summarise(known) if known else None

    def to_dict(self) -> dict[str, Any]:
        """The model as plain values, ready for JSON."""
        rival = self.rival

        def plain(summary: Summary | None) -> dict[str, Any] | None:
            return None if summary is None else asdict(summary)

        return {
            "model": str(rival.model),
            "label": rival.model.label,
            "sizes": list(rival.sizes),
            "groups": list(rival.config.groups) if rival.model.binary else None,
            "input": "features" if rival.float_input else "bits",
            "samples": rival.samples,
            "parameter_bits": rival.parameter_bits,
            "training_state_bits": rival.training_state_bits,
            "memory_bits": rival.memory_bits,
            "held_out_accuracy": plain(self.held_out_accuracy),
            "test_accuracy": plain(self.test_accuracy),
            "gates": plain(self.gates),
            "seconds": plain(self.seconds),
            "runs": [asdict(run) for run in self.runs],
        }


def choose_rivals(
    config: NetworkConfig, choice: ComparisonChoice, *, samples: int, features: int
) -> tuple[list[Rival], list[str]]:
    """The models of a comparison, sized, and those that cannot be trained.

    Parameters
    ----------
    config : NetworkConfig
        The network.
    choice : ComparisonChoice
        The models and their sizes.
    samples : int
        Training samples.
    features : int
        Features of a sample, before encoding.

    Returns
    -------
    rivals : list of Rival
        In the order of the choice.
    not_run : list of str
        A line for each model whose package is not installed, or that the budget does not allow.
    """
    ours = Rival(model=Model.OURS, config=config, samples=samples)
    rivals: list[Rival] = []
    not_run: list[str] = []
    for model in choice.models:
        package, remedy = PACKAGES.get(model, ("", ""))
        if package and not _installed(package):
            not_run.append(f"{model.label}: not run, {package} is not installed ({remedy})")
            continue
        rival = _of_shape(ours, model, choice, features)
        if choice.equal is not None and model is not Model.OURS:
            try:
                rival = sized(rival, choice.equal, choice.equal.bits(ours))
            except ConfigurationError as error:
                not_run.append(f"{model.label}: not run, {error}")
                continue
        rivals.append(rival)
    return rivals, not_run


def _of_shape(ours: Rival, model: Model, choice: ComparisonChoice, features: int) -> Rival:
    """A model of the network's shape; a committee of its first layer's, rounded up to groups."""
    config = ours.config
    if model is Model.OURS:
        return ours
    if model is Model.COMMITTEE:
        group = choice.committee_group
        groups = -(-config.hidden[0] // group)
        shape = NetworkConfig.from_dict(
            config.to_dict() | {"hidden": (groups * group,), "groups": (group,)}
        )
        return Rival(model=model, config=shape, samples=ours.samples)
    by_features = model is Model.SGD and choice.sgd_features
    inputs = features if by_features else config.inputs
    shape = NetworkConfig.from_dict(
        config.to_dict() | {"inputs": inputs, "groups": (1,) * len(config.hidden)}
    )
    return Rival(
        model=model,
        config=shape,
        samples=ours.samples,
        float_input=by_features,
        rate=choice.sgd_rate,
    )


def _installed(package: str) -> bool:
    return find_spec(package) is not None


def compare_models(
    rivals: Sequence[Rival],
    samples: Samples,
    *,
    epochs: int,
    seed: int,
    seeds: int,
    jobs: int,
    on_run: Callable[[Rival], None] = lambda rival: None,
) -> list[ComparedModel]:
    """Train models with several seeds in processes of one BLAS thread each.

    The results do not depend on the number of processes. A script that calls this needs the guard
    ``if __name__ == "__main__":``, because every process imports the script.

    Parameters
    ----------
    rivals : sequence of Rival
        The models.
    samples : Samples
        The samples that they share.
    epochs : int
        Passes over the training samples. At least 1.
    seed, seeds : int
        The first seed, and the number of seeds: ``seed … seed + seeds − 1``.
    jobs : int
        Number of processes. At least 1.
    on_run : callable
        Called with the model of each finished training.

    Returns
    -------
    list of ComparedModel
        In the order of the models.

    Raises
    ------
    ConfigurationError
        If a number is out of its range, or a float model's weights do not stay finite.
    MetaplastError
        If a process dies.
    """
    checked_minimum("epochs", epochs, 1)
    checked_minimum("seeds", seeds, 1)
    checked_minimum("jobs", jobs, 1)
    checked_integer("the last seed", seed + seeds - 1, 0, MAX_SEED)
    all_seeds = range(seed, seed + seeds)
    with _pool(min(jobs, len(rivals) * seeds) or 1, samples) as pool:
        futures = {
            pool.submit(_train_shared, rival, epochs, one): (index, rival)
            for one in all_seeds
            for index, rival in enumerate(rivals)
        }
        runs: list[list[Run]] = [[] for _ in rivals]
        try:
            for future in as_completed(futures):
                index, rival = futures[future]
                runs[index].append(future.result())
                on_run(rival)
        except BrokenProcessPool:
            raise MetaplastError(
                f"a process of the comparison died, perhaps because {jobs} processes need more "
                "memory than there is; use fewer --jobs"
            ) from None
    return [
        ComparedModel(rival=rival, runs=tuple(sorted(done, key=lambda run: run.seed)))
        for rival, done in zip(rivals, runs, strict=True)
    ]


@contextmanager
def _pool(processes: int, samples: Samples) -> Iterator[ProcessPoolExecutor]:
    """Processes that hold the samples; an error or Ctrl-C ends them at once."""
    before = set(multiprocessing.active_children())
    variables = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))  # read when a process loads its BLAS
    pool = ProcessPoolExecutor(
        processes,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_share,
        initargs=(samples,),
    )
    try:
        yield pool
        pool.shutdown()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - before:
            process.terminate()
        raise
    finally:
        for name, value in variables.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


_shared: Samples | None = None
"""The samples of a process of the pool."""


def _share(samples: Samples) -> None:
    global _shared
    _shared = samples
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # on Ctrl-C the parent ends the process


def _train_shared(rival: Rival, epochs: int, seed: int) -> Run:
    assert _shared is not None
    return train_model(rival, _shared, epochs=epochs, seed=seed)
