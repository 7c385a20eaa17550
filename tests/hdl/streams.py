"""Streams of components in Amaranth's simulator: items sent and collected at any rate."""

from collections.abc import Callable, Iterable, Sequence
from operator import attrgetter
from random import Random
from typing import Any, TypeAlias

from amaranth.hdl import Module, Signal, Value
from amaranth.lib import wiring
from amaranth.sim import SimulatorContext

from metaplast.hdl.export.verilog import describe
from metaplast.sim.bench import Flow, Scoreboard
from metaplast.sim.bench.environment import MAX_PAUSE, PAUSE_PROBABILITY
from metaplast.sim.verilator.layout import pack, unpack

from .simulate import MAX_CYCLES, Process, simulate

__all__ = ["IDLE_FLOWS", "Collector", "Sender", "StreamBench", "check_latency"]

IDLE_FLOWS = (Flow.STEADY, Flow.IDLE)
"""The flows of components whose outputs never wait."""

MAX_WAIT = 2000
"""Cycles in which an event that is waited for must happen."""

LINGER = 50
"""Cycles at the end in which nothing unexpected may come."""


Known: TypeAlias = Callable[[int, Any], Any]
"""From the number of an item and its value: the value with all that does not matter set to 0."""


class StreamBench:
    """A component, its streams, and the items expected from them.

    :meth:`run` simulates. In each cycle the test's bench sets inputs, gets outputs, and then awaits
    ``ctx.tick()``; collectors take items beside it.

    Parameters
    ----------
    component : amaranth.lib.wiring.Component
        The component.
    flow : Flow
        Whether senders pause between items, and whether collectors are not ready at times.
    flip : bool
        Flip one bit of one expected item before the comparison, to see that it is noticed.
    seed : int
        Seed of the random numbers.

    Attributes
    ----------
    random : random.Random
        Random numbers.
    """

    def __init__(
        self,
        component: wiring.Component,
        flow: Flow = Flow.STEADY,
        *,
        flip: bool = False,
        seed: int = 1,
    ):
        self.component = component
        self.flow = flow
        self.random = Random(seed)
        self._cycle = Signal(32)
        self._ctx: SimulatorContext
        self._flip = flip
        self._scoreboards: list[Scoreboard] = []
        self._beside: list[Process] = []

    # Parts

    def sender(self, name: str) -> "Sender":
        """A sender of items into a stream of the component."""
        return Sender(self, name)

    def collector(
        self, name: str, *, may_change: bool = False, known: Known | None = None
    ) -> "Collector":
        """A collector of the items of a stream of the component, from cycle 0 on."""
        collector = Collector(self, name, may_change=may_change, known=known)
        self._scoreboards.append(collector)
        self._beside.append(collector.collect)
        return collector

    def scoreboard(self, name: str, shape: Any = None) -> Scoreboard:
        """A scoreboard for a port that is no stream; ``shape`` is that of the port of its name."""
        if shape is None:
            shape = self.component.signature.members[name].shape
        scoreboard = Scoreboard(name, describe(shape))
        self._scoreboards.append(scoreboard)
        return scoreboard

    def watch(self, *names: str) -> dict[str, list[int]]:
        """The bits of ports in all cycles, by name; the lists grow with the cycles."""
        seen: dict[str, list[int]] = {name: [] for name in names}
        ports = [Value.cast(attrgetter(name)(self.component)) for name in names]

        async def note(ctx: SimulatorContext) -> None:
            while True:
                _, _, *present = await ctx.tick().sample(*ports)
                for values, bits in zip(seen.values(), present, strict=True):
                    values.append(bits)

        self._beside.append(note)
        return seen

    def beside(self, process: Process) -> None:
        """Add a process that runs beside the bench (see :func:`.simulate.simulate`)."""
        self._beside.append(process)

    # Values

    def noise(self, port: Any) -> Any:
        """A random value of a port's shape: an integer, a list or a dictionary."""
        layout = describe(port.shape())
        return unpack(layout, self.random.getrandbits(layout["width"]))

    def set_noise(self, ctx: SimulatorContext, *ports: Any) -> None:
        """Set inputs to random bits, for cycles in which their values must not matter."""
        for port in map(Value.cast, ports):
            ctx.set(port, self.random.getrandbits(len(port)))

    def pause(self, may_pause: bool) -> int:
        """Cycles to pause, if pausing is in the flow."""
        if not may_pause or self.random.random() >= PAUSE_PROBABILITY:
            return 0
        return self.random.randint(1, MAX_PAUSE)

    # Time

    @property
    def cycle(self) -> int:
        """Number of the present cycle, from 0; just after ``ctx.tick()``, of the new cycle."""
        return int(self._ctx.get(self._cycle))

    async def ticks(self, ctx: SimulatorContext, count: int) -> None:
        """Wait for some cycles."""
        for _ in range(count):
            await ctx.tick()

    async def wait_for(
        self,
        ctx: SimulatorContext,
        event: str,
        condition: Callable[[], Any],
        *,
        limit: int = MAX_WAIT,
    ) -> None:
        """Wait until a condition holds.

        Raises
        ------
        TimeoutError
            If it does not within the limit; the message names the event.
        """
        for _ in range(limit):
            if condition():
                return
            await ctx.tick()
        raise TimeoutError(f"{event}: not within {limit:,} cycles")

    async def drain(self, ctx: SimulatorContext) -> None:
        """Wait until all expected items have come, or none for :data:`MAX_WAIT` cycles."""
        missing, waited = self._missing(), 0
        while missing > 0 and waited < MAX_WAIT:
            await ctx.tick()
            waited += 1
            if (now := self._missing()) < missing:
                missing, waited = now, 0

    def _missing(self) -> int:
        return sum(max(0, scoreboard.missing) for scoreboard in self._scoreboards)

    # Verdict

    def run(self, bench: Process, *, limit: int = MAX_CYCLES) -> None:
        """Simulate until the bench is done, and then compare all items with the expected ones.

        Raises
        ------
        AssertionError
            If an item is wrong, missing or unexpected; the message has its number, its cycle, and
            both values.
        TimeoutError
            If a wait has reached its limit, or the bench the limit of this call, in cycles; the
            message names the event that was waited for.
        """

        async def whole(ctx: SimulatorContext) -> None:
            self._ctx = ctx
            await bench(ctx)
            await self.drain(ctx)
            await self.ticks(ctx, LINGER)

        design = Module()
        design.submodules.component = self.component
        design.d.sync += self._cycle.eq(self._cycle + 1)
        simulate(design, whole, beside=self._beside, limit=limit)
        expecting = [scoreboard for scoreboard in self._scoreboards if scoreboard.expects]
        assert expecting, "the bench expected nothing"
        if self._flip:
            self.random.choice(expecting).flip(self.random)
        for scoreboard in self._scoreboards:
            scoreboard.check()


