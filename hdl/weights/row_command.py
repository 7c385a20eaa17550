"""Commands to a bank of hidden weights: an operation on a row."""

from typing import TYPE_CHECKING

from amaranth.lib.data import StructLayout

from ..planning.plan import FoldedLayer

if TYPE_CHECKING:  # Amaranth's is this, with a shape
    from enum import Enum
else:
    from amaranth.lib.enum import Enum

__all__ = ["RowOperation", "row_command_layout"]


class RowOperation(Enum, shape=3):
    """Operation on a row after its read."""

    READ = 0
    """Only read it."""

    UPDATE = 1
    """Step every counter towards the desired activation."""

    REINFORCE = 2
    """Step one counter away from zero."""

    SCAN = 3
    """Write the signs to the snapshot ``W``."""

    STORE = 4
    """Replace one counter; write the signs of the row to the snapshot. Between batches."""

    COUNT = 5
    """Count the saturated counters; the snapshot does not change."""

    REPLACE = 6
    """Replace one counter; the snapshot does not change."""


def row_command_layout(folded: FoldedLayer) -> StructLayout:
    """An operation on a row of a bank, with the row's place in the snapshot.

    ``row`` is the address of the row; ``column`` selects the counter to reinforce or to replace;
    ``desired`` is the activation to step towards; ``last`` marks the row of a neuron's last hidden
    weights, which may be padded, and ``padding`` a row without any. ``snapshot_row``,
    ``snapshot_pe`` and ``snapshot_chunk`` are the place of the
    row's signs.
    """
    plan = folded.plan
    return StructLayout(
        {
            "operation": RowOperation,
            "row": range(max(folded.bank_rows, 2)),
            "column": range(max(plan.update_width, 2)),
            "desired": 1,
            "last": 1,
            "padding": 1,
            "snapshot_row": range(max(folded.snapshot_rows, 2)),
            "snapshot_pe": range(max(plan.pe, 2)),
            "snapshot_chunk": range(max(folded.chunks, 2)),
        }
    )
