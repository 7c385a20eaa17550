"""A layer's side of the host's registers."""

from collections.abc import Callable
from random import Random

import pytest
from amaranth.hdl import Value
from amaranth.sim import SimulatorContext

from metaplast.hdl.layer.layer_registers import LayerRegisters
from metaplast.hdl.layer.layer_rows import COUNTS as LAYER_COUNTS
from metaplast.hdl.layer.layer_settings import SETTINGS
from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.registers.register_map import (
    LayerRegister,
    Status,
    UniversalLayerRegister,
    layer_address,
)
from metaplast.sim.bench import Flow

from ..folded_layers import FOLDED_LAYERS
from ..placed_layers import ENGINES
from ..simulate import simulate
from ..streams import StreamBench, check_latency

HISTORY_BITS = 127
SCAN_CYCLES = 9
MASK = (1 << 32) - 1

COUNTS = (LayerRegister.ERRORS, LayerRegister.UPDATES, LayerRegister.RIGHT)
STREAM = tuple(LayerRegister.STREAM_0 + n for n in range(4))


class Model:
    """The registers as a host sees them."""

    def __init__(self, folded: FoldedLayer):
        self.config = folded.config
        self.values = dict.fromkeys(
            (
                LayerRegister.MARGIN,
                LayerRegister.EVENTS,
                LayerRegister.ERRORS,
                LayerRegister.UPDATES,
                LayerRegister.RIGHT,
            ),
            0,
        )
        self.positioned = False
        self.some = False  # a bit is set in the words of a history before STREAM_3
        self.history = 0
        self.positions: list[int] = []
        self.drawn: list[int] = []  # values of INITIAL
        self.written: list[int] = []  # counters
        self.read: list[int] = []  # numbers that were asked for
        self.extra = 0  # cycles of the last request beyond those of a plain one

    def answer(self, request: dict[str, int], find: Callable[[str], int]) -> dict[str, int]:
        """The response; ``find`` gives what is found by reading a counter, or by a scan."""
        register, write, new = request["address"] & 0xFF, request["write"], request["data"]
        value = new - (new >> 31 << 32)
        config = self.config
        constants = {
            LayerRegister.INPUTS: config.inputs,
            LayerRegister.NEURONS: config.neurons,
            LayerRegister.GROUP: config.group,
        }
        status, data = Status.OK, 0
        self.extra = 0
        if register in self.values:
            data = self.values[register]
            highest = {
                LayerRegister.MARGIN: config.neurons,
                LayerRegister.EVENTS: config.max_events,
            }.get(LayerRegister(register), MASK)
            if write and new > highest:
                status = Status.RANGE
            elif write:
                self.values[register] = 0 if register in COUNTS else new
        elif register in constants:
            data = constants[register]
            status = Status.ACCESS if write else Status.OK
        elif register in STREAM:
            data = self.history << 1 >> 32 * (register - LayerRegister.STREAM_0) & MASK
            if write:
                if register == LayerRegister.STREAM_3 and not (self.some or new):
                    status = Status.RANGE
                else:
                    self.history = (self.history | new << HISTORY_BITS) >> 32
                if register == LayerRegister.STREAM_0:
                    self.some = bool(new & ~1)  # bit 0 is unused
                elif register != LayerRegister.STREAM_3:
                    self.some |= bool(new)
        elif register == LayerRegister.SATURATED and not write:
            data = find("saturated")
            self.positioned = False
            self.extra = SCAN_CYCLES + 1
        elif register == LayerRegister.SATURATED or (
            register == LayerRegister.POSITION and not write
        ):
            status = Status.ACCESS
        elif register == LayerRegister.POSITION:
            if new < config.neurons:
                self.positions.append(new)
                self.positioned = True
                self.extra = new + 2
            else:
                status = Status.RANGE
        elif register == LayerRegister.INITIAL and not write:
            status = Status.ACCESS
        elif register == LayerRegister.INITIAL:
            if new in (1, 2):
                self.positions.append(0)  # the counter port goes to the first counter
                self.positioned = False
                self.drawn.append(new)
                self.extra = 1
            else:
                status = Status.RANGE
        elif register == LayerRegister.COUNTER:
            if write and not config.lowest <= value <= config.highest:
                status = Status.RANGE
            elif not self.positioned:
                status = Status.POSITION
            elif write:
                self.written.append(value)
                self.extra = 1
            else:
                data = find("counter") & MASK
                self.extra = 2
        else:
            status = Status.UNKNOWN
        return {"status": status.value, "data": data}


