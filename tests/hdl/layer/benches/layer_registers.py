"""Bench of a layer's registers: every address read and written, every bound, and what they do."""

from typing import Any

from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.registers.register_map import LayerRegister, Status
from metaplast.sim.bench import Bench, Flow, stream_bench

from ...folded_layers import FOLDED_LAYERS

HISTORY_BITS = 127
SCAN_CYCLES = 9
UNSIGNED = {"width": 32, "signed": False}
MASK = (1 << 32) - 1

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
            ),
            0,
        )
        self.history = 0
        self.positions: list[int] = []
        self.written: list[int] = []  # counters
        self.read: list[int] = []  # numbers that were asked for
        self.extra = 0  # cycles of the last request beyond those of a plain one

    def answer(self, request: dict[str, int], find: Any) -> dict[str, int]:
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
            if write and register == LayerRegister.MARGIN and new > config.neurons:
                status = Status.RANGE
            elif write:
                counts = (LayerRegister.ERRORS, LayerRegister.UPDATES)
                self.values[register] = 0 if register in counts else new
        elif register in constants:
            data = constants[register]
            status = Status.ACCESS if write else Status.OK
        elif register in STREAM:
            data = self.history << 1 >> 32 * (register - LayerRegister.STREAM_0) & MASK
            if write:
                self.history = (self.history | new << HISTORY_BITS) >> 32
        elif register == LayerRegister.SATURATED and not write:
            data = find("saturated")
            self.extra = SCAN_CYCLES + 1
        elif register == LayerRegister.SATURATED or (
            register == LayerRegister.POSITION and not write
        ):
            status = Status.ACCESS
        elif register == LayerRegister.POSITION:
            if new < config.neurons:
                self.positions.append(new)
                self.extra = new + 2
            else:
                status = Status.RANGE
        elif register == LayerRegister.COUNTER:
            if not write:
                data = find("r__payload") & MASK
                self.extra = 2
            elif config.lowest <= value <= config.highest:
                self.written.append(value)
                self.extra = 1
            else:
                status = Status.RANGE
        else:
            status = Status.UNKNOWN
        return {"status": status.value, "data": data}


class Layer:
    """The rest of the layer, around the component."""

    def __init__(self, bench: Bench):
        self.bench = bench
        self.history = 0
        self.positions: list[int] = []
        self.found: dict[str, list[int]] = {"r__payload": [], "saturated": []}
        bench.start(self._stream())
        bench.start(self._scan())
        bench.start(self._read())

    def find(self, name: str) -> int:
        """Something to be found by reading a counter, or by a scan."""
        self.found[name].append(self.bench.noise(name))
        return self.found[name][-1]

    async def _stream(self) -> None:
        bench = self.bench
        while True:
            bench.write("history", self.history)
            await bench.edge()
            if bench.bits("push"):
                self.history = (self.history | bench.bits("pushed") << HISTORY_BITS) >> 32
            if bench.bits("rewind"):
                self.positions.append(0)
            if bench.bits("skip"):
                self.positions[-1] += 1

    async def _scan(self) -> None:
        bench = self.bench
        while True:
            bench.write("saturated", bench.noise("saturated"))
            await bench.edge()
            if not bench.bits("scan"):
                continue
            for _ in range(SCAN_CYCLES - 1):
                await bench.edge()
                assert bench.bits("scan"), "a scan is no longer wanted"
            bench.write("saturated", self.found["saturated"].pop(0))
            bench.write("scanned", 1)
            await bench.edge()
            bench.write("scanned", 0)

    async def _read(self) -> None:
        bench = self.bench
        while True:
            bench.write("r__payload", bench.noise("r__payload"))
            await bench.edge()
            if not bench.bits("reading"):
                continue
            await bench.edges(bench.pause(bench.flow.idle))
            bench.write("r__payload", self.found["r__payload"].pop(0))
            bench.write("r__valid", 1)
            await bench.edge()
            assert bench.bits("r__ready")
            bench.write("r__valid", 0)


def requests(bench: Bench, folded: FoldedLayer) -> list[dict[str, int]]:
    """Every address, every bound, then anything."""
    config = folded.config

    def request(address: int, data: int | None = None) -> dict[str, int]:
        page = bench.random.getrandbits(16) << 8
        value = bench.random.getrandbits(32) if data is None else data & MASK
        return {"write": data is not None, "address": page | address, "data": value}

    bounds = {
        LayerRegister.MARGIN: (0, config.neurons, config.neurons + 1, -1),
        LayerRegister.POSITION: (0, config.neurons - 1, config.neurons, 1 << 31),
        LayerRegister.COUNTER: (
            *(config.lowest - 1, config.lowest, -1, 0, config.highest, config.highest + 1),
            *(1 << 31, (1 << 31) - 1),
        ),
    }
    made = []
    unknown = sorted({*range(256)} - {*LayerRegister})
    if bench.flow is not Flow.STEADY:
        unknown = bench.random.sample(unknown, 5)
    for address in (*LayerRegister, *unknown):
        made += [request(address), request(address, bench.random.getrandbits(32))]
    for register, values in bounds.items():
        for value in values:
            made += [request(register, value), request(register)]
    for _ in range(50):
        register = bench.random.choice(list(LayerRegister))
        new = bench.random.randint(-1, config.neurons)
        made.append(request(register, bench.random.choice([None, new])))
    bench.random.shuffle(made)
    return made


@stream_bench
async def registers(bench: Bench) -> None:
    """Answers, their times, and everything that a request sets off."""
    folded = FOLDED_LAYERS[bench.parameters["layer"]]
    model, layer = Model(folded), Layer(bench)
    driver, monitor = bench.driver("requests"), bench.monitor("responses")
    written = bench.monitor("w")
    positions = bench.scoreboard("position", UNSIGNED)
    boards = {name: bench.scoreboard(name) for name in ("margin", "events")}

    everything = requests(bench, folded)
    while everything:
        # Counts, and now and then none of it any more.
        for _ in range(bench.random.randrange(20)):
            error, updates = bench.noise("error"), bench.noise("updates")
            clear = bench.random.random() < 0.1
            for name, value in (("error", error), ("updates", updates), ("clear", clear)):
                bench.write(name, value)
            await bench.edge()
            model.values[LayerRegister.ERRORS] += error
            model.values[LayerRegister.UPDATES] += updates
            if clear:
                model.values[LayerRegister.ERRORS] = model.values[LayerRegister.UPDATES] = 0
        for name in ("error", "updates", "clear"):
            bench.write(name, 0)

        burst = [everything.pop() for _ in range(min(40, len(everything)))]
        cycle = bench.cycle  # the first is offered in the cycle after this
        due = []
        for request in burst:
            monitor.expect(model.answer(request, layer.find))
            cycle += 3 + model.extra
            due.append(cycle)
        written.expect(*model.written)
        model.written = []

        sent = await driver.send(burst)
        await bench.drain()
        if not bench.flow.back_pressure:
            bench.check_latency(sent, monitor.cycles[-len(burst) :], 1)
            if not bench.flow.idle:
                assert monitor.cycles[-len(burst) :] == due
        positions.expect(*model.positions)
        for position in layer.positions:
            positions.receive(position, bench.cycle)
        model.positions, layer.positions = [], []
        for name, register in (("margin", LayerRegister.MARGIN), ("events", LayerRegister.EVENTS)):
            boards[name].expect(model.values[register])
            boards[name].receive(bench.bits(name), bench.cycle)
