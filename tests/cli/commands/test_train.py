"""`metaplast train`: results, saved models, resumed trainings, recorded runs, interruption."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

from metaplast.cli.options.options import Choices
from metaplast.cli.training.session import continue_session
from metaplast.golden_model import EpochRecord, Network, NetworkConfig, Trainer, datasets
from metaplast.golden_model.encoding import fit_encoder
from metaplast.golden_model.files import model_file
from metaplast.golden_model.files.model_checks import check_history
from metaplast.golden_model.files.model_file import Model

from ...comparison import assert_same_epoch, assert_same_state
from ...vectors import RUNS, VECTORS
from ..conftest import in_training

SMALL = ("--hidden", "12", "--batch", "10")


def state(path: Path) -> Network:
    """The network of a model file."""
    network = Model.load(path).trainer().network
    assert isinstance(network, Network)
    return network


def assert_same_model(expected: Path, got: Path) -> None:
    """Fail unless two model files are the same training, but for the time it took."""
    a, b = Model.load(expected), Model.load(got)
    assert (a.config, a.epoch, a.accuracy) == (b.config, b.epoch, b.accuracy)
    assert_same_state(state(expected), state(got))
    for one, other in zip(a.history, b.history, strict=True):
        assert_same_epoch(one, other)


def test_digits_just_works(document, workspace):
    trained = document("train", "digits", "--epochs", 2)
    assert [path.name for path in workspace.iterdir()] == ["digits-model.npz"]
    config = trained["config"]
    assert (config["inputs"], config["hidden"], config["groups"]) == (64, [256], [32])
    assert (trained["data"], trained["samples"]) == ("digits", 1437)
    assert [epoch["epoch"] for epoch in trained["epochs"]] == [0, 1]
    assert 0.6 < trained["test_accuracy"] < 1


def test_the_model_is_the_training(run, toy):
    assert run("train", toy, *SMALL, "--epochs", 3, "--seed", 9).status == 0
    with np.load(toy) as arrays:
        x, y = arrays["x_train"], arrays["y_train"].astype(np.int64)
    config = NetworkConfig(inputs=24, hidden=(12,), groups=(3,), classes=3, batch=10, seed=9)
    network = Network(config)
    trainer = Trainer(network)
    for _ in range(3):
        trainer.train_epoch(x, y)
    assert_same_state(network, state(toy.with_name("toy-model.npz")))


def test_a_line_has_what_the_record_has(run, toy):
    result = run("train", toy, "--hidden", "12,8", "--epochs", 1, "--validation", 20)
    (record,) = Model.load(toy.with_name("toy-model.npz")).history
    headings, cells = (line.split() for line in result.out.splitlines()[1:3])
    assert "held" in headings
    assert "each" in headings
    two = [f"{100 * share:.2f}" for share in record.layer_accuracy]
    errors = [f"{100 * share:.2f}" for share in record.error_rate]
    updates = [f"{count / 100:.3f}" for count in record.updates]
    bound = f"{100 * sum(record.saturated) / (12 * 24 + 8 * 12):.2f}"
    held, test = f"{100 * record.validation_accuracy:.2f}", f"{100 * record.test_accuracy:.2f}"
    wanted = ["1", two[1], "%", *two, *errors, *updates, bound, "%", held, "%", test, "%"]
    assert cells[:-1] == wanted


def test_accuracies_of_each_layer(run, document, toy):
    arguments = ("train", toy, "--hidden", "12,8", "--epochs", 2, "--validation", 20, "--json")
    trained = json.loads(run(*arguments).out)
    model = Model.load(toy.with_name("toy-model.npz"))
    kept = model.history[-1]
    with np.load(toy) as arrays:
        splits = {
            "test": (arrays["x_test"], arrays["y_test"]),
            "validation": (arrays["x_train"][100:], arrays["y_train"][100:]),
        }
    for name, (x, y) in splits.items():
        shares = np.mean(model.local_predictions(x) == y[:, np.newaxis], axis=0).tolist()
        assert list(getattr(kept, f"layer_{name}_accuracy")) == shares
        assert getattr(kept, f"{name}_accuracy") == shares[-1]
        assert trained["epochs"][kept.epoch][f"layer_{name}_accuracy"] == shares
    first, last = kept.layer_test_accuracy
    assert first != last  # or else this test shows little
    lines = run(*arguments[:-1], "--quiet").out.splitlines()
    assert lines[2:4] == [
        f"{name} accuracy of each layer {100 * first:.2f} %, {100 * second:.2f} %"
        for name, (first, second) in (
            ("held-out", kept.layer_validation_accuracy),
            ("test", kept.layer_test_accuracy),
        )
    ]
    one = document("train", toy, *SMALL, "--epochs", 1)["epochs"][0]
    assert one["layer_test_accuracy"] == [one["test_accuracy"]]
    assert one["layer_validation_accuracy"] is None


def test_json_is_all_of_stdout(document, toy):
    document = document("train", toy, *SMALL, "--epochs", 2)
    model = Model.load(toy.with_name("toy-model.npz"))
    assert document["config"] == model.config.to_dict()
    assert [EpochRecord.from_dict(epoch) for epoch in document["epochs"]] == list(model.history)
    assert document["model"] == "toy-model.npz"
    assert (document["samples"], document["held_out"], document["kept_epoch"]) == (120, 0, 1)
    assert document["test_accuracy"] == model.history[-1].test_accuracy
    assert document["interrupted"] is False
    assert document["equal_to_recorded"] is None


def test_without_a_test_split(document, toy):
    with np.load(toy) as arrays:
        np.savez("alone.npz", x_train=arrays["x_train"], y_train=arrays["y_train"])
    trained = document("train", "alone.npz", *SMALL, "--epochs", 1)
    assert trained["test_accuracy"] is None
    assert trained["accuracy"] == Model.load("alone-model.npz").history[-1].accuracy


def test_samples_are_the_first_after_holding_out(document, toy):
    document = document("train", toy, *SMALL, "--epochs", 2, "--samples", 50, "--validation", 30)
    assert (document["samples"], document["held_out"]) == (50, 30)
    with np.load(toy) as arrays:
        x, y = arrays["x_train"], arrays["y_train"].astype(np.int64)
    config = NetworkConfig(inputs=24, hidden=(12,), groups=(3,), classes=3, batch=10)
    trainer = Trainer(Network(config))
    shares = []
    for _ in range(2):
        trainer.train_epoch(x[:50], y[:50])
        network = trainer.network
        assert isinstance(network, Network)
        shares.append(float(np.mean(network.predict(x[90:]) == y[90:])))
    assert [epoch["validation_accuracy"] for epoch in document["epochs"]] == shares


def test_the_best_epoch_on_the_held_out_samples_is_kept(run, document, toy):
    document = document("train", toy, *SMALL, "--epochs", 8, "--validation", 30, "--seed", 3)
    shares = [epoch["validation_accuracy"] for epoch in document["epochs"]]
    best = shares.index(max(shares))
    assert best < 7  # or else this test shows nothing
    assert document["kept_epoch"] == best
    model = Model.load(toy.with_name("toy-model.npz"))
    assert (model.epoch, len(model.history)) == (best + 1, best + 1)
    again = run(
        "train", toy, *SMALL, "--epochs", best + 1, "--samples", 90, "--seed", 3, "--model", "b.npz"
    )
    assert again.status == 0
    assert_same_state(state(Path("b.npz")), state(toy.with_name("toy-model.npz")))


def test_thresholds_come_from_the_samples_trained_on(run):
    result = run("train", "digits", "--hidden", 8, "--epochs", 1, "--samples", 100)
    assert result.status == 0
    from metaplast.golden_model import datasets

    x = datasets.load("digits").x_train[:100]
    assert Model.load("digits-model.npz").encoder.thresholds == fit_encoder(x).thresholds


def test_per_feature(run, workspace):
    rows = ["a,b,c,label"] + [f"{i % 7},5,{i % 3 * 0.5},{i % 2}" for i in range(40)]
    Path("table.csv").write_text("\n".join(rows) + "\n")
    result = run("train", "table.csv", "--per-feature", "--hidden", 8, "--epochs", 1)
    assert result.status == 0, result.err
    model = Model.load("table-model.npz")
    assert model.encoder.sources.tolist() == [0, 2]
    assert model.encoder.choice.per_feature


def test_more_classes_than_labels(run, toy):
    assert run("train", toy, *SMALL, "--epochs", 1, "--classes", 5).status == 0
    assert Model.load("toy-model.npz").config.classes == 5


def test_more_classes_than_names(run):
    result = run("train", "digits", "--hidden", 8, "--epochs", 1, "--classes", 12)
    assert result.status == 0, result.err


class TestContinue:
    def test_is_as_if_it_had_never_stopped(self, run, document, toy):
        run("train", toy, *SMALL, "--epochs", 5, "--model", "whole.npz")
        run("train", toy, *SMALL, "--epochs", 2, "--model", "part.npz")
        resume = ("--continue", "part.npz", "--epochs", 3, "--model", "rest.npz")
        trained = document("train", toy, *resume)
        assert [epoch["epoch"] for epoch in trained["epochs"]] == [2, 3, 4]
        assert_same_model(Path("whole.npz"), Path("rest.npz"))

    def test_in_place(self, run, toy, model):
        assert run("train", toy, "--continue", model, "--epochs", 1, "--model", model).status == 0
        assert Model.load(model).epoch == 3

    def test_with_options_that_the_model_has(self, run, toy, model):
        result = run(
            *("train", toy, "--continue", model, "--hidden", 12, "--groups", 3, "--seed", 1),
            *("--batch", 10, "--counter-bits", 8, "--epochs", 1),
        )
        assert result.status == 0

    @pytest.mark.parametrize(
        ("option", "value", "has"),
        [
            ("--hidden", "13", "12"),
            ("--groups", "4", "3"),
            ("--counter-bits", "7", "8"),
            ("--bits-per-feature", "2", "--bits-per-feature 1"),
            ("--encoding", "levels:2", "--bits-per-feature 1"),
            ("--planes", "level,right", "--bits-per-feature 1"),
            ("--shuffle-block", "2", "1"),
            ("--robustness", "0.5", None),
            ("--reinforcement", "2", "1.0"),
            ("--batch", "11", "10"),
            ("--seed", "2", "1"),
            ("--classes", "4", "3"),
        ],
    )
    def test_refuses_what_contradicts_the_model(self, run, toy, model, option, value, has):
        before = model.read_bytes()
        result = run("train", toy, "--continue", model, option, value, "--model", model)
        assert result.status == 2
        assert option == "--encoding" or option in result.sentence
        assert "contradicts the model" in result.sentence
        if has is not None:
            assert f"which has {has};" in result.sentence
        assert model.read_bytes() == before

    def test_thresholds_per_feature_contradict_shared_ones_and_make_no_difference_to_bits(
        self, run, toy, model
    ):
        again = ("--per-feature", "--epochs", 1)
        assert run("train", toy, "--continue", model, *again).status == 0
        run("train", "digits", "--hidden", 8, "--epochs", 1)
        result = run("train", "digits", "--continue", "digits-model.npz", *again)
        assert result.status == 2
        assert (
            "--bits-per-feature 1 --per-feature contradicts the model, which has "
            "--bits-per-feature 1;"
        ) in result.sentence

    def test_the_shuffle_block_stays_that_of_the_model(self, toy, model):
        saved = Model.load(model)
        saved = replace(saved, config=replace(saved.config, shuffle_block=4))
        data = datasets.load(toy)
        for choices in (Choices(), Choices(shuffle_block=4)):
            session = continue_session(data, choices, saved, validation=0, samples=None)
            assert session.trainer.network.config.shuffle_block == 4
        with pytest.raises(typer.BadParameter, match=r"^1 contradicts the model, which has 4;"):
            continue_session(data, Choices(shuffle_block=1), saved, validation=0, samples=None)

    def test_refuses_data_of_another_shape(self, run, model):
        before = model.read_bytes()
        result = run("train", "digits", "--continue", model, "--model", model)
        assert result.status == 1
        assert result.sentence == (
            "digits has 64 features per sample, and the model was trained with 24"
        )
        assert model.read_bytes() == before

    def test_refuses_labels_that_the_model_does_not_know(self, run, model):
        draw = np.random.default_rng(1)
        np.savez("five.npz", x_train=draw.integers(0, 2, (20, 24)), y_train=np.arange(20) % 5)
        result = run("train", "five.npz", "--continue", model)
        assert result.status == 1
        assert "five.npz has the label 3" in result.sentence

    def test_refuses_more_epochs_than_there_are(self, run, toy, model):
        result = run("train", toy, "--continue", model, "--epochs", 32767)
        assert result.status == 2
        assert "32767 is too many: the model was trained for 2 epochs" in result.sentence

    def test_many_epochs_take_no_longer_each(self, run, toy, monkeypatch):
        checked = []

        def counted(history: tuple[EpochRecord, ...], **facts: Any) -> None:
            checked.append(len(history))
            check_history(history, **facts)

        monkeypatch.setattr(model_file, "check_history", counted)
        assert run("train", toy, *SMALL, "--epochs", 50).status == 0
        assert sum(checked) == 50

    def test_notes_other_samples(self, run, toy, model):
        result = run("train", toy, "--continue", model, "--samples", 60, "--epochs", 1)
        assert result.status == 0
        assert result.err == (
            "Note: the model was trained on 120 samples, and is resumed with 60\n"
        )

    def test_keeps_the_start_where_nothing_is_better(self, run, document, toy, monkeypatch):
        run("train", toy, *SMALL, "--epochs", 4, "--validation", 30, "--model", "a.npz")
        shares = iter([0.9, 0.7, 0.8, 0.0, 0.9, 0.0])
        monkeypatch.setattr(
            "metaplast.cli.training.session._layer_accuracy",
            lambda network, x, y: (next(shares),),
        )
        trained = document(
            *("train", toy, "--continue", "a.npz", "--epochs", 2, "--validation", 30),
            *("--model", "b.npz"),
        )
        assert_same_model(Path("a.npz"), Path("b.npz"))
        epoch = Model.load("a.npz").epoch
        assert (trained["kept_epoch"], trained["validation_accuracy"]) == (epoch - 1, 0.9)
        assert (trained["test_accuracy"], trained["model"]) == (0.7, "b.npz")

    def test_what_it_began_with_is_measured_on_these_samples(self, run, toy, monkeypatch):
        run("train", toy, *SMALL, "--epochs", 4, "--model", "a.npz")
        shares = iter([0.9, 0.7, 0.8, 0.0])
        monkeypatch.setattr(
            "metaplast.cli.training.session._layer_accuracy",
            lambda network, x, y: (next(shares),),
        )
        result = run(
            *("train", toy, "--continue", "a.npz", "--epochs", 1, "--validation", 30, "--json"),
            *("--model", "b.npz"),
        )
        document = json.loads(result.out)
        assert (document["kept_epoch"], document["validation_accuracy"]) == (3, 0.9)
        assert document["test_accuracy"] == 0.7


class TestRecordedRun:
    @pytest.mark.parametrize("name", RUNS)
    def test_comes_out_exactly(self, document, name):
        assert document("train", VECTORS / f"{name}.npz")["equal_to_recorded"] is True
        with np.load(VECTORS / f"{name}.npz") as recorded:
            for index, counters in enumerate(Model.load(f"{name}-model.npz").counters):
                assert np.array_equal(counters, recorded[f"counters_{index}"])

    @pytest.mark.parametrize(
        ("array", "change", "sentence"),
        [
            ("initial_counters_0", 1, "initial_counters_0[2, 3] is {0}, and {1} was recorded"),
            ("classifier_0", 1, "classifier_0[1, 3] is {0}, and {1} was recorded"),
            ("counters_0", 1, "counters_0[2, 3] is {0}, and {1} was recorded"),
            ("snapshot_0", 1, "snapshot_0[2, 3] is {0}, and {1} was recorded"),
            ("accuracies", 0.0625, "accuracies[1] is {0}, and {1} was recorded"),
            ("predictions", 1, "predictions[7] is {0}, and {1} was recorded"),
        ],
    )
    def test_names_the_first_difference(self, run, array, change, sentence):
        with np.load(VECTORS / "tiny.npz") as recorded:
            arrays = dict(recorded)
        at = {"classifier_0": (1, 3), "accuracies": (1,), "predictions": (7,)}.get(array, (2, 3))
        right = arrays[array][at]
        wrong = 1 - right if array[:4] in ("snap", "clas", "pred") else right + change
        arrays[array] = arrays[array].copy()
        arrays[array][at] = wrong
        np.savez("wrong.npz", **arrays)
        Path("wrong-model.npz").write_bytes(b"what was there")
        result = run("train", "wrong.npz")
        assert result.status == 1
        assert result.sentence.startswith(
            f"the training differs from the recorded run: {sentence.format(right, wrong)} (1 of "
        )
        assert Path("wrong-model.npz").read_bytes() == b"what was there"

    def test_other_options_are_reported_and_nothing_is_compared(self, run):
        result = run("train", VECTORS / "tiny.npz", "--epochs", 3, "--hidden", 6, "--json")
        assert result.status == 0
        assert result.err.splitlines() == [
            "Note: --hidden 6 instead of the recorded 4",
            "Note: --epochs 3 instead of the recorded 2",
            "Note: the results are not compared with the recorded ones",
        ]
        assert json.loads(result.out)["equal_to_recorded"] is None
        model = Model.load("tiny-model.npz")
        assert (model.config.hidden, model.config.counter_bits, model.epoch) == ((6,), 4, 3)

    def test_options_that_say_what_is_recorded(self, document):
        options = ("--epochs", 3, "--groups", "5,3")
        trained = document("train", VECTORS / "odd_shapes.npz", *options)
        assert trained["equal_to_recorded"] is True

    def test_with_fewer_samples_nothing_is_compared(self, run):
        result = run("train", VECTORS / "tiny.npz", "--samples", 8, "--json")
        assert result.status == 0
        assert result.err == "Note: the results are not compared with the recorded ones\n"
        assert json.loads(result.out)["equal_to_recorded"] is None


def test_a_model_is_no_data(run, toy):
    run("train", toy, *SMALL, "--epochs", 1, "--model", "m.npz")
    result = run("train", "m.npz")
    assert result.status == 1
    assert "m.npz is a model, and no data set; to go on training it" in result.sentence


@pytest.mark.parametrize(
    ("board", "package", "purpose", "extra"),
    [
        ("virtual:icebreaker", "amaranth", "a virtual board", "rtl"),
        ("virtual:icebreaker", "serial", "training on a board", "driver"),
        ("/dev/nobody", "serial", "training on a board", "driver"),
    ],
)
def test_a_board_needs_its_extra(run, monkeypatch, board, package, purpose, extra):
    monkeypatch.setitem(sys.modules, package, None)
    result = run("train", "digits", "--board", board)
    assert result.sentence == (
        f"{purpose} needs {package}, which is not installed; "
        f"install it with: pip install 'metaplast[{extra}]'"
    )


class TestInterruption:
    def interrupt_in(self, monkeypatch: pytest.MonkeyPatch, epoch: int) -> None:
        """Ctrl-C in the middle of an epoch, counted from 0."""
        train_batch = Network.train_batch
        batches = iter(range(1000))

        def interrupted(self: Network, *args: Any) -> Any:
            if next(batches) == 12 * epoch + 6:
                raise KeyboardInterrupt
            return train_batch(self, *args)

        monkeypatch.setattr(Network, "train_batch", interrupted)

    def test_keeps_the_last_finished_epoch(self, run, toy, monkeypatch):
        run("train", toy, *SMALL, "--epochs", 2, "--model", "two.npz")
        self.interrupt_in(monkeypatch, 2)
        result = run("train", toy, *SMALL, "--epochs", 5)
        assert result.status == 1
        assert result.sentence == "interrupted; epoch 2 was saved in toy-model.npz"
        assert_same_model(Path("two.npz"), Path("toy-model.npz"))

    def test_keeps_the_best_with_held_out_samples(self, run, toy, monkeypatch):
        self.interrupt_in(monkeypatch, 4)
        result = run("train", toy, *SMALL, "--samples", 120 - 30, "--validation", 30)
        assert result.status == 1
        model = Model.load("toy-model.npz")
        assert f"interrupted; epoch {model.epoch} was saved" in result.sentence

    def test_json_is_complete(self, run, toy, monkeypatch):
        self.interrupt_in(monkeypatch, 1)
        result = run("train", toy, *SMALL, "--json")
        assert result.status == 1
        document = json.loads(result.out)
        assert document["interrupted"] is True
        assert len(document["epochs"]) == 1

    def test_before_the_first_epoch_is_finished(self, run, toy, monkeypatch):
        Path("toy-model.npz").write_bytes(b"what was there")
        self.interrupt_in(monkeypatch, 0)
        result = run("train", toy, *SMALL)
        assert result.status == 1
        assert result.sentence == (
            "interrupted before the first epoch was finished; nothing was saved"
        )
        assert Path("toy-model.npz").read_bytes() == b"what was there"

    def test_a_recorded_run_is_not_compared(self, run, monkeypatch):
        self.interrupt_in(monkeypatch, 1)  # tiny has 16 batches an epoch
        result = run("train", VECTORS / "tiny.npz", "--json")
        assert result.status == 1
        assert result.sentence == "interrupted; epoch 1 was saved in tiny-model.npz"
        assert json.loads(result.out)["equal_to_recorded"] is None

    @pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
    def test_by_a_real_signal(self, workspace, asked):
        process = in_training("train", "digits")
        process.send_signal(asked)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        found = re.fullmatch(r"Error: interrupted; epoch (\d+) was saved in (.*)\n", err)
        assert found is not None, err
        assert int(found[1]) >= 2
        assert Model.load(found[2]).epoch == int(found[1])

    def test_again_and_again_is_not_worse(self, workspace):
        process = in_training("train", "digits")
        while process.poll() is None:  # until the very end, where Python itself ends too
            process.send_signal(signal.SIGINT)
            time.sleep(0.005)
        _, err = process.communicate(timeout=60)
        assert re.fullmatch(r"Error: interrupted; epoch \d+ was saved in digits-model.npz\n", err)
        assert process.returncode == 1
        assert Model.load("digits-model.npz").epoch >= 2

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
    def test_what_a_finaliser_swallows_counts_all_the_same(self, run, toy, monkeypatch):
        class Finalised:
            def __del__(self) -> None:
                signal.raise_signal(signal.SIGINT)

        load = datasets.load

        def interrupted(*args: object, **options: object) -> object:
            unused = Finalised()
            del unused
            return load(*args, **options)

        monkeypatch.setattr("metaplast.golden_model.datasets.load", interrupted)
        for command in ("train", "simulate"):
            result = run(command, toy, *SMALL, "--epochs", 2)
            assert (result.status, result.sentence) == (
                1,
                "interrupted before the first epoch was finished; nothing was saved",
            )
        monkeypatch.setattr("metaplast.golden_model.datasets.load", load)
        assert run("train", toy, *SMALL, "--epochs", 2).status == 0

    def test_while_saving_comes_after_it(self, run, toy, monkeypatch):
        save = Model.save

        def interrupted(self: Model, path: Path) -> None:
            signal.raise_signal(signal.SIGINT)
            save(self, path)

        monkeypatch.setattr(Model, "save", interrupted)
        result = run("train", toy, *SMALL, "--epochs", 2, "--json")
        assert (result.status, result.sentence) == (1, "interrupted")
        assert json.loads(result.out)["model"] == "toy-model.npz"
        assert Model.load("toy-model.npz").epoch == 2


class TestPlot:
    def test_writes_pictures(self, document):
        options = ("--hidden", "8,6", "--epochs", 2, "--plot", "a/b")
        trained = document("train", "digits", *options)
        names = ["confusion_matrix", "encoded_samples", "first_layer"]
        names += ["hidden_weights", "learning_curve"]
        assert sorted(path.name for path in Path("a/b").iterdir()) == [f"{n}.png" for n in names]
        for path in Path("a/b").iterdir():
            assert path.read_bytes().startswith(b"\x89PNG")
            assert str(path) in trained["pictures"]

    def test_no_images_no_first_layer(self, document, toy):
        trained = document("train", toy, *SMALL, "--epochs", 1, "--plot", "p")
        assert sorted(trained["pictures"]) == [
            "p/confusion_matrix.png",
            "p/hidden_weights.png",
            "p/learning_curve.png",
        ]

    def test_without_matplotlib(self, run, toy, monkeypatch):
        monkeypatch.setitem(sys.modules, "matplotlib", None)
        result = run("train", toy, "--plot", "p")
        assert result.status == 1
        assert result.sentence == (
            "--plot needs matplotlib, which is not installed; "
            "install it with: pip install 'metaplast[plot]'"
        )
        assert not Path("p").exists()
        assert not Path("toy-model.npz").exists()

    def test_a_file_is_no_directory(self, run, toy):
        result = run("train", toy, "--plot", toy)
        assert result.status == 1
        assert result.sentence == f"--plot {toy}: {toy} is a file; name a directory"

    def test_a_directory_that_cannot_be(self, run, toy):
        result = run("train", toy, "--plot", toy / "p")
        assert result.status == 1
        assert result.sentence == (f"--plot {toy / 'p'}: {toy} is a file; name a directory")

    def test_no_directory_is_made_for_nothing(self, run):
        assert run("train", "missing.npz", "--plot", "p").status == 1
        assert not Path("p").exists()


class TestTerminal:
    def test_a_bar_is_drawn_and_removed(self, toy):
        """On a pseudo-terminal: the lines are there, and a bar with its rate was."""
        import pty

        leader, follower = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-m", "metaplast.cli", "train", str(toy), *SMALL, "--epochs", "30"],
            stdout=follower,
            stderr=follower,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
        )
        os.close(follower)
        seen = b""
        while True:
            try:
                chunk = os.read(leader, 65536)
            except OSError:
                break
            if not chunk:
                break
            seen += chunk
        os.close(leader)
        assert process.wait(timeout=60) == 0
        text = seen.decode()
        assert "\x1b[" in text
        assert "epoch 30 of 30" in text
        assert "saved toy-model.npz" in text

    def test_a_pipe_gets_plain_lines(self, spawn, toy):
        result = spawn("train", toy, *SMALL, "--epochs", "2")
        assert (result.status, result.err) == (0, "")
        assert "\x1b" not in result.out