class Sender:
    """Send items into a stream of a component; while none is sent, the payload is noise.

    Parameters
    ----------
    bench : StreamBench
        The bench; its flow says whether to pause between items.
    name : str
        Name of the stream.

    Attributes
    ----------
    cycles : list of int
        The cycle in which each item was transferred.
    """

    def __init__(self, bench: StreamBench, name: str):
        self.name = name
        self.cycles: list[int] = []
        self._bench = bench
        self._stream = getattr(bench.component, name)
        self._payload = Value.cast(self._stream.payload)
        self._layout = describe(self._stream.payload.shape())

    async def send(self, ctx: SimulatorContext, items: Iterable[Any]) -> list[int]:
        """Send items, until the last one is transferred.

        Parameters
        ----------
        ctx : SimulatorContext
            The context of the bench.
        items : iterable
            Integers, lists or dictionaries, as the payload's shape is.

        Returns
        -------
        list of int
            The cycle in which each was transferred.

        Raises
        ------
        TimeoutError
            If the component does not take an item within :data:`MAX_WAIT` cycles.
        """
        first = len(self.cycles)
        for item in items:
            for _ in range(self._bench.pause(self._bench.flow.idle)):
                self._rest(ctx)
                await ctx.tick()
            ctx.set(self._payload, pack(self._layout, item))
            ctx.set(self._stream.valid, 1)
            await self._bench.wait_for(
                ctx,
                f"{self.name}: ready for item {len(self.cycles)}",
                lambda: ctx.get(self._stream.ready),
            )
            self.cycles.append(self._bench.cycle)
            await ctx.tick()
        self._rest(ctx)
        return self.cycles[first:]

    def _rest(self, ctx: SimulatorContext) -> None:
        ctx.set(self._stream.valid, 0)
        self._bench.set_noise(ctx, self._payload)


class Collector(Scoreboard):
    """Collect items from a stream of a component, and compare them with the expected ones.

    An item that is offered must stay until it is taken. At times, the collector is not ready until
    an item is offered, so that a component that waits for ``ready`` is noticed.

    Parameters
    ----------
    bench : StreamBench
        The bench; its flow says whether not to be ready at times.
    name : str
        Name of the stream.
    may_change : bool
        Whether the payload of an item that is offered may change until it is taken.
    known : function, optional
        What of an item is compared; all of it by default.
    """

    def __init__(
        self,
        bench: StreamBench,
        name: str,
        *,
        may_change: bool = False,
        known: Known | None = None,
    ):
        self._bench = bench
        self._stream = getattr(bench.component, name)
        self._may_change = may_change
        self._known = known
        self._always_ready = bench.component.signature.members[name].signature.always_ready
        super().__init__(name, describe(self._stream.payload.shape()))

    async def collect(self, ctx: SimulatorContext) -> None:
        """Take items for as long as the bench runs."""
        bench, offered = self._bench, None
        sampled = self._stream.valid, Value.cast(self._stream.payload)
        pause, patient = self._pause()
        while True:
            if not self._always_ready:
                ctx.set(self._stream.ready, not pause)
            *_, valid, bits = await ctx.tick().sample(*sampled)
            if offered is not None:
                place = f"{self.name}: item {len(self.received)}, in cycle {bench.cycle - 1}:"
                assert valid, f"{place} withdrawn before it was taken"
                assert self._may_change or bits == offered, (
                    f"{place} expected {unpack(self.layout, offered)!r} as offered before, "
                    f"got {unpack(self.layout, bits)!r}"
                )
            offered = bits if valid and pause else None
            if pause:
                pause -= valid or not patient
            elif valid:
                if self._known is not None:
                    value = self._known(len(self.received), unpack(self.layout, bits))
                    bits = pack(self.layout, value)
                self.receive(bits, bench.cycle - 1)
                pause, patient = self._pause()

    def _pause(self) -> tuple[int, bool]:
        """Cycles not to be ready, and whether to count them from when an item is offered."""
        pause = self._bench.pause(not self._always_ready and self._bench.flow.back_pressure)
        return pause, self._bench.random.random() < 0.5


def check_latency(begun: Sequence[int], ended: Sequence[int], latency: int) -> None:
    """Check that each item came a number of cycles after its cause.

    Raises
    ------
    AssertionError
        If not; the message names the item.
    """
    assert len(begun) == len(ended), f"{len(begun)} items were sent, {len(ended)} came"
    for number, (begin, end) in enumerate(zip(begun, ended, strict=True)):
        assert end - begin == latency, f"item {number} took {end - begin} cycles, not {latency}"
