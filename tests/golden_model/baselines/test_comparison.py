"""Comparison of models over several seeds."""

import multiprocessing
import os
import signal
from concurrent.futures.process import BrokenProcessPool
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from metaplast.golden_model import ConfigurationError, MetaplastError
from metaplast.golden_model.baselines import comparison
from metaplast.golden_model.baselines.assumptions import assumptions
from metaplast.golden_model.baselines.budget import Budget
from metaplast.golden_model.baselines.comparison import (
    ComparedModel,
    ComparisonChoice,
    choose_rivals,
    compare_models,
    summarise,
)
from metaplast.golden_model.baselines.rivals import Model, Rival
from metaplast.golden_model.baselines.training import Run, Split, train_model

from .models import FEATURES, network, rival, toy_samples


def run(seed: int, test_accuracy: float | None, gates: float = 1.0) -> Run:
    return Run(
        seed=seed, held_out_accuracy=None, test_accuracy=test_accuracy, gates=gates, seconds=1.0
    )


def test_mean_and_deviation() -> None:
    values = [0.5, 0.25, 0.75, 0.875]
    summary = summarise(values)
    assert (summary.mean, summary.n) == (np.mean(values), 4)
    assert summary.deviation == np.std(values, ddof=1)
    assert summarise([0.5]).deviation is None


def test_a_model_summarises_its_runs() -> None:
    runs = (run(1, 0.5, gates=10), run(2, 0.75, gates=20))
    model = ComparedModel(rival=rival(network(12), Model.OURS), runs=runs)
    assert model.test_accuracy == summarise([0.5, 0.75])
    assert model.held_out_accuracy is None
    assert (model.gates.mean, model.seconds.mean) == (15, 1)
    plain = model.to_dict()
    assert plain["test_accuracy"] == {"mean": 0.625, "deviation": 0.125 * 2**0.5, "n": 2}
    assert plain["held_out_accuracy"] is None
    assert [one["seed"] for one in plain["runs"]] == [1, 2]


def results(models: list[ComparedModel]) -> list[Any]:
    """Everything but the times."""
    return [
        (model.rival, run.seed, run.held_out_accuracy, run.test_accuracy, run.gates)
        for model in models
        for run in model.runs
    ]


@pytest.mark.slow
def test_the_number_of_jobs_changes_nothing() -> None:
    config, samples = network(12, 9), toy_samples()
    rivals = [rival(config, model) for model in (Model.COMMITTEE, Model.OURS)]
    if comparison._installed("sklearn"):
        rivals.append(rival(config, Model.SGD))
    finished: list[Rival] = []
    environment = dict(os.environ)
    one, two = (
        compare_models(
            rivals, samples, epochs=2, seed=7, seeds=3, jobs=jobs, on_run=finished.append
        )
        for jobs in (1, 2)
    )
    assert os.environ == environment
    assert sorted(map(str, finished)) == sorted(map(str, 6 * rivals))
    assert results(one) == results(two)
    expected = [train_model(rivals[1], samples, epochs=2, seed=seed) for seed in (7, 8, 9)]
    assert [(run.seed, run.test_accuracy) for run in two[1].runs] == [
        (run.seed, run.test_accuracy) for run in expected
    ]
    assert len({run.gates for run in two[1].runs}) > 1  # the seeds differ


def test_no_models() -> None:
    assert compare_models([], toy_samples(), epochs=1, seed=1, seeds=2, jobs=4) == []


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 0}, "epochs must be an integer of at least 1, not 0"),
        ({"seeds": 0}, "seeds must be an integer of at least 1, not 0"),
        ({"jobs": 0}, "jobs must be an integer of at least 1, not 0"),
        (
            {"seed": (1 << 48) - 1, "seeds": 2},
            "the last seed must be from 0 to 281474976710655, not 281474976710656",
        ),
    ],
)
def test_numbers_are_checked(values: dict[str, int], message: str) -> None:
    numbers = {"epochs": 1, "seed": 1, "seeds": 1, "jobs": 1, **values}
    with pytest.raises(ConfigurationError) as caught:
        compare_models([rival(network(12), Model.OURS)], toy_samples(), **numbers)
    assert str(caught.value) == message


