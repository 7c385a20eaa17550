"""`metaplast store`."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model import datasets
from metaplast.golden_model.datasets import random_split
from metaplast.golden_model.encoding import EncodingChoice, fit_encoder
from metaplast.golden_model.files.data_image import DataImage
from metaplast.golden_model.files.encoder_format import encoder_digest
from metaplast.golden_model.files.model_file import Model

from ...golden_model.files import image_format
from ..conftest import Command, Document


def loader(folder: Path, monkeypatch: pytest.MonkeyPatch, status: int = 0) -> Path:
    """Put an openFPGALoader on PATH that writes down its arguments; return that file."""
    program, called = folder / "bin" / "openFPGALoader", folder / "called"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > "{called}"\necho verified\nexit {status}\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return called


@pytest.fixture
def no_loader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


def test_the_definition_reads_the_image(document: Document) -> None:
    options = ("--validation", 100, "--shuffle-block", 16, "--bits-per-feature", 2)
    made = document("store", "digits", *options, "--out", "d.img")
    fields, splits = image_format.read(Path("d.img").read_bytes())
    data = datasets.load("digits")
    encoder = fit_encoder(data.x_train[:-100], EncodingChoice(bits_per_feature=2))
    expected = (
        (data.x_train[:-100], data.y_train[:-100]),
        (data.x_train[-100:], data.y_train[-100:]),
        (data.x_test, data.y_test),
    )
    for samples, (x, y) in zip(splits, expected, strict=True):
        assert x is not None
        assert y is not None
        assert [label for label, _ in samples] == y.tolist()
        assert [bits for _, bits in samples] == encoder.encode(x).tolist()
    assert (fields["name"], fields["bits"], fields["block"]) == ("digits", 128, 16)
    assert fields["encoder"] == encoder_digest(encoder) == bytes.fromhex(made["encoder_digest"])
    assert fields["digest"] == bytes.fromhex(made["digest"])
    assert made["encoding"] == encoder.to_dict()
    assert (made["train"], made["held_out"], made["test"]) == (1337, 100, 360)
    assert (made["stride"], made["classes"], made["board"]) == (17, 10, None)
    assert made["size"] == Path("d.img").stat().st_size


def test_random_held_out_samples_are_those_of_a_training(run: Command, document: Document) -> None:
    options = ("--validation", 200, "--validation-split", "random", "--seed", 5, "--samples", 700)
    document("store", "digits", *options, "--out", "d.img")
    assert run("train", "digits", *options, "--hidden", 8, "--epochs", 1).status == 0
    image, data = DataImage.read("d.img"), datasets.load("digits")
    trained, held_out = random_split(len(data.x_train), 200, seed=5)
    encoder = Model.load("digits-model.npz").encoder
    assert image.header.encoder_digest == encoder_digest(encoder)
    for split, rows in (("train", trained[:700]), ("held_out", held_out)):
        bits, labels = image.samples(image.rows(split))
        assert np.array_equal(bits, encoder.encode(data.x_train[rows]))
        assert np.array_equal(labels, data.y_train[rows])


def test_training_samples_only(document: Document) -> None:
    options = ("--validation", 100, "--split", "train")
    made = document("store", "digits", *options, "--out", "d.img")
    assert (made["train"], made["held_out"], made["test"]) == (1337, 0, 0)
    assert DataImage.read("d.img").header.samples == 1337


def test_a_table_with_a_test_share(document: Document) -> None:
    rows = [f"{i % 7},{i % 3},{'xy'[i % 2]}" for i in range(40)]
    Path("t.csv").write_text("\n".join(["a,b,label", *rows]))
    options = ("--per-feature", "--bits-per-feature", 2, "--test-share", 0.25, "--label", "label")
    made = document("store", "t.csv", *options, "--out", "t.img")
    assert (made["train"], made["test"], made["labels"]) == (30, 10, ["x", "y"])
    data = datasets.load("t.csv").with_test_share(0.25, seed=1)
    image = DataImage.read("t.img")
    assert np.array_equal(image.samples(image.rows("test"))[1], data.y_test)


def test_a_recorded_run_keeps_its_shuffle_block(document: Document) -> None:
    vectors = Path(__file__).parents[2] / "data" / "vectors"
    path = vectors / "blocks_of_four.npz"
    made = document("store", path, "--out", "b.img")
    run = datasets.load(path).run
    assert run is not None
    assert (made["shuffle_block"], made["classes"]) == (4, run.classes)
    assert document("store", path, "--shuffle-block", 2, "--out", "b.img")["shuffle_block"] == 2


def test_a_long_name_is_cut(document: Document, toy: Path) -> None:
    path = toy.rename(f"{'ä' * 60}.npz")
    name = document("store", path, "--out", "a.img")["name"]
    assert name == DataImage.read("a.img").header.name
    assert str(path).endswith(name)
    assert 63 <= len(name.encode()) <= 64


@pytest.mark.usefixtures("no_loader")
def test_the_command_for_a_board(run: Command, document: Document) -> None:
    result = run("store", "digits", "--out", "d.img", "--board", "icebreaker")
    assert (result.status, result.err) == (0, "")
    *_, place, command = result.out.splitlines()
    assert place == (
        "icebreaker: 0x100000 to 0x10402c of a W25Q128JV with 16 MiB, 15,712,211 bytes left"
    )
    assert command == (
        "openFPGALoader --board ice40_generic --write-flash --offset 0x100000 --file-type raw "
        "--verify d.img"
    )
    options = ("--board", "ULX3S (12F)", "--flash-size", 4)
    board = document("store", "digits", "--out", "d.img", *options)["board"]
    assert (board["name"], board["flash_bytes"], board["offset"]) == ("ulx3s-12f", 4 << 20, 2 << 20)
    assert board["left"] == (2 << 20) - 16_429
    assert board["written"] is False
    assert board["command"][0] == "openFPGALoader"


def test_the_orangecrab_needs_a_cable(run: Command) -> None:
    result = run("store", "digits", "--out", "d.img", "--board", "orangecrab")
    assert result.status == 0
    assert result.err == (
        "Note: over USB (DFU) orangecrab takes only a bitstream, so the data need a JTAG cable on "
        "its JTAG pins (`openFPGALoader --list-cables` has the names)\n"
    )
    assert result.out.splitlines()[-1].startswith("openFPGALoader --cable CABLE --write-flash")
    result = run("store", "digits", "--out", "d.img", "--board", "orangecrab", "--cable", "tigard")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[-1].startswith("openFPGALoader --cable tigard --write-flash")


@pytest.mark.parametrize("json_option", [(), ("--json",)])
def test_it_writes_to_the_flash(
    run: Command,
    workspace: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    json_option: tuple[str, ...],
) -> None:
    called = loader(workspace, monkeypatch)
    options = ("--board", "tang-nano-9k", "--write", *json_option)
    result = run("store", "digits", "--out", "d.img", *options)
    assert (result.status, result.err) == (0, "")
    assert called.read_text() == (
        "--board tangnano9k --external-flash --write-flash --offset 0x0 --file-type raw "
        "--verify d.img\n"
    )
    if json_option:
        assert json.loads(result.out)["board"]["written"] is True
        assert capfd.readouterr().out == ""
    else:
        assert result.out.splitlines()[-1] == (
            "openFPGALoader wrote d.img to the flash of tang-nano-9k; its messages above show the "
            "verification"
        )
        assert capfd.readouterr().out == "verified\n"


def test_the_loader_is_not_called_without_write(
    run: Command, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = loader(workspace, monkeypatch)
    assert run("store", "digits", "--out", "d.img", "--board", "icebreaker").status == 0
    assert not called.exists()


def test_a_loader_that_fails(
    run: Command, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader(workspace, monkeypatch, status=1)
    result = run("store", "digits", "--out", "d.img", "--board", "icebreaker", "--write")
    assert result.status == 1
    assert result.sentence == (
        "d.img was written, but not to the flash: openFPGALoader failed with status 1; its "
        "messages are above: check that the board is plugged in and that you have permission to "
        "use it"
    )
    assert DataImage.read("d.img").header.train == 1437


@pytest.mark.usefixtures("no_loader")
def test_no_loader(run: Command) -> None:
    result = run("store", "digits", "--out", "d.img", "--board", "icebreaker", "--write")
    assert result.status == 1
    assert result.sentence == (
        "d.img was written, but not to the flash: openFPGALoader is not installed; install it and "
        "run: openFPGALoader --board ice40_generic --write-flash --offset 0x100000 --file-type raw "
        "--verify d.img"
    )


def wide(samples: int, test: int, bits: int) -> None:
    """Write ``wide.npz``, a data set of bits."""
    x = np.zeros((samples + test, bits), dtype=np.uint8)
    x[1::2] = 1
    y = np.arange(samples + test) % 2
    np.savez(
        "wide.npz", x_train=x[:samples], y_train=y[:samples], x_test=x[samples:], y_test=y[samples:]
    )


STRIDE = 101
MOST = (4_194_304 - 256) // STRIDE
"""Samples that fit the flash of a Tang Nano 9K."""


@pytest.mark.parametrize(
    ("samples", "test", "options", "ways", "fitting"),
    [
        (
            MOST,
            2,
            (),
            (
                "store training samples only (--split train)",
                f"use fewer samples (--samples {MOST - 2})",
                "choose an encoding of at most 792 bits",
            ),
            ("--split train", f"--samples {MOST - 2}"),
        ),
        (
            MOST + 1,
            2,
            ("--split", "train"),
            (
                f"use fewer samples (--samples {MOST})",
                "choose an encoding of at most 792 bits",
            ),
            (f"--split train --samples {MOST}",),
        ),
        (
            MOST + 1,
            MOST + 1,
            (),
            (
                f"use fewer samples (--split train --samples {MOST})",
                "choose an encoding of at most 392 bits",
            ),
            (f"--split train --samples {MOST}",),
        ),
        (
            MOST,
            MOST + 1,
            (),
            (
                "store training samples only (--split train)",
                "choose an encoding of at most 392 bits",
            ),
            ("--split train",),
        ),
    ],
)
def test_an_image_that_does_not_fit(
    run: Command,
    samples: int,
    test: int,
    options: tuple[str, ...],
    ways: tuple[str, ...],
    fitting: tuple[str, ...],
) -> None:
    wide(samples, test, 8 * (STRIDE - 1))
    command = ("store", "wide.npz", "--out", "w.img", "--board", "tang-nano-9k")
    result = run(*command, *options)
    assert result.status == 1
    size = 256 + (samples + (0 if options else test)) * STRIDE
    assert result.sentence == (
        f"the image takes {size:,} bytes, and the flash of tang-nano-9k has 4,194,304 from 0x0: "
        f"{', or '.join(ways)}"
    )
    assert not Path("w.img").exists()
    for way in fitting:
        result = run(*command, *way.split())
        assert result.status == 0, result.err


def test_more_than_the_universal_trainer_takes(run: Command) -> None:
    wide(20, 2, 800)
    result = run("store", "wide.npz", "--out", "w.img", "--board", "tang-nano-9k")
    assert result.status == 0
    assert result.err == (
        "Note: the universal trainer of tang-nano-9k takes at most 784 inputs, and the image has "
        "800: only a bitstream for one network (`metaplast build --fixed`) may train on it\n"
    )


@pytest.mark.parametrize(
    ("options", "status", "part"),
    [
        (("--split", "test"), 2, "--split: must be train or all, not 'test'"),
        (("--flash-size", 8), 2, "--flash-size: needs --board NAME"),
        (("--cable", "ft2232"), 2, "--cable: needs --board NAME"),
        (("--write",), 2, "--write: needs --board NAME"),
        (("--board", "arty"), 2, "board 'arty' is not known; known boards: icebreaker"),
        (
            ("--board", "icebreaker", "--flash-size", 1),
            2,
            "--flash-size: must be above 1 MiB, where the data begin, and at most 16 MiB, not 1",
        ),
        (
            ("--board", "icebreaker", "--cable", "ft2232"),
            2,
            "--cable: is not needed: icebreaker is programmed over its USB port; leave it out",
        ),
        (
            ("--board", "orangecrab", "--write"),
            2,
            "--write: needs --cable NAME: over USB (DFU) orangecrab takes only a bitstream",
        ),
        (("--shuffle-block", 0), 2, "--shuffle-block: must be from 1 to 65535, not 0"),
        (("--validation", 120), 2, "--validation: 120 leaves no sample to train on"),
        (("--hidden", 8), 2, "No such option: --hidden"),
    ],
)
def test_bad_options(
    run: Command, toy: Path, options: tuple[object, ...], status: int, part: str
) -> None:
    result = run("store", "toy.npz", "--out", "a.img", *options)
    assert result.status == status
    assert part in " ".join(result.err.replace("│", " ").split())
    assert not Path("a.img").exists()


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("toy.npz", "--out toy.npz would overwrite its own input; name another file"),
        ("no/a.img", "cannot write no/a.img: there is no directory"),
    ],
)
def test_bad_files(run: Command, toy: Path, out: str, sentence: str) -> None:
    before = toy.read_bytes()
    result = run("store", "toy.npz", "--out", out)
    assert result.status == 1
    assert result.sentence.startswith(sentence)
    assert toy.read_bytes() == before
