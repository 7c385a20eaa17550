"""What `metaplast simulate` shows of a training while it runs."""

from typing import TYPE_CHECKING

from ..terminal.output import Reporter, percent
from .training_output import EpochTable

if TYPE_CHECKING:
    from ...sim.cosimulation.epoch_run import Progress, TrainedEpoch
    from .session import Session

__all__ = ["SimulationReporter", "SimulationTable"]


class SimulationReporter(Reporter):
    """A reporter whose bar shows a simulation."""

    def show(self, progress: "Progress") -> None:
        """Show how far an epoch is."""
        if self._progress is None:
            return
        seconds = max(progress.seconds, 1e-9)
        done = max(progress.done, 1)
        rate = (
            f"{progress.done / seconds:,.0f} samples/s, "
            f"{progress.cycles / seconds / 1e6:.2f} Mcycles/s, "
            f"gateware {percent(progress.right / done)}, "
            f"golden model {percent(progress.golden_right / done)}"
        )
        self._progress.update(self._task, completed=progress.done, rate=rate)


class SimulationTable(EpochTable):
    """A line for each epoch, with the cycles of a sample.

    Parameters
    ----------
    session : Session
        Decides which columns there are.
    reporter : Reporter
        Gets the lines.
    """

    def __init__(self, session: "Session", reporter: Reporter):
        super().__init__(session, reporter)
        self._columns.append(("cycles/sample", 13))
        self._cycles = ""

    def epoch(self, trained: "TrainedEpoch") -> None:
        """Print an epoch."""
        self._cycles = f"{trained.cycles_per_sample:,.2f}"
        self.row(trained.record)

    def _line(self, cells: list[str]) -> None:
        missing = len(self._columns) - len(cells)
        super()._line([*cells, *[self._cycles] * missing])
