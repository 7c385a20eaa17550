"""Tables of the register map, and the pages in docs/ with them."""

from pathlib import Path

import pytest

from metaplast.golden_model import NetworkConfig
from metaplast.hdl.registers.document import TABLES, main, update, value_range
from metaplast.hdl.registers.register_declaration import OnWrite, Register, RegisterGroup
from metaplast.hdl.registers.register_map import GlobalRegister, LayerRegister, Status

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {"gateware.md": ("status", "global", "layer"), "link.md": ("status", "link")}
LAYER = NetworkConfig(inputs=8, hidden=(6,), groups=(3,), classes=3, counter_bits=4).layers[0]


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_up_to_date(page: str) -> None:
    text = (DOCS / page).read_text(encoding="utf-8")
    assert update(text) == text, f"run `python -m metaplast.hdl.registers.document docs/{page}`"
    for table in PAGES[page]:
        assert text.count(f"<!-- registers: {table} -->\n\n{TABLES[table]()}\n\n<!-- end") == 1


def test_every_register_and_status_has_its_row() -> None:
    for name, members in (("global", GlobalRegister), ("layer", LayerRegister)):
        rows = TABLES[name]().splitlines()[2:]
        assert len(rows) == len(members)
        for row, register in zip(rows, members, strict=True):
            assert row.startswith(f"| {int(register)} | {register.name} | ")
    assert len(TABLES["status"]().splitlines()) == 2 + len(Status)


def test_only_text_between_the_markers_is_changed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "before\n<!-- registers: status -->\nformer\n\nformer\n<!-- end of registers -->\nbetween\n"
        "<!-- registers: link -->\n<!-- end of registers -->\nafter\n",
        encoding="utf-8",
    )
    main([str(page)])
    text = page.read_text(encoding="utf-8")
    assert "former" not in text
    for name, before, after in (("status", "before", "between"), ("link", "between", "after")):
        marks = f"<!-- registers: {name} -->", "<!-- end of registers -->"
        assert f"{before}\n{marks[0]}\n\n{TABLES[name]()}\n\n{marks[1]}\n{after}\n" in text
    main([str(page)])
    assert page.read_text(encoding="utf-8") == text


def test_an_unknown_table() -> None:
    with pytest.raises(ValueError, match="there is no table 'core' of registers: name one of stat"):
        update("<!-- registers: core -->\n<!-- end of registers -->\n")


@pytest.mark.parametrize(
    ("register", "symbols", "numbers"),
    [
        (GlobalRegister.IDENTITY, "", ""),
        (GlobalRegister.RESET, "1", "1"),
        (LayerRegister.STREAM_0, "32 bits", "32 bits"),
        (LayerRegister.INITIAL, "1 to 2", "1 to 2"),
        (GlobalRegister.BATCH, "1 to 65535", "1 to 65535"),
        (GlobalRegister.SAMPLES, "any", "any"),
        (LayerRegister.MARGIN, "0 to `K`", "0 to 6"),
        (LayerRegister.POSITION, "0 to `K − 1`", "0 to 5"),
        (LayerRegister.COUNTER, "`−2^(B−1)` to `2^(B−1) − 1`", "-8 to 7"),
    ],
)
def test_values_in_words(register: RegisterGroup, symbols: str, numbers: str) -> None:
    assert value_range(register.declaration) == symbols
    assert value_range(register.declaration, LAYER) == numbers


def test_a_meaning_has_fields_and_effects() -> None:
    assert GlobalRegister.STATUS.declaration.meaning == "state of the core: bit 0 busy"
    assert GlobalRegister.SAMPLES.declaration.meaning == "samples trained on; a write clears it"
    assert LayerRegister.SATURATED.declaration.meaning.endswith("; a read needs the core idle")
    assert Register(0, "r", "count", OnWrite.CLEAR).meaning == "count"
