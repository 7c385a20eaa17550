"""The options of the encoding: what they choose, contradictions, resumed trainings."""

from pathlib import Path

import numpy as np
import pytest
import typer

from metaplast.cli.options.encoding import EncodingOptions, image_option, shown_encoding
from metaplast.golden_model import datasets
from metaplast.golden_model.encoding import EncodingChoice, fit_encoder
from metaplast.golden_model.files.model_file import Model

D0, HAS = " --difference 0", " contradicts the model, which has "
SMALL = ("--hidden", 8, "--epochs", 1, "--samples", 100)


@pytest.mark.parametrize(
    ("options", "choice"),
    [
        ((), EncodingChoice()),
        (("--bits-per-feature", 3), EncodingChoice(bits_per_feature=3)),
        (("--encoding", "median"), EncodingChoice()),
        (("--encoding", "levels:2"), EncodingChoice(bits_per_feature=2)),
        (("--planes", "level,right,down"), EncodingChoice(planes=("level", "right", "down"))),
        (
            ("--planes", "level,left", "--pool", "--difference", 3),
            EncodingChoice(planes=("level", "left"), pool=True, difference=3),
        ),
        (
            ("--encoding", "pooled-edges"),
            EncodingChoice(planes=("right", "down", "left", "up"), pool=True),
        ),
        (
            ("--encoding", "levels:2", "--per-feature"),
            EncodingChoice(bits_per_feature=2, per_feature=True),
        ),
    ],
)
def test_a_training_has_the_encoder_of_the_options(document, options, choice):
    trained = document("train", "digits", *SMALL, *options)
    data = datasets.load("digits")
    expected = fit_encoder(data.x_train[:100], choice, image_shape=data.image_shape)
    assert Model.load("digits-model.npz").encoder == expected
    assert trained["config"]["inputs"] == expected.outputs
    assert trained["encoding"] == {"kind": expected.kind, **expected.settings()}


@pytest.mark.parametrize(
    ("options", "hint", "sentence"),
    [
        (
            "--encoding edges --bits-per-feature 2",
            "bits-per-feature",
            "contradicts encoding 'edges', which already says it; leave one of them out",
        ),
        (
            "--encoding edges --planes level",
            "planes",
            "contradicts encoding 'edges', which already says it; leave one of them out",
        ),
        (
            "--planes level --bits-per-feature 2",
            "bits-per-feature",
            "is for thermometers; leave it out with image planes, and list level once for each bit",
        ),
        (
            "--planes level --per-feature",
            "per-feature",
            "is for thermometers; leave it out with image planes (level)",
        ),
        ("--pool", "pool", "is for image planes; name planes too, or leave pool out"),
        (
            "--difference 3",
            "difference",
            "is for image planes; name planes too, or leave difference out",
        ),
        (
            "--planes level --difference -1",
            "difference",
            "must be an integer of at least 0, not -1",
        ),
        (
            "--planes level,across",
            "planes",
            "there is no plane 'across'; planes are level, right, down, left, up",
        ),
        ("--planes right,right", "planes", "name right twice; only level may come several times"),
        (
            "--encoding sobel",
            "encoding",
            (
                "must be median, levels:N, edges, pooled-edges, or a list of planes such as "
                "level,right,down; not 'sobel'"
            ),
        ),
        (
            "--encoding levels:0",
            "encoding",
            "levels:N needs a whole number of at least 1 for N, such as levels:3, not 'levels:0'",
        ),
        (
            "--image 28",
            "image",
            "must be a height and a width of at least 1, such as 28x28, not '28'",
        ),
    ],
)
@pytest.mark.parametrize("command", ["train", "simulate", "compare", "encode"])
def test_refused_before_data_are_looked_for(run, workspace, command, options, hint, sentence):
    out = ("--out", "out.npz") if command == "encode" else ()
    result = run(command, "no-such-data", *options.split(), *out)
    assert result.status == 2
    assert result.sentence.replace(f"'--{hint}'", f"--{hint}") == (
        f"Invalid value for --{hint}: {sentence}"
    )
    assert list(workspace.iterdir()) == []


