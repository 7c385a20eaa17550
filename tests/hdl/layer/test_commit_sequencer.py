# amaranth: UnusedElaboratable=no
"""When samples are trained on, when a batch is committed, and when rows are counted."""

from collections.abc import Sequence
from random import Random

import pytest
from amaranth.sim import SimulatorContext

from metaplast.hdl.layer.commit_sequencer import CommitSequencer

from ..simulate import simulate

ROWS = 3
UPDATE_CYCLES = 4
EVENT_CYCLES = 5
MOVE_CYCLES = 3
SELECT_CYCLES = 4
OUTPUTS = (
    *("update", "commit", "rewind", "scanning", "counting", "skip", "reinforce", "hold"),
    *("padding", "filled", "load", "store"),
)

Sample = tuple[bool, bool]  # error bit, last of its batch
Trace = list[set[str]]
"""Of each cycle, the outputs that are set; and ``taken`` if the queue's head leaves.

In a universal trainer, a number is added for a layer that is not the first.
"""


def trace_of(
    samples: Sequence[Sample], dirty: Sequence[bool], *, events: int = 0, request: str = ""
) -> Trace:
    """Run a sequencer until it is idle, with neurons of three rows that are dirty or not."""
    return run(CommitSequencer(), samples, [dirty], [events], request=request)


def run(
    sequencer: CommitSequencer,
    samples: Sequence[Sample],
    dirty: Sequence[Sequence[bool]],
    events: Sequence[int],
    *,
    request: str = "",
    selects: bool = False,
) -> Trace:
    """Run a sequencer until it is idle; dirty neurons and events are those of each layer.

    If ``selects`` is set, settings are selected :data:`SELECT_CYCLES` cycles after the first cycle
    in which those of another layer are wanted.
    """
    trace: Trace = []

    async def bench(ctx: SimulatorContext) -> None:
        queue, requests = list(samples), bool(request)
        neuron = row = 0
        left = 0  # cycles until an update or the events are complete
        moving = 0  # cycles until a random stream is loaded or stored
        there, loading = 0, 0  # layer of the settings, and cycles until they are there
        ctx.set(sequencer.last_layer, len(dirty) - 1)
        ctx.set(sequencer.batch_evaluated, any(last for _, last in samples))
        await ctx.tick()
        ctx.set(sequencer.batch_evaluated, 0)
        while queue or requests or ctx.get(sequencer.busy):
            assert len(trace) < 1000, "the sequencer does not become idle"
            layer = ctx.get(sequencer.layer)
            error, last = queue[0] if queue else (False, False)
            neurons = len(dirty[layer])
            ctx.set(sequencer.samples.valid, bool(queue))
            ctx.set(sequencer.samples.p, {"error": error, "last": last})
            if request:
                ctx.set(getattr(sequencer, request), requests)
            if selects:
                ctx.set(sequencer.samples.valid, bool(queue))
                if ctx.get(sequencer.select) and there != layer and not loading:
                    there, loading = layer, SELECT_CYCLES + 1
                loading = max(loading - 1, 0)
                ctx.set(sequencer.selected, there == layer and not loading)
            ctx.set(sequencer.events, events[layer])
            ctx.set(sequencer.first_row, row == 0)
            ctx.set(sequencer.dirty, dirty[layer][neuron % neurons])
            ctx.set(sequencer.last_neuron, neuron == neurons - 1)
            ctx.set(sequencer.last_of_bank, neuron == neurons - 1 and row == ROWS - 1)
            if ctx.get(sequencer.update) and not left:
                left = UPDATE_CYCLES
            if (ctx.get(sequencer.load) or ctx.get(sequencer.store)) and not moving:
                moving = MOVE_CYCLES
            ctx.set(sequencer.updated, ctx.get(sequencer.update) and left == 1)
            ctx.set(sequencer.reinforced, not ctx.get(sequencer.update) and left == 1)
            ctx.set(sequencer.moved, moving == 1)

            cycle = {name for name in OUTPUTS if ctx.get(getattr(sequencer, name))}
            if queue and ctx.get(sequencer.samples.ready):
                cycle.add("taken")
                queue.pop(0)
            trace.append(cycle | ({str(layer)} if layer else set()))

            left = EVENT_CYCLES if "reinforce" in cycle else max(left - 1, 0)
            moving = max(moving - 1, 0)
            if "rewind" in cycle:
                neuron = row = 0
            elif "skip" in cycle:
                neuron = (neuron + 1) % neurons
            elif cycle & {"scanning", "counting"}:
                neuron, row = divmod((neuron * ROWS + row + 1) % (neurons * ROWS), ROWS)
            if cycle & {"counting", "filled"}:
                requests = False
            await ctx.tick()

    simulate(sequencer, bench)
    return trace