def test_the_error_of_a_training_ends_the_comparison() -> None:
    samples = toy_samples()
    wrong = Split(bits=samples.train.bits, labels=samples.train.labels + 9)
    broken = comparison.Samples(train=wrong, test=samples.test)
    with pytest.raises(MetaplastError, match="labels must be from 0 to 2"):
        compare_models([rival(network(12), Model.OURS)], broken, epochs=1, seed=1, seeds=2, jobs=2)


def test_a_process_that_dies() -> None:
    with (
        patch.object(comparison, "as_completed", side_effect=BrokenProcessPool),
        pytest.raises(MetaplastError) as caught,
    ):
        compare_models(
            [rival(network(12), Model.OURS)], toy_samples(), epochs=1, seed=1, seeds=2, jobs=2
        )
    assert str(caught.value) == (
        "a process of the comparison died, perhaps because 2 processes need more memory than there "
        "is; use fewer --jobs"
    )


def test_an_interrupt_ends_the_processes() -> None:
    processes: list[Any] = []

    def interrupt(rival: Rival) -> None:
        processes.extend(multiprocessing.active_children())
        raise KeyboardInterrupt

    rivals = [rival(network(3), Model.OURS), rival(network(200), Model.OURS)]
    with pytest.raises(KeyboardInterrupt):
        compare_models(
            rivals, toy_samples(), epochs=300, seed=1, seeds=20, jobs=2, on_run=interrupt
        )
    for process in processes:
        process.join(timeout=30)
    # One process trains the larger network, which takes seconds.
    assert -signal.SIGTERM in [process.exitcode for process in processes]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"committee_group": 0}, "committee_group must be an integer of at least 1, not 0"),
        ({"sgd_rate": -1.0}, "sgd_rate must be finite and at least 0, not -1.0"),
        ({"sgd_rate": float("nan")}, "sgd_rate must be finite and at least 0, not nan"),
        ({"sgd_rate": 0.0}, "sgd_rate must be above 0, not 0.0"),
    ],
)
def test_choices_are_checked(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        ComparisonChoice(**values)
    assert str(caught.value) == message


def test_models_without_their_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "_installed", lambda package: False)
    rivals, not_run = choose_rivals(network(12), ComparisonChoice(), samples=120, features=FEATURES)
    assert [one.model for one in rivals] == [Model.OURS, Model.COMMITTEE]
    command = "sklearn is not installed (pip install 'metaplast[sklearn]')"
    assert not_run == [
        f"float MLP, SGD: not run, {command}",
        f"float MLP, Adam: not run, {command}",
        "binary MLP, straight-through: not run, torch is not installed (pip install torch)",
    ]


def sentences(config: Any, choice: ComparisonChoice, *, seeds: int = 1) -> str:
    rivals, _ = choose_rivals(config, choice, samples=10_000, features=FEATURES)
    return "\n".join(assumptions(config, choice, rivals, seed=4, seeds=seeds))


def test_assumptions_name_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "_installed", lambda package: True)
    config = network(64)
    choice = ComparisonChoice(
        equal=Budget.MEMORY, committee_group=11, sgd_rate=0.25, sgd_features=True
    )
    text = sentences(config, choice, seeds=3)
    for words in (
        "groups of 11",
        "learning rate 0.25",
        "32 bits for a feature",
        "seeds 4 to 6",
        "Equal memory:",
        "as many of the first samples as fit",
        "8 bits per hidden weight",
        "the 10 samples of a batch",
    ):
        assert words in text
    assert "as wide as our bits allow" in sentences(
        config, ComparisonChoice(equal=Budget.TRAINING_STATE)
    )


def test_assumptions_name_only_what_there_is() -> None:
    text = sentences(network(64), ComparisonChoice(models=(Model.OURS,), equal=Budget.MEMORY))
    for words in ("float", "committee", "SGD", "Adam", "±", "Equal"):
        assert words not in text