class TestImage:
    @pytest.fixture(autouse=True)
    def flat(self, workspace: Path) -> None:
        """A data set of images of 4×6 pixels, whose rows do not show it: ``flat.npz``."""
        draw = np.random.default_rng(3)
        x = draw.integers(0, 200, (40, 24))
        np.savez("flat.npz", x_train=x, y_train=np.arange(40) % 2)

    def test_gives_rows_a_shape(self, run):
        result = run("train", "flat.npz", *SMALL[:4], "--planes", "right", "--image", "4x6")
        assert result.status == 0, result.err
        model = Model.load("flat-model.npz")
        assert model.image_shape == model.encoder.image_shape == (4, 6)

    def test_is_needed_for_planes(self, run):
        result = run("train", "flat.npz", "--planes", "right")
        assert result.status == 1
        assert "command line: --image HxW" in result.sentence

    def test_has_the_pixels_of_the_data(self, run):
        result = run("train", "flat.npz", "--image", "4x5")
        assert result.status == 2
        assert "4×5 makes 20 pixels, and flat.npz has 24 features per sample" in result.sentence

    def test_does_not_contradict_the_data(self, run):
        result = run("train", "digits", "--image", "4x16")
        assert result.status == 2
        assert "4×16 contradicts the data, which have images of 8×8" in result.sentence
        assert run("train", "digits", *SMALL, "--image", "8x8").status == 0

    def test_stays_that_of_a_resumed_model(self, document, run):
        run("train", "flat.npz", *SMALL[:4], "--planes", "right", "--image", "4x6")
        resumed = ("train", "flat.npz", "--continue", "flat-model.npz", "--epochs", 1)
        document(*resumed, "--model", "b.npz")
        assert Model.load("b.npz").image_shape == (4, 6)
        result = run(*resumed, "--image", "6x4")
        assert result.status == 2
        assert "6×4 contradicts the data, which have images of 4×6" in result.sentence
        with np.load("flat.npz") as arrays:
            np.savez(
                "tall.npz", x_train=arrays["x_train"].reshape(-1, 6, 4), y_train=arrays["y_train"]
            )
        result = run("train", "tall.npz", *resumed[2:])
        assert result.status == 1
        assert result.sentence == (
            "tall.npz has images of 6×4 pixels, and the model was trained with images of 4×6"
        )

    def test_none_is_none(self):
        assert image_option(None) is None


class TestResumed:
    @pytest.mark.parametrize(
        "options",
        [
            "--planes level,right --pool",
            "--bits-per-feature 3 --per-feature",
            "--encoding levels:2",
        ],
    )
    def test_the_same_encoding_may_be_repeated(self, run, options):
        assert run("train", "digits", *SMALL, *options.split()).status == 0
        resumed = (
            "train",
            "digits",
            "--continue",
            "digits-model.npz",
            "--epochs",
            1,
            "--samples",
            100,
        )
        for given in ([], options.split(), options.split()[-1:] if "per" in options else []):
            assert run(*resumed, *given, "--model", "b.npz").status == 0

    @pytest.mark.parametrize(
        ("trained", "options", "sentence"),
        [
            (
                "--planes level,right",
                "--planes right,level",
                f"--planes right,level{D0}{HAS}--planes level,right{D0}",
            ),
            (
                "--planes level,right",
                "--planes level,right --pool",
                f"--planes level,right --pool{D0}{HAS}--planes level,right{D0}",
            ),
            (
                "--planes right",
                "--planes right --difference 4",
                f"--planes right --difference 4{HAS}--planes right{D0}",
            ),
            (
                "--planes right",
                "--bits-per-feature 2",
                f"--bits-per-feature 2{HAS}--planes right{D0}",
            ),
            (
                "--per-feature",
                "--encoding levels:2",
                f"--bits-per-feature 2 --per-feature{HAS}--bits-per-feature 1 --per-feature",
            ),
            (
                "--encoding median",
                "--encoding edges",
                f"--planes level,level,right,down,left,up{HAS}--bits-per-feature 1",
            ),
        ],
    )
    def test_another_encoding_is_refused(self, run, trained, options, sentence):
        assert run("train", "digits", *SMALL, *trained.split()).status == 0
        result = run("train", "digits", "--continue", "digits-model.npz", *options.split())
        assert result.status == 2
        assert f"the encoding {sentence}; leave it out to resume" in result.sentence

    def test_nothing_given_is_the_encoding_of_the_model(self):
        known = EncodingChoice(bits_per_feature=3, per_feature=True)
        assert EncodingOptions().resumed(known) == known


def test_shown_as_options():
    choice = EncodingChoice(planes=("level", "up"), pool=True, difference=2)
    assert shown_encoding(choice) == "--planes level,up --pool --difference 2"
    assert shown_encoding(EncodingChoice(per_feature=True)) == "--bits-per-feature 1 --per-feature"


def test_a_rule_without_an_option_name_is_one_of_the_option_in_use():
    with pytest.raises(typer.BadParameter) as caught:
        EncodingOptions(planes="").choice()
    assert caught.value.param_hint == "--planes"


def test_planes_of_a_recorded_run_are_not_compared(run):
    from ...vectors import VECTORS

    result = run("train", VECTORS / "tiny.npz", "--bits-per-feature", 1, "--json")
    assert (result.status, result.err) == (0, "")
    with np.load(VECTORS / "tiny.npz") as recorded:
        bits = recorded["x"].shape[1]
    planes = ("--planes", "level", "--image", f"1x{bits}")
    result = run("train", VECTORS / "tiny.npz", *planes, "--json")
    assert result.status == 0
    assert "Note: --planes level instead of the recorded bits\n" in result.err
    assert "the results are not compared with the recorded ones" in result.err