def scan_of(dirty: Sequence[bool], *, hold: bool = True) -> Trace:
    """The cycles of a scan: those of a dirty neuron's rows, and one of any other neuron."""
    always = {"scanning", "hold"} if hold else {"scanning"}
    return [
        always if moved else always | {"skip"}
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
    trace = trace_of([], [True, False], request="count")
    assert trace == [{"rewind"}, *[{"counting"}] * (2 * ROWS)]


@pytest.mark.parametrize("layers", [1, 2])
def test_all_rows_are_scanned_on_request(layers: int) -> None:
    sequencer = CommitSequencer(layers=layers, universal=layers > 1)
    trace = run(sequencer, [], [[True, False]] * layers, [0] * layers, request="fill")
    rows = [{"scanning", "padding", "hold"} for _ in range(2 * ROWS)]
    rows[-1].add("filled")
    assert trace == [{"rewind"}, *rows, {"hold"}, {"hold"}]


def universal_trace(
    samples: Sequence[Sample], dirty: Sequence[Sequence[bool]], events: Sequence[int]
) -> Trace:
    """The cycles of a universal trainer, by the docstring; one batch ends in the samples."""
    layers = range(len(dirty))
    trace: Trace = []
    raised: set[int] = set()

    def cycles(layer: int, *names: str, count: int = 1) -> Trace:
        return [{*names, *([str(layer)] if layer else [])} for _ in range(count)]

    def train(sample: Sequence[Sample]) -> None:
        for layer, (error, _) in enumerate(sample):
            if error:
                trace.extend(cycles(layer, "update", count=UPDATE_CYCLES))
                trace[-1].add("taken")
                raised.add(layer)
            else:
                trace.extend(cycles(layer, "taken"))

    whole = [samples[n : n + len(layers)] for n in range(0, len(samples), len(layers))]
    end = next(n for n, sample in enumerate(whole) if sample[-1][1])
    for sample in whole[: end + 1]:
        train(sample)
    for layer in layers:
        trace += cycles(layer, "commit", *(["rewind"] if layer in raised else []))
        if layer in raised:
            trace += [cycle | set(*cycles(layer)) for cycle in scan_of(dirty[layer], hold=False)]
    held = len(trace) + (2 if raised else 0)
    for layer in layers if raised else []:
        trace += cycles(layer)
        if layer in raised and events[layer]:
            trace += cycles(layer, "load", count=MOVE_CYCLES)
            trace[-1].add("reinforce")
            trace += cycles(layer, count=EVENT_CYCLES)
            trace += cycles(layer, "store", count=MOVE_CYCLES)
    for sample in whole[end + 1 :]:
        train(sample)
    trace += [set() for _ in range(held - len(trace))]
    return [cycle | {"hold"} if n < held else cycle for n, cycle in enumerate(trace)]


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_universal_trainer_commits_layer_after_layer(layers: int) -> None:
    random = Random(layers)
    for case in range(25):
        sequencer = CommitSequencer(layers=3, universal=True)
        share = (0.0, 0.5, 1.0)[case % 3]
        before, behind = random.randint(0, 2), random.randint(0, 2)
        samples = []
        for number in range(before + 1 + behind):
            for _ in range(layers):
                samples.append((random.random() < share, number == before))
        dirty = [
            [random.random() < 0.5 for _ in range(random.randint(1, 4))] for _ in range(layers)
        ]
        events = [random.choice([0, 2]) for _ in range(layers)]
        assert run(sequencer, samples, dirty, events) == universal_trace(samples, dirty, events)


class Selection:
    """When the settings of layers are there, by the rules of :func:`run` with ``selects``."""

    def __init__(self) -> None:
        self.there = self.free = 0

    def wait(self, layer: int, cycle: int) -> int:
        """The first cycle with the settings of a layer, which are wanted from a cycle on."""
        cycle = max(cycle, self.free)
        if layer != self.there:
            self.there = layer
            cycle = self.free = cycle + SELECT_CYCLES
        return cycle


@pytest.mark.parametrize("share", [0.3, 1.0])
def test_settings_are_waited_for_where_they_are_needed(share: float) -> None:
    layers, random = 3, Random(4)
    for _ in range(20):
        # A layer's last sample has an error bit, so that each wait is for its own layer's settings.
        batch = [(random.random() < share, False) for _ in range(layers - 1)] + [(True, True)]
        dirty = [[True], [False], [True, False]]
        events = [random.choice([0, 2]) for _ in range(layers)]
        sequencer = CommitSequencer(layers=layers, universal=True)
        trace = run(sequencer, batch, dirty, events, selects=True)
        selection, cycle, expected = Selection(), 0, []
        raised = [error for error, _ in batch]
        for layer, (error, _) in enumerate(batch):
            cycle = selection.wait(layer, cycle) + (UPDATE_CYCLES if error else 1)
            expected.append(("taken", layer, cycle - 1))
        for layer in range(layers):
            if raised[layer]:
                cycle = selection.wait(layer, cycle)
            expected.append(("commit", layer, cycle))
            cycle += 1
            if raised[layer]:
                cycle += sum(ROWS if neuron else 1 for neuron in dirty[layer])
        for layer in range(layers):
            if raised[layer]:
                cycle = selection.wait(layer, cycle)
            cycle += 1
            if raised[layer] and events[layer]:
                expected.append(("reinforce", layer, cycle + MOVE_CYCLES - 1))
                cycle += 2 * MOVE_CYCLES + EVENT_CYCLES
        found = [
            (name, next((int(each) for each in outputs if each.isdigit()), 0), number)
            for number, outputs in enumerate(trace)
            for name in ("taken", "commit", "reinforce")
            if name in outputs
        ]
        assert found == expected
        assert len(trace) == cycle


def test_a_sample_without_an_error_leaves_the_last_layer_without_its_settings() -> None:
    sequencer = CommitSequencer(layers=2, universal=True)
    trace = run(sequencer, [(False, False), (False, True)], [[True]] * 2, [0, 0], selects=True)
    assert trace == held([{"taken"}, {"1", "taken"}, {"commit"}, {"1", "commit"}])


def test_a_sequencer_has_a_layer() -> None:
    with pytest.raises(ValueError, match="layers must be at least 1, not 0"):
        CommitSequencer(layers=0)


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
