"""Bench of a bank in the forward pass: steps, choices and activations against the literal layer."""

from metaplast.sim.bench import Bench, stream_bench
from metaplast.sim.verilator.layout import pack, unpack

from ...benches.layer_model import LayerModel, known_choice, models_of, to_bits
from ...benches.watch import watch

PASSES = 30


@stream_bench
async def passes(bench: Bench) -> None:
    """Pass after pass, the next one from the cycle after the last step on.

    On an engine, the layers of a network take turns; the shape changes after the last step.
    """
    models = models_of(bench)
    seen = watch(
        bench, "step__valid", "step__payload", "choice__valid", "choice__payload", "activations"
    )
    column = bench.driver("column")
    for model in models:
        own = [dict(column) for column in model.columns() if column["bank"] == bank_of(model)]
        for item in own:
            del item["bank"]
        await column.send(own)
    checks = Checks(bench, seen)
    dirty = DirtyBits(bench) if models[0].folded.shared_memories else None
    if dirty is not None:
        await dirty.clear()
    for number in range(PASSES):
        model = models[number % len(models)]
        bench.write("shape", model.shape)
        for _ in range(bench.pause(bench.flow.idle)):
            bench.write("label", bench.noise("label"))
            await bench.edge()
        await run_pass(bench, model, checks)
    await bench.edges(models[-1].folded.steps + 10)
    checks.check()
    if dirty is not None:
        await dirty.check()


def bank_of(model: LayerModel) -> int:
    """The bank that is simulated: the last one."""
    return model.folded.plan.banks - 1


async def run_pass(bench: Bench, model: LayerModel, checks: "Checks") -> None:
    """Send the words of a sample, as dense as they may come, until the pass's last step."""
    folded, bank, array = model.folded, bank_of(model), bench.driver("array")
    x, y = model.sample(), bench.random.randrange(model.config.classes)
    bench.write("clear", 1)
    bench.write("label", y)
    await bench.edge()
    bench.write("clear", 0)

    steps: list[int] = []
    x_words = model.words(x, folded.plan.simd)
    for n, x_word in enumerate(x_words):
        last = n == folded.words - 1
        for number in range(folded.sets):
            if last and number:
                await bench.edges(folded.steps - 1)
            row = model.snapshot_word(bank, number, n)
            (cycle,) = await array.send([{"x": x_word, "w": row, "first": n == 0, "last": last}])
            if last:
                first = cycle + bench.parameters["latency"]
                steps += range(first, first + folded.steps)
        if not last:
            await bench.edges(max(0, 3 - folded.sets))
    steps = steps[: folded.pass_steps]
    await bench.edges(steps[-1] - bench.cycle)
    checks.expect_pass(model, x, y, steps)


class DirtyBits:
    """Write dirty bits at random during passes, which must not disturb the columns.

    Parameters
    ----------
    bench : Bench
        The bench.
    """

    def __init__(self, bench: Bench):
        self.bench = bench
        self.bits = [0] * models_of(bench)[0].engine.dirty_depth
        self.board = bench.scoreboard("dirty__read_data")
        self.writing = True

    async def clear(self) -> None:
        """Clear all bits, and begin to write them at random."""
        for position in range(len(self.bits)):
            self._write(position, 0)
            await self.bench.edge()
        self.bench.start(self._write_at_random())

    async def _write_at_random(self) -> None:
        random = self.bench.random
        while self.writing:
            self._write(random.randrange(len(self.bits)), random.getrandbits(1))
            await self.bench.edge()
        self.bench.write("dirty__write_enable", 0)

    def _write(self, position: int, bit: int) -> None:
        self.bits[position] = bit
        self.bench.write("dirty__write_address", position)
        self.bench.write("dirty__write_data", bit)
        self.bench.write("dirty__write_enable", 1)

    async def check(self) -> None:
        """Read all bits, after the last pass."""
        self.writing = False
        await self.bench.edges(2)
        self.bench.write("dirty__read_enable", 1)
        for position, bit in enumerate(self.bits):
            self.bench.write("dirty__read_address", position)
            await self.bench.edges(2)
            self.board.expect(bit)
            self.board.receive(self.bench.bits("dirty__read_data"), self.bench.cycle)


class Checks:
    """What is expected of passes.

    Parameters
    ----------
    bench : Bench
        The bench.
    seen : dict of str to list of int
        Outputs in all cycles.
    """

    def __init__(self, bench: Bench, seen: dict[str, list[int]]):
        self.bench, self.seen = bench, seen
        self.steps = bench.scoreboard("step__payload")
        self.choices = bench.scoreboard("choice__payload")
        # A universal trainer does not keep them.
        kept = bench.ports["activations"]["width"] > 0
        self.activations = bench.scoreboard("activations") if kept else None
        self.due: list[int] = []  # cycles of the steps
        self.ends: list[int] = []  # cycles of the last steps of groups
        self.counts: list[int] = []  # neurons of each step
        self.passes: list[tuple[int, int, list[int]]] = []

    def expect_pass(self, model: LayerModel, x: list[int], y: int, steps: list[int]) -> None:
        """Expect the steps of a pass, in these cycles, and its choices."""
        folded, bank, select = model.folded, bank_of(model), model.folded.select
        _, a, _ = model.literal.forward(x)
        a = a[bank * folded.bank_neurons : (bank + 1) * folded.bank_neurons]
        for step in range(folded.pass_steps):
            leaving = range(step * select, (step + 1) * select)
            columns = [model.column(bank * folded.bank_neurons + m) for m in leaving]
            value = {
                "activations": to_bits([a[m] for m in leaving]),
                "columns": columns + [0] * (model.width - select),
                "last": step == folded.pass_steps - 1,
            }
            if "one" in self.steps.layout["fields"]:
                value["one"] = select < model.width
            self.steps.expect(value)
        self.choices.expect(*model.choices(x, y)[bank])
        self.due += steps
        self.counts += [select] * len(steps)
        self.ends += steps[folded.group_steps - 1 :: folded.group_steps]
        self.passes.append((steps[0], steps[-1], a))

    def check(self) -> None:
        """Compare all that came."""
        came = [cycle for cycle, valid in enumerate(self.seen["step__valid"]) if valid]
        self.bench.check_latency(self.due, came, 0)
        for cycle, count in zip(came, self.counts, strict=True):
            step = unpack(self.steps.layout, self.seen["step__payload"][cycle])
            step["activations"] &= (1 << count) - 1
            step["columns"][count:] = [0] * (len(step["columns"]) - count)
            self.steps.receive(pack(self.steps.layout, step), cycle)
        came = [cycle for cycle, valid in enumerate(self.seen["choice__valid"]) if valid]
        for cycle in came:
            choice = known_choice(unpack(self.choices.layout, self.seen["choice__payload"][cycle]))
            self.choices.receive(pack(self.choices.layout, choice), cycle)
        self.bench.check_latency(self.ends, came, self.bench.parameters["choice"])
        if self.activations is not None:
            ends = [first for first, _, _ in self.passes[1:]] + [self.bench.cycle - 1]
            for (_, last, a), end in zip(self.passes, ends, strict=True):
                for cycle in range(last + 1, end + 1):
                    self.activations.expect(to_bits(a))
                    self.activations.receive(self.seen["activations"][cycle], cycle)
