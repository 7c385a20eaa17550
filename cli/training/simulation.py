"""Training in simulated gateware, in lock step with the golden model."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...golden_model import BatchRecord, EpochRecord, NetworkConfig
from ...golden_model.errors import ConfigurationError
from ...hdl.planning.plan import FoldedNetwork, LayerPlan
from ...hdl.planning.universal import PlacedNetwork
from ...sim.core.universal_simulator import simulated_trainer
from ...sim.cosimulation.lockstep import Check
from ...sim.cosimulation.recording import coming_batch, record_batch
from ...sim.cosimulation.training import CoreTraining
from ...sim.cosimulation.training_setup import TrainingSetup
from ..terminal.interrupts import heed_interrupts
from ..terminal.output import Reporter
from .backends import Backend

if TYPE_CHECKING:
    from .session import Outcome, Session

__all__ = ["SimulationBackend"]


class SimulationBackend(Backend):
    """Train a simulated core, and compare it with the golden model.

    Parameters
    ----------
    design : callable
        Makes the core of the options for the network of the session.
    chosen : bool
        Simulate that core; otherwise only if the network does not fit the universal trainer of
        :func:`.simulated_trainer`.
    check : str
        When to compare the states: ``"epoch"`` or ``"batch"``.
    waves : Path
        File for a waveform.
    waves_batch : int or None
        The batch of the first epoch to record, from 0; by default only the batch of a mismatch.

    Raises
    ------
    MismatchError
        In training, if gateware and golden model differ.
    SimulationError
        If the simulator cannot be built or fails.
    """

    counts_cycles = True

    def __init__(
        self,
        design: Callable[[NetworkConfig], FoldedNetwork | PlacedNetwork],
        *,
        chosen: bool,
        check: str,
        waves: Path,
        waves_batch: int | None = None,
    ):
        self._design = design
        self._chosen = chosen
        self._check = Check(check)
        self._waves = waves
        self._waves_batch = waves_batch
        self._training: CoreTraining | None = None

    def headline(self, session: "Session") -> str:
        config = session.trainer.network.config
        lines = []
        folded: FoldedNetwork | PlacedNetwork | None = None
        if not self._chosen:
            try:
                folded = simulated_trainer(config.counter_bits).place(config)
            except ConfigurationError as error:
                limit = str(error).partition(":")[0]
                lines.append(f"\nno universal trainer, but a core for this network: {limit}")
        self._folded = folded = folded or self._design(config)
        if isinstance(folded, PlacedNetwork):
            return f"\nuniversal trainer: {_factors(folded.trainer.plan)}"
        fpga = f" for {folded.plan.fpga}" if folded.plan.fpga else ""
        lines += [
            f"\nplan{fpga}, layer {index}: {_factors(plan)}"
            for index, plan in enumerate(folded.plan.layers)
        ]
        return "".join(lines)

    def start(self, session: "Session", reporter: Reporter) -> None:
        self._reporter = reporter
        self._samples = len(session.bits.x)
        self._held_out = session.bits.x_held_out is not None
        setup = TrainingSetup(folded=self._folded, x=session.bits.x, y=session.bits.y)
        batch = None
        if self._waves_batch is not None:  # fails if there is no such batch, before the build
            batch = coming_batch(setup, session.trainer, self._waves_batch)
        reporter.line("building the simulator, or finding it in the cache")
        started = time.perf_counter()
        built = setup.simulator().built
        seconds = time.perf_counter() - started
        state = "built" if built else "found in the cache"
        reporter.line(f"simulator {state} in {seconds:.0f} s")
        if batch is not None:
            record_batch(setup, batch, self._waves)
            reporter.line(f"recorded batch {batch.number + 1} in {self._waves}")
        self._training = CoreTraining(
            setup,
            session.trainer,
            check=self._check,
            waves=self._waves,
            on_search=self._show_search,
        )
        self.trainer = self._training.trainer
        self._searching = False

    def close(self) -> None:
        if self._training is not None:
            self._training.close()

    def train_epoch(self, on_batch: Callable[[int, BatchRecord], None]) -> EpochRecord:
        assert self._training is not None
        self._began = time.perf_counter()
        self._cycles_before = self._training.core.cycles
        return self._training.train_epoch(on_batch)

    def progress(self) -> str:
        assert self._training is not None
        cycles = self._training.core.cycles - self._cycles_before
        seconds = max(time.perf_counter() - self._began, 1e-9)
        return f"{cycles / seconds / 1e6:.2f} Mcycles/s"

    def _show_search(self, done: int, record: BatchRecord) -> None:
        heed_interrupts()
        if not self._searching:
            self._searching = True
            self._reporter.finish()
            self._reporter.note(
                "gateware and golden model differ; searching for the first difference"
            )
            self._reporter.start("searching for the batch", self._samples)
        self._reporter.advance(done)

    def verify_epoch(self, *, last: bool) -> None:
        # A model that may be saved must equal the state that the registers read out.
        if last or self._held_out:
            assert self._training is not None
            self._training.verify_read_out()

    def verdict(self, outcome: "Outcome") -> Iterator[str]:
        samples = sum(record.samples for record in outcome.records)
        cycles = sum(record.cycles or 0 for record in outcome.records)
        seconds = sum(record.seconds for record in outcome.records)
        yield (
            f"gateware and golden model are equal: {samples:,} samples, the counts of every "
            f"batch, and every counter after every {self._check.value}; "
            f"{cycles / samples:,.2f} cycles/sample, {samples / seconds:,.0f} samples/s, "
            f"{cycles / seconds / 1e6:.2f} Mcycles/s"
        )

    def document(self, outcome: "Outcome") -> dict[str, Any]:
        folded = self._folded
        simulated = (
            {"simulator": "universal", "trainer": folded.trainer.to_dict()}
            if isinstance(folded, PlacedNetwork)
            else {"simulator": "fixed", "plan": folded.plan.to_dict()}
        )
        return {
            **simulated,
            "check": self._check.value,
            "equal_to_golden_model": True,
        }


def _factors(plan: LayerPlan) -> str:
    return ", ".join(f"{name} {value}" for name, value in plan.to_dict().items())