class Layer:
    """The rest of the layer, beside the component."""

    def __init__(self, dut: LayerRegisters, streams: StreamBench):
        self.dut, self.streams = dut, streams
        self.history = 0
        self.positions: list[int] = []
        self.drawn: list[int] = []
        self.found: dict[str, list[int]] = {"counter": [], "saturated": []}
        for process in (self.keep_stream, self.scan, self.read):
            streams.beside(process)

    def find(self, name: str) -> int:
        """A value to be found by reading a counter, or by a scan."""
        port = self.dut.saturated if name == "saturated" else self.dut.r.p
        self.found[name].append(self.streams.noise(port))
        return self.found[name][-1]

    async def keep_stream(self, ctx: SimulatorContext) -> None:
        """Take the words of histories; note the neurons that are sought, and the drawings."""
        dut = self.dut
        while True:
            ctx.set(dut.history, self.history)
            *_, push, pushed, rewind, skip, counters, classifier = await ctx.tick().sample(
                *(dut.push, dut.pushed, dut.rewind, dut.skip),
                *(dut.draw_counters, dut.draw_classifier),
            )
            if push:
                self.history = (self.history | pushed << HISTORY_BITS) >> 32
            if rewind:
                self.positions.append(0)
            if skip:
                self.positions[-1] += 1
            if counters or classifier:
                assert rewind, "the position is not the first counter"
                self.drawn.append(counters | classifier << 1)

    async def scan(self, ctx: SimulatorContext) -> None:
        """Give the number of saturated counters some cycles after it is asked for."""
        dut = self.dut
        while True:
            self.streams.set_noise(ctx, dut.saturated)
            *_, scan = await ctx.tick().sample(dut.scan)
            if not scan:
                continue
            for _ in range(SCAN_CYCLES - 1):
                *_, scan = await ctx.tick().sample(dut.scan)
                assert scan, "a scan is no longer wanted"
            ctx.set(dut.saturated, self.found["saturated"].pop(0))
            ctx.set(dut.scanned, 1)
            await ctx.tick()
            ctx.set(dut.scanned, 0)

    async def read(self, ctx: SimulatorContext) -> None:
        """Give a counter when it is asked for."""
        dut, streams = self.dut, self.streams
        while True:
            streams.set_noise(ctx, dut.r.p)
            *_, reading = await ctx.tick().sample(dut.reading)
            if not reading:
                continue
            await streams.ticks(ctx, streams.pause(streams.flow.idle))
            ctx.set(dut.r.p, self.found["counter"].pop(0))
            ctx.set(dut.r.valid, 1)
            *_, ready, reading = await ctx.tick().sample(dut.r.ready, dut.reading)
            assert ready, "a counter that was asked for is not taken"
            assert not reading, "another counter is asked for"
            ctx.set(dut.r.valid, 0)


def requests(folded: FoldedLayer, random: Random, *, every: bool) -> list[dict[str, int]]:
    """Every address (unknown ones only if ``every``), every bound, then anything, shuffled."""
    config = folded.config

    def request(address: int, data: int | None = None) -> dict[str, int]:
        page = random.getrandbits(16) << 8
        value = random.getrandbits(32) if data is None else data & MASK
        return {"write": data is not None, "address": page | address, "data": value}

    bounds = {
        LayerRegister.MARGIN: (0, config.neurons, config.neurons + 1, -1),
        LayerRegister.EVENTS: (0, config.max_events, config.max_events + 1, MASK),
        LayerRegister.POSITION: (0, config.neurons - 1, config.neurons, 1 << 31),
        **dict.fromkeys(STREAM, (0, 0, 0, 1)),
        LayerRegister.INITIAL: (0, 1, 2, 3, 5, 1 << 31),
        LayerRegister.COUNTER: (
            *(config.lowest - 1, config.lowest, -1, 0, config.highest, config.highest + 1),
            *(1 << 31, (1 << 31) - 1),
        ),
    }
    made = []
    unknown = sorted({*range(256)} - {*LayerRegister})
    if not every:
        unknown = random.sample(unknown, 5)
    for address in (*LayerRegister, *unknown):
        made += [request(address), request(address, random.getrandbits(32))]
    for register, values in bounds.items():
        for value in values:
            made += [request(register, value), request(register)]
    for _ in range(50):
        register = random.choice(list(LayerRegister))
        new = random.randint(-1, config.neurons)
        made.append(request(register, random.choice([None, new])))
    random.shuffle(made)
    return made


