"""Commands to a bank of hidden weights."""

import pytest
from amaranth.lib import data

from metaplast.hdl.weights.row_command import RowOperation, row_command_layout

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES

LAYERS = {**FOLDED_LAYERS, **ENGINES}


def widths(layout: data.StructLayout) -> dict[str, int]:
    return {str(name): field.width for name, field in layout}


@pytest.mark.parametrize(
    ("layer", "row", "column", "snapshot_row", "snapshot_pe", "snapshot_chunk"),
    [
        ("smallest", 1, 1, 1, 1, 1),  # a field of a single value keeps a bit
        (
            "single port",
            5,
            1,
            2,
            2,
            2,
        ),  # 30 rows of 2 counters; 4 words of 4 pe, 4 chunks each
        ("two banks", 5, 1, 2, 2, 1),  # 24 rows of 2 counters; 4 words of 3 pe, 2 chunks each
        ("one row", 1, 3, 1, 1, 1),  # 2 rows of 6 counters; 2 words
        # 60 rows of the snapshot with 4 neurons of 4 rows each, and 21 rows for random streams
        ("three chunks", 10, 2, 6, 2, 2),
    ],
)
def test_a_command_has_room_for_its_layer(
    layer: str, row: int, column: int, snapshot_row: int, snapshot_pe: int, snapshot_chunk: int
) -> None:
    assert widths(row_command_layout(LAYERS[layer])) == {
        "operation": 3,
        "row": row,
        "column": column,
        "desired": 1,
        "last": 1,
        "padding": 1,
        "snapshot_row": snapshot_row,
        "snapshot_pe": snapshot_pe,
        "snapshot_chunk": snapshot_chunk,
    }


def test_operations_have_codes_of_their_own() -> None:
    assert [operation.value for operation in RowOperation] == list(range(7))
