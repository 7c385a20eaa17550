"""What a bank of hidden weights can be told to do with a row."""

from typing import TYPE_CHECKING

from amaranth.lib import data

from ..planning.plan import FoldedLayer

if TYPE_CHECKING:  # Amaranth's is this, with a shape
    from enum import Enum
else:
    from amaranth.lib.enum import Enum

__all__ = ["RowOperation", "row_command_layout"]


class RowOperation(Enum, shape=3):
    """What happens to a row after it is read."""

    READ = 0
    """Nothing; it is there to be looked at."""

    UPDATE = 1
    """Every counter steps towards the desired activation."""

    REINFORCE = 2
    """One counter steps away from zero."""

    SCAN = 3
    """The signs go to the snapshot ``W``."""

    STORE = 4
    """One counter is replaced; the signs of the row go to the snapshot."""

    COUNT = 5
    """Counters at a bound are counted; the snapshot stays as it is."""


def row_command_layout(folded: FoldedLayer) -> data.StructLayout:
    """An operation on a row of a bank, with the row's place in the snapshot.

    ``row`` is its address among the hidden weights; ``lane`` the counter to reinforce or to
    store; ``desired`` the activation to step towards; ``last`` marks a neuron's last row, which
    may be padded. ``snapshot_row``, ``snapshot_lane`` and ``snapshot_chunk`` say where its signs
    belong.
    """
    plan = folded.plan
    return data.StructLayout(
        {
            "operation": RowOperation,
            "row": range(max(folded.bank_rows, 2)),
            "lane": range(max(plan.counters, 2)),
            "desired": 1,
            "last": 1,
            "snapshot_row": range(max(folded.sets * folded.words, 2)),
            "snapshot_lane": range(max(plan.lanes, 2)),
            "snapshot_chunk": range(max(plan.word // plan.counters, 2)),
        }
    )