async def count_some(
    ctx: SimulatorContext, dut: LayerRegisters, streams: StreamBench, model: Model
) -> None:
    """Errors, updates and trained samples come; now and then the counts are cleared.

    The position is lost if a sample is trained on, or the last counter is passed.
    """
    random = streams.random
    ports = (dut.error, dut.updates, dut.trained, dut.right, dut.passed, dut.clear)
    for _ in range(random.randrange(20)):
        error, right = random.getrandbits(1), random.getrandbits(1)
        updates = random.getrandbits(len(dut.updates))
        trained, passed, clear = (random.random() < 0.05 for _ in range(3))
        for port, value in zip(ports, (error, updates, trained, right, passed, clear), strict=True):
            ctx.set(port, value)
        await ctx.tick()
        for register, number in zip(COUNTS, (error, updates, trained and right), strict=True):
            model.values[register] = 0 if clear else model.values[register] + number
        model.positioned &= not (trained or passed)
    for port in ports:
        ctx.set(port, 0)


def check_registers(layer: str, flow: Flow, *, flip: bool = False) -> None:
    """Check the answers to requests, their cycles, and everything that a request sets off."""
    folded = FOLDED_LAYERS[layer]
    dut, model = LayerRegisters(folded), Model(folded)
    streams = StreamBench(dut, flow, flip=flip)
    random, rest = streams.random, Layer(dut, streams)
    sender, responses = streams.sender("requests"), streams.collector("responses")
    written, positions = streams.collector("w"), streams.scoreboard("position", 32)
    drawn = streams.scoreboard("drawn", 32)
    boards = {name: streams.scoreboard(name) for name in ("margin", "events")}
    everything = requests(folded, random, every=flow is Flow.STEADY)

    async def bench(ctx: SimulatorContext) -> None:
        while everything:
            await count_some(ctx, dut, streams, model)
            burst = [everything.pop() for _ in range(min(40, len(everything)))]
            cycle = streams.cycle - 1  # the first request is offered in the cycle after this
            due = []
            for request in burst:
                responses.expect(model.answer(request, rest.find))
                cycle += 3 + model.extra
                due.append(cycle)
            written.expect(*model.written)

            sent = await sender.send(ctx, burst)
            await streams.drain(ctx)
            if not flow.back_pressure:
                check_latency(sent, responses.cycles[-len(burst) :], 1)
                if not flow.idle:
                    assert responses.cycles[-len(burst) :] == due
            positions.expect(*model.positions)
            for position in rest.positions:
                positions.receive(position, streams.cycle)
            drawn.expect(*model.drawn)
            for value in rest.drawn:
                drawn.receive(value, streams.cycle)
            for values in (
                *(model.written, model.positions, rest.positions),
                *(model.drawn, rest.drawn),
            ):
                values.clear()
            for name, board in boards.items():
                board.expect(model.values[LayerRegister[name.upper()]])
                board.receive(ctx.get(Value.cast(getattr(dut, name))), streams.cycle)

    streams.run(bench)


@pytest.mark.parametrize("flow", Flow)
@pytest.mark.parametrize("layer", ["smallest", "two banks"])
def test_every_request_is_answered_and_obeyed(layer: str, flow: Flow) -> None:
    check_registers(layer, flow)


@pytest.mark.parametrize("flow", Flow)
def test_the_check_notices_a_flipped_bit(flow: Flow) -> None:
    with pytest.raises(AssertionError, match=r"^\w+: item \d+, in cycle \d+: expected"):
        check_registers("two banks", flow, flip=True)


