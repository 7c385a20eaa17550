"""The tree of components: sums, order, depth."""

from metaplast.boards.bitstream.component_tree import component_rows


def needs(luts: int, registers: int = 0) -> dict[str, int]:
    return {"luts": luts, "registers": registers, "block_rams": 0, "sprams": 0, "dsps": 0}


def lines(components: dict[str, dict[str, int]]) -> list[str]:
    return [
        f"{'  ' * row.depth}{row.name}{' itself' * row.own} {row.needs['luts']}"
        for row in component_rows(components)
    ]


def test_a_component_counts_its_parts() -> None:
    components = {
        "a": needs(5),
        "a.small": needs(1),
        "a.large": needs(20),
        "a.large.inner": needs(2),
        "b.only": needs(40),
        "top": needs(3),
    }
    assert lines(components) == [
        "top 71",
        "  top itself 3",
        "  b 40",
        "    only 40",
        "  a 28",
        "    a itself 5",
        "    large 22",
        "      large itself 20",
        "      inner 2",
        "    small 1",
    ]


def test_equal_components_are_ordered_by_name() -> None:
    assert lines({"c": needs(1), "a": needs(1), "b": needs(1)}) == [
        "top 3",
        "  a 1",
        "  b 1",
        "  c 1",
    ]


def test_every_resource_is_summed() -> None:
    amounts = {"luts": 1, "registers": 2, "block_rams": 3, "sprams": 4, "dsps": 5}
    top = component_rows({"a": amounts, "b": amounts})[0]
    assert top.needs == {name: 2 * amount for name, amount in amounts.items()}


def test_a_design_without_cells() -> None:
    assert lines({}) == ["top 0"]
