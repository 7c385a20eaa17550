"""Driver and monitor of streams."""

from collections.abc import Iterable
from typing import Any

from ..verilator.layout import pack
from .environment import BenchEnvironment
from .scoreboard import Scoreboard

__all__ = ["StreamDriver", "StreamMonitor"]


class StreamDriver:
    """Send items into a stream of the design.

    While no item is sent, the payload is random.

    Parameters
    ----------
    bench : BenchEnvironment
        The bench, whose flow decides about pauses.
    name : str
        The stream's name.

    Attributes
    ----------
    cycles : list of int
        The cycle in which each item was transferred.
    """

    def __init__(self, bench: BenchEnvironment, name: str):
        self.bench = bench
        self.name = name
        self.layout = bench.ports[f"{name}__payload"]
        self.cycles: list[int] = []
        self._payload = bench.handle(f"{name}__payload")
        self._valid = bench.handle(f"{name}__valid")
        self._ready = bench.handle(f"{name}__ready")
        self._rest()

    def _rest(self) -> None:
        if self._valid is not None:
            self._valid.value = 0
        if self._payload is not None:
            self._payload.value = self.bench.random.getrandbits(self.layout["width"])

    async def send(self, items: Iterable[Any]) -> list[int]:
        """Send items, and wait until the last one is transferred.

        Parameters
        ----------
        items : iterable
            Values, by the layout.

        Returns
        -------
        list of int
            The cycle in which each was transferred.

        Raises
        ------
        TimeoutError
            If the design does not take one within :data:`.environment.PATIENCE` cycles.
        """
        first = len(self.cycles)
        for item in items:
            for _ in range(self.bench.pause(self.bench.flow.idle)):
                self._rest()
                await self.bench.edge()
            if self._payload is not None:
                self._payload.value = pack(self.layout, item)
            if self._valid is not None:
                self._valid.value = 1
            await self.bench.edge()
            if self._ready is not None:
                event = f"{self.name}: ready for item {len(self.cycles)}"
                await self.bench.wait_for(event, lambda: self._ready.value)
            self.cycles.append(self.bench.cycle)
        self._rest()
        return self.cycles[first:]


class StreamMonitor(Scoreboard):
    """Receive items from a stream of the design, and compare them with expected items.

    It receives until the bench ends. It also checks that an offered item is neither withdrawn nor
    changed, and that the design does not wait for ``ready``, by waiting for ``valid`` first.

    Parameters
    ----------
    bench : BenchEnvironment
        The bench, whose flow decides about back-pressure.
    name : str
        The stream's name.
    may_change : bool
        Whether an offered item may change until it is taken.
    """

    def __init__(self, bench: BenchEnvironment, name: str, *, may_change: bool = False):
        super().__init__(name, bench.ports[f"{name}__payload"])
        self.bench = bench
        self.may_change = may_change
        self._payload = bench.handle(f"{name}__payload")
        self._valid = bench.handle(f"{name}__valid")
        self._ready = bench.handle(f"{name}__ready")
        self._task = bench.start(self._take())

    def stop(self) -> None:
        """Stop receiving, from the next cycle on."""
        self._task.cancel()
        taking = self._ready is None or bool(self._ready.value)
        noted = bool(self.cycles) and self.cycles[-1] == self.bench.cycle
        if taking and self._offered() and not noted:
            self.receive(self._bits(), self.bench.cycle)
        if self._ready is not None:
            self._ready.value = 0

    async def _take(self) -> None:
        while True:
            pause = self.bench.pause(self._ready is not None and self.bench.flow.back_pressure)
            if pause:
                self._ready.value = 0
                await self._see_offer(pause, patient=self.bench.random.random() < 0.5)
            if self._ready is not None:
                self._ready.value = 1
            await self.bench.edge()
            while not self._offered():
                await self.bench.edge()
            self.receive(self._bits(), self.bench.cycle)

    async def _see_offer(self, cycles: int, *, patient: bool) -> None:
        """Stay unready for some cycles; if ``patient``, counted from when an item is offered."""
        offered: int | None = None
        while cycles:
            await self.bench.edge()
            if offered is not None:
                assert self._offered(), f"{self.name}: an item was offered and withdrawn"
                unchanged = self.may_change or self._bits() == offered
                assert unchanged, f"{self.name}: an item was offered and changed"
            elif self._offered():
                offered = self._bits()
            if offered is not None or not patient:
                cycles -= 1

    def _offered(self) -> bool:
        return self._valid is None or bool(self._valid.value)

    def _bits(self) -> int:
        return 0 if self._payload is None else int(self._payload.value)