class Memories:
    """The memories of a universal trainer, as its registers see them, and the selected layer."""

    def __init__(self, dut: LayerRegisters):
        self.dut = dut
        self.rows: dict[tuple[int, int], int] = {}  # by layer and half
        self.stored: dict[tuple[int, int], int] = {}  # beside the hidden weights
        self.there = self.loading = self.accessing = self.moving = 0
        self.selected = False
        self.reloads = 0

    def select(self, ctx: SimulatorContext) -> None:
        """Select the layer of a request, or layer 0."""
        dut = self.dut
        wanted = ctx.get(dut.layer) if ctx.get(dut.requests.valid) else 0
        self.selected = not self.loading and self.there == wanted
        ctx.set(dut.selected, self.selected)
        if not self.loading and self.there != wanted:
            self.there, self.loading = wanted, 5
        self.loading = max(self.loading - 1, 0)

    async def cycle(self, ctx: SimulatorContext) -> None:
        """A cycle; an access or a move takes several ones."""
        dut = self.dut
        layer, half = ctx.get(dut.layer), ctx.get(dut.half)
        request = ctx.get(dut.requests.p)
        self.accessing = self.accessing + 1 if ctx.get(dut.access) else 0
        ctx.set(dut.accessed, self.accessing == 3)
        if self.accessing == 2:
            ctx.set(dut.accessed_value, self.rows.get((layer, half), 0))
        if self.accessing == 3:
            assert self.there == layer
            single = ctx.get(dut.single)
            high = 0 if single else self.rows.get((layer, half + 1), 0)
            ctx.set(dut.accessed_value, high << 16 | 0xBAD)
            if request.write:
                self.write(self.rows, layer, half, request.data if half >= 8 else 0, single)
        self.moving = self.moving + 1 if ctx.get(dut.write_word) else 0
        ctx.set(dut.moved, self.moving == 4)
        if self.moving == 4:
            self.write(self.stored, layer, half, request.data, ctx.get(dut.single))
        if ctx.get(dut.reload):
            self.loading = 5
            self.reloads += 1
        await ctx.tick()

    @staticmethod
    def write(
        memory: dict[tuple[int, int], int], layer: int, half: int, word: int, single: int
    ) -> None:
        memory[layer, half] = word & 0xFFFF
        if not single:
            memory[layer, half + 1] = word >> 16

    async def request(
        self, ctx: SimulatorContext, address: int, data: int | None = None
    ) -> tuple[Status, int]:
        """The status and the value of a response."""
        dut = self.dut
        ctx.set(dut.requests.p, {"write": data is not None, "address": address, "data": data or 0})
        ctx.set(dut.requests.valid, 1)
        ctx.set(dut.responses.ready, 1)
        for _ in range(60):
            self.select(ctx)
            if ctx.get(dut.responses.valid):
                assert self.selected, "the settings of layer 0 are not selected"
                response = ctx.get(dut.responses.p)
                await self.cycle(ctx)
                return Status(response.status), response.data
            taken = ctx.get(dut.requests.ready)
            await self.cycle(ctx)
            if taken:
                ctx.set(dut.requests.valid, 0)
        raise TimeoutError(f"no response to {address:#x}")


def test_counts_and_settings_of_a_universal_trainer_are_in_memory() -> None:
    engine, random = ENGINES["one"], Random(1)
    dut = LayerRegisters(engine)
    memories = Memories(dut)
    names = [name.upper() for name in SETTINGS]

    async def bench(ctx: SimulatorContext) -> None:
        values: dict[int, int] = {}
        for layer in range(engine.layers):
            for register in map(UniversalLayerRegister.__getitem__, names):
                low, high = register.declaration.bounds(engine)
                values[layer_address(layer, register)] = random.randint(low, high)
        addresses = list(values)
        random.shuffle(addresses)
        for address in addresses:
            assert await memories.request(ctx, address, values[address]) == (Status.OK, 0)
        # A value that is out of range changes nothing.
        address = layer_address(1, UniversalLayerRegister.EVENTS)
        status, _ = await memories.request(ctx, address, engine.config.max_events + 1)
        assert status is Status.RANGE
        for address, value in values.items():
            assert await memories.request(ctx, address) == (Status.OK, value)
        assert memories.rows == memories.stored
        assert memories.reloads == len(values)
        assert len(memories.rows) == 8 * engine.layers
        for number, name in enumerate(LAYER_COUNTS):
            memories.write(memories.rows, 2, 2 * number, 0x10203 + number, 0)
            address = layer_address(2, UniversalLayerRegister[name.upper()])
            assert await memories.request(ctx, address) == (Status.OK, 0x10203 + number)
            assert await memories.request(ctx, address, 7) == (Status.OK, 0)
            assert await memories.request(ctx, address) == (Status.OK, 0)
        word = layer_address(1, UniversalLayerRegister.STREAM_2)
        await memories.request(ctx, word, 0x12345678)
        assert (memories.stored[1, 4], memories.stored[1, 5]) == (0x5678, 0x1234)

    simulate(dut, bench)
