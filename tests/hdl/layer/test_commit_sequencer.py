"""When samples are trained on, when a batch is committed, and when rows are counted."""

from collections.abc import Sequence

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.layer.commit_sequencer import CommitSequencer

from ..simulate import simulate

ROWS = 3
UPDATE_CYCLES = 4
EVENT_CYCLES = 5
OUTPUTS = ("update", "commit", "rewind", "scanning", "counting", "skip", "reinforce", "hold")

Sample = tuple[bool, bool]  # error bit, last of its batch
Trace = list[set[str]]
"""Of each cycle, the outputs that are set; and ``taken`` if the queue's head leaves."""


def trace_of(
    samples: Sequence[Sample], dirty: Sequence[bool], *, events: int = 0, count: bool = False
) -> Trace:
    """Run a sequencer until it is idle, with neurons of three rows that are dirty or not."""
    sequencer = CommitSequencer()
    trace: Trace = []

    async def bench(ctx: SimulatorContext) -> None:
        queue, counts = list(samples), count
        neuron = row = 0
        left = 0  # cycles until an update or the events are complete
        ctx.set(sequencer.events, events)
        ctx.set(sequencer.batch_evaluated, any(last for _, last in samples))
        await ctx.tick()
        ctx.set(sequencer.batch_evaluated, 0)
        while queue or counts or ctx.get(sequencer.busy):
            assert len(trace) < 1000, "the sequencer does not become idle"
            error, last = queue[0] if queue else (False, False)
            ctx.set(sequencer.samples.valid, bool(queue))
            ctx.set(sequencer.samples.p, {"error": error, "last": last})
            ctx.set(sequencer.count, counts)
            ctx.set(sequencer.first_row, row == 0)
            ctx.set(sequencer.dirty, dirty[neuron])
            ctx.set(sequencer.last_neuron, neuron == len(dirty) - 1)
            ctx.set(sequencer.last_of_bank, neuron == len(dirty) - 1 and row == ROWS - 1)
            if ctx.get(sequencer.update) and not left:
                left = UPDATE_CYCLES
            ctx.set(sequencer.updated, ctx.get(sequencer.update) and left == 1)
            ctx.set(sequencer.reinforced, not ctx.get(sequencer.update) and left == 1)

            cycle = {name for name in OUTPUTS if ctx.get(getattr(sequencer, name))}
            if queue and ctx.get(sequencer.samples.ready):
                cycle.add("taken")
                queue.pop(0)
            trace.append(cycle)

            left = EVENT_CYCLES if "reinforce" in cycle else max(left - 1, 0)
            if "rewind" in cycle:
                neuron = row = 0
            elif "skip" in cycle:
                neuron = (neuron + 1) % len(dirty)
            elif cycle & {"scanning", "counting"}:
                neuron, row = divmod((neuron * ROWS + row + 1) % (len(dirty) * ROWS), ROWS)
            if "counting" in cycle:
                counts = False
            await ctx.tick()

    simulate(sequencer, bench)
    return trace


def scan_of(dirty: Sequence[bool]) -> Trace:
    """The cycles of a scan: those of a dirty neuron's rows, and one of any other neuron."""
    return [
        {"scanning", "hold"} if moved else {"scanning", "skip", "hold"}
        for moved in dirty
        for _ in range(ROWS if moved else 1)
    ]


def held(trace: Trace) -> Trace:
    return [cycle | {"hold"} for cycle in trace]


UPDATE: Trace = [*[{"update"}] * (UPDATE_CYCLES - 1), {"update", "taken"}]


def test_a_batch_without_an_error_is_committed_in_a_cycle() -> None:
    trace = trace_of([(False, False), (False, True)], [True, False])
    assert trace == held([{"taken"}, {"taken"}, {"commit"}])


@pytest.mark.parametrize("dirty", [[True], [True, False, True], [False, True, False]])
def test_a_scan_goes_over_the_dirty_neurons(dirty: list[bool]) -> None:
    trace = trace_of([(True, False), (False, False), (True, True)], dirty)
    until_scan = held([*UPDATE, {"taken"}, *UPDATE, {"commit", "rewind"}])
    # Three cycles after the scan's last one, a pass may start.
    assert trace == [*until_scan, *scan_of(dirty), {"hold"}, {"hold"}]


def test_events_follow_the_scan_and_samples_without_an_error_leave_meanwhile() -> None:
    dirty = [False, True]
    trace = trace_of([(True, True), (False, False), (True, False)], dirty, events=2)
    expected = [*held([*UPDATE, {"commit", "rewind"}]), *scan_of(dirty)]
    expected[-1] = expected[-1] | {"reinforce"}
    events: Trace = [{"hold", "taken"}, {"hold"}, set(), set(), set()]
    assert len(events) == EVENT_CYCLES
    assert trace == [*expected, *events, *UPDATE]


def test_rows_are_counted_on_request() -> None:
    trace = trace_of([], [True, False], count=True)
    assert trace == [{"rewind"}, *[{"counting"}] * (2 * ROWS)]


def test_an_error_of_a_batch_that_is_forgotten_needs_no_scan() -> None:
    sequencer = CommitSequencer()

    async def bench(ctx: SimulatorContext) -> None:
        ctx.set(sequencer.updated, 1)
        ctx.set(sequencer.samples.valid, 1)
        ctx.set(sequencer.samples.p, {"error": 1, "last": 0})
        await ctx.tick()
        ctx.set(sequencer.samples.valid, 0)
        ctx.set(sequencer.forget, 1)
        await ctx.tick()
        ctx.set(sequencer.forget, 0)
        ctx.set(sequencer.samples.valid, 1)
        ctx.set(sequencer.samples.p, {"error": 0, "last": 1})
        await ctx.tick()
        ctx.set(sequencer.samples.valid, 0)
        assert ctx.get(sequencer.commit)
        assert not ctx.get(sequencer.rewind)
        await ctx.tick()
        assert not ctx.get(sequencer.scanning)

    simulate(sequencer, bench)


def test_the_check_notices_a_cycle_that_is_wrong() -> None:
    trace = trace_of([(False, True)], [True])
    assert trace != held([{"taken"}, {"taken"}, {"commit"}])
    assert trace != held([{"taken"}, {"commit", "rewind"}])
