"""The commands of docs/data.md and docs/image.md run, and print what the pages show."""

import re
from pathlib import Path

import numpy as np
import pytest

from metaplast.golden_model import datasets

from .conftest import Command
from .test_output_texts import masked

PAGES = Path(__file__).parents[2] / "docs"
# The directory of a data set depends on the machine.
PLACE = r"  (/\S+|not here: run `[^`]*`|embedded|generated|where) +"


def commands(text: str) -> list[tuple[str, list[str]]]:
    """The commands of a page, and the lines of output that it shows."""
    found: list[tuple[str, list[str]]] = []
    shown: list[str] | None = None
    for line in text.splitlines():
        command = re.fullmatch(r"    (?:\$ )?metaplast (.*)", line)
        if command:
            shown = []
            found.append((command[1], shown))
        elif shown is not None and line.startswith("    "):
            shown.append(line[4:])
        else:
            shown = None
    return found


def write_inputs() -> None:
    """Write small files with the names that the page uses."""
    pillow = pytest.importorskip("PIL.Image")
    draw = np.random.default_rng(4)
    names = ("iris", "rose", "tulip")
    columns = ("petal_length", "petal_width", "height", "leaves")

    def flowers(count: int) -> list[dict[str, object]]:
        rows = []
        for index in range(count):
            centre = np.array([[14, 3, 40, 5], [25, 18, 70, 30], [60, 40, 35, 3]])[index % 3]
            values = (centre * draw.uniform(0.8, 1.2, 4)).round(1)
            rows.append(
                {"": index, "species": names[index % 3], **dict(zip(columns, values, strict=True))}
            )
        return rows

    for file, count, header in (
        ("flowers.csv", 150, (*columns, "species")),
        ("more-flowers.csv", 30, ("species", *columns[::-1])),
        ("unknown.csv", 3, ("", *columns[::-1])),
    ):
        lines = [",".join(str(row[name]) for name in header) for row in flowers(count)]
        Path(file).write_text("\n".join([",".join(header), *lines]) + "\n")
    images = draw.integers(0, 256, (40, 8, 8), dtype=np.uint8)
    for index, pixels in enumerate(images):
        folder = Path("pets", ("cat", "dog")[index % 2])
        folder.mkdir(parents=True, exist_ok=True)
        pillow.fromarray(pixels).save(folder / f"{index}.png")
    np.savez("rows.npz", x_train=images.reshape(40, 64), y_train=np.arange(40) % 2)


def plain(line: str) -> str:
    return re.sub(PLACE, "  #  ", line)


def check_page(text: str, run: Command) -> int:
    """Run the commands of a page; return how many there are."""
    found = commands(text)
    for command, shown in found:
        result = run(*command.split())
        assert result.status == 0, f"metaplast {command}: {result.err}"
        printed = [plain(line) for line in masked(result.err + result.out).splitlines()]
        at = 0
        for line in map(plain, masked("\n".join(shown)).splitlines()):
            start = line.partition("…")[0]
            where = [i for i in range(at, len(printed)) if printed[i].startswith(start)]
            if "…" not in line:
                where = [i for i in where if printed[i] == line]
            assert where, f"metaplast {command} does not print {line!r} but {printed[at:]}"
            at = where[0] + ("…" not in line)
    return len(found)


@pytest.fixture(autouse=True)
def prepared(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_inputs()
    monkeypatch.setattr(datasets, "fetch", lambda name, folder, **options: Path(name))


@pytest.mark.parametrize(("page", "least"), [("data.md", 13), ("image.md", 1)])
def test_the_commands_run_and_print_what_the_page_shows(
    run: Command, page: str, least: int
) -> None:
    assert check_page((PAGES / page).read_text(encoding="utf-8"), run) >= least


def test_a_command_that_fails_or_prints_something_else_is_noticed(run: Command) -> None:
    with pytest.raises(AssertionError, match=r"there is no file 'rose\.csv'"):
        check_page("    metaplast train rose.csv\n", run)
    example = "    $ metaplast data import pets --out p.npz\n    wrote p.npz: {}\n"
    assert check_page(example.format("40 training …"), run) == 1
    with pytest.raises(AssertionError, match=r"does not print 'wrote p\.npz: 41"):
        check_page(example.format("41 training …"), run)
