"""Bench of the forward pass: a buffer, a snapshot and samples around it, and every cycle checked.

The values are the literal layer's. When each thing happens is what the component's docstring says;
in the flows that idle, samples come late, the buffer's reader must yield, and passes are held.
"""

from metaplast.sim.bench import Bench, stream_bench
from metaplast.sim.verilator.layout import pack, unpack

from ...benches.layer_model import LayerModel, known_choice, models_of, to_bits
from ...benches.watch import watch
from ...placed_layers import snapshot_row_of

SAMPLES = 25
YIELDING = 0.3
HOLDING = 0.3
PATIENCE = 500


@stream_bench
async def samples(bench: Bench) -> None:
    """Sample after sample, as dense as they come.

    On an engine, each sample is another layer's, and comes after the last step of the one before.
    """
    models = models_of(bench)
    seen = watch(bench, *(name for name in bench.ports if not name.startswith("column")))
    column, monitor = bench.driver("column"), bench.monitor("o")
    classes = models[0].config.classes
    bench.write("last_class", classes - 1)
    for model in models:
        await column.send(model.columns())

    passes = [Pass(bench, models[number % len(models)]) for number in range(SAMPLES)]
    monitor.expect(*(one.result for one in passes))
    await Surroundings(bench, models, passes).run()
    await bench.edges(models[-1].folded.steps + 10)

    check_values(bench, passes, seen, monitor.cycles)
    due = Due(bench, passes, seen)
    due.follow(monitor.cycles)
    due.check([cycle for cycle, valid in enumerate(seen["choices__valid"]) if valid])


class Pass:
    """A sample for a layer, and what is expected of it.

    Parameters
    ----------
    bench : Bench
        The bench.
    model : LayerModel
        The layer.

    Attributes
    ----------
    x : list of int
        The sample.
    label, margin : int
        Its label, and the layer's margin.
    activations : list of int
        Activations of all neurons.
    result : dict
        Prediction and error bit.
    """

    def __init__(self, bench: Bench, model: LayerModel):
        config = model.config
        self.model = model
        self.x = model.sample()
        self.label = bench.random.randrange(config.classes)
        self.margin = bench.random.choice((0, config.neurons // 3, config.neurons))
        _, self.activations, s = model.literal.forward(self.x)
        first, second = sorted(s, reverse=True)[:2]
        prediction = s.index(first)
        error = prediction != self.label or 2 * (first - second) < self.margin
        self.result = {"prediction": prediction, "error": error}


class Surroundings:
    """A buffer, a snapshot and samples around the forward pass, cycle by cycle.

    Parameters
    ----------
    bench : Bench
        The bench.
    models : list of LayerModel
        The layers.
    passes : list of Pass
        The samples.
    """

    def __init__(self, bench: Bench, models: list[LayerModel], passes: list[Pass]):
        self.bench, self.passes, self.first = bench, passes, models[0]
        self.alone = bench.ports["activations"]["width"] == 0  # in a universal trainer
        self.begun = self.done = self.stepped = 0

    async def run(self) -> None:
        """Run until all results are taken."""
        bench, passes = self.bench, self.passes
        width = self.first.folded.plan.input_width
        words = iter([word for one in passes for word in one.model.words(one.x, width)])
        last_begin = 0
        self._set_layer(0)
        wait = bench.pause(bench.flow.idle)
        while self.done < len(passes):
            stands = self.begun < len(passes) and (not self.alone or self.stepped == self.begun)
            bench.write("loaded", stands and wait == 0)
            bench.write("hold", bench.flow.idle and bench.random.random() < HOLDING)
            bench.write("preloaded", not (bench.flow.idle and bench.random.random() < YIELDING))
            await bench.edge()

            # What was asked for is there a cycle later, and at no other time.
            asked = bench.bits("preload") and bench.bits("preloaded")
            bench.write("word", next(words, 0) if asked else bench.noise("word"))
            bench.write("snapshot", self._snapshot())

            begins = bench.bits("begin")
            self.done += bench.bits("o__valid") & bench.bits("o__ready")
            if self.alone and bench.bits("step__valid"):
                step = unpack(bench.ports["step__payload"], bench.bits("step__payload"))
                self.stepped += step["last"]
                if step["last"] and self.stepped < len(passes):
                    self._set_layer(self.stepped)
            self.begun += begins
            last_begin = bench.cycle if begins else last_begin
            waited = bench.cycle - last_begin
            assert waited < PATIENCE, (
                f"o: result {self.done}, {self.begun} samples begun: not within {waited} cycles"
            )
            wait = bench.pause(bench.flow.idle) if begins else max(0, wait - 1)
            evaluated = self.begun > self.done
            for name in ("label", "margin"):
                value = getattr(passes[self.begun - 1], name) if evaluated else bench.noise(name)
                bench.write(name, value)
        bench.write("loaded", 0)

    def _set_layer(self, number: int) -> None:
        """Go to the layer of a pass."""
        model = self.passes[number].model
        self.bench.write("shape", model.shape)

    def _snapshot(self) -> int:
        """The row of the snapshot that is asked for in this cycle, or noise."""
        bench, plan = self.bench, self.first.folded.plan
        if not bench.bits("snapshot_enable"):
            return pack(bench.ports["snapshot"], bench.noise("snapshot"))
        row = bench.bits("snapshot_address")
        model = self.passes[min(self.begun, len(self.passes) - 1)].model
        if self.begun and (not self.alone or self.stepped < self.begun):
            model = self.passes[self.begun - 1].model
        banks = [
            sum(word << lane * plan.simd for lane, word in enumerate(model.snapshot_row(bank, row)))
            for bank in range(plan.banks)
        ]
        return pack(bench.ports["snapshot"], banks)


def check_values(
    bench: Bench, passes: list[Pass], seen: dict[str, list[int]], taken: list[int]
) -> None:
    """Compare choices, and the activations of all neurons or of each step."""
    choices = bench.scoreboard("choices__payload")
    for one in passes:
        groups = zip(*one.model.choices(one.x, one.label), strict=True)
        for index, banks in enumerate(groups):
            choices.expect({"index": index, "banks": list(banks)})
    for cycle, valid in enumerate(seen["choices__valid"]):
        if valid:
            value = unpack(choices.layout, seen["choices__payload"][cycle])
            value["banks"] = list(map(known_choice, value["banks"]))
            choices.receive(pack(choices.layout, value), cycle)

    if bench.ports["activations"]["width"]:
        activations = bench.scoreboard("activations")
        for cycle, valid in enumerate(seen["o__valid"]):
            if valid:
                number = sum(other < cycle for other in taken)
                activations.expect(to_bits(passes[number].activations))
                activations.receive(seen["activations"][cycle], cycle)
        return
    steps = bench.scoreboard("step__payload")
    counts = []
    for one in passes:
        select, a = one.model.folded.select, one.activations
        for first in range(0, len(a), select):
            bits = to_bits(a[first : first + select])
            last, alone = first + select == len(a), select < one.model.width
            steps.expect({"activations": bits, "last": last, "one": alone})
            counts.append(select)
    came = [cycle for cycle, valid in enumerate(seen["step__valid"]) if valid]
    assert len(came) == len(counts), f"{len(came)} steps, not {len(counts)}"
    for cycle, count in zip(came, counts, strict=True):
        step = unpack(steps.layout, seen["step__payload"][cycle])
        step["activations"] &= (1 << count) - 1
        steps.receive(pack(steps.layout, step), cycle)


class Due:
    """When everything is due, from what the surroundings did.

    Parameters
    ----------
    bench : Bench
        The bench; its parameters hold the latencies of the pass's parts.
    passes : list of Pass
        The passes.
    seen : dict of str to list of int
        All ports in all cycles.
    """

    def __init__(self, bench: Bench, passes: list[Pass], seen: dict[str, list[int]]):
        self.passes = passes
        self.seen = seen
        self.choice = bench.parameters["choice"]
        self.latencies = [bench.parameters[name] for name in ("array", "scores", "detector")]
        self.latencies[2] += passes[0].model.config.classes
        self.preload: list[int] = []
        self.begin: list[int] = []
        self.reads: dict[int, int] = {}
        self.choices: list[int] = []
        self.valid: list[int] = []

    def follow(self, taken: list[int]) -> None:
        """Follow the passes whose results were taken in these cycles."""
        hold = self.seen["hold"]
        array_end = before_taken = -1
        for number, result_taken in enumerate(taken):
            folded = self.passes[number].model.folded
            # Preload: at once after the array, or a cycle after the sample is there.
            earliest = self.begin[-1] + 1 if number else 0
            loaded = self.seen["loaded"].index(1, earliest)
            cycle = array_end + 1 if number and loaded <= array_end else loaded + 1
            loads = 0
            steps: list[int] = []
            for word in range(folded.words):
                while loads < (word + 1) * folded.word_transfers:
                    if loads < folded.sample_words:
                        self.preload.append(cycle)
                        loads += self.seen["preloaded"][cycle]
                    else:
                        loads += 1
                    cycle += 1

                # Array: in the cycle before, nothing held it, and the result before was gone.
                if word == 0:
                    while hold[cycle - 1] or (number and before_taken >= cycle - 1):
                        cycle += 1
                    self.begin.append(cycle)
                last = word == folded.words - 1
                for evaluated in range(folded.sets):
                    start = cycle + evaluated * (folded.set_cycles if last else 1)
                    row = snapshot_row_of(folded, evaluated * folded.plan.pe, word)
                    self.reads[start] = row
                    first_step = start + 1 + self.latencies[0]
                    if last:
                        steps += range(first_step, first_step + folded.steps)
                cycle += folded.last_word_cycles if last else folded.word_cycles
            array_end = cycle - 1

            steps = steps[: folded.pass_steps]
            ends = steps[folded.group_steps - 1 :: folded.group_steps]
            self.choices += [end + self.choice for end in ends]
            valid = steps[-1] + self.latencies[1] + self.latencies[2]
            self.valid += range(valid, result_taken + 1)
            before_taken = result_taken

    def check(self, choices: list[int]) -> None:
        """Find that it all came when it was due, and at no other time."""
        came = {
            name: [cycle for cycle, value in enumerate(self.seen[name]) if value]
            for name in ("preload", "begin", "snapshot_enable", "o__valid")
        }
        self._compare("begin", self.begin, came["begin"])
        self._compare("preload", self.preload, came["preload"])
        self._compare("snapshot_enable", list(self.reads), came["snapshot_enable"])
        addresses = [self.seen["snapshot_address"][cycle] for cycle in self.reads]
        self._compare("snapshot_address", list(self.reads.values()), addresses)
        self._compare("choices", self.choices, choices)
        self._compare("o", self.valid, came["o__valid"])

    @staticmethod
    def _compare(name: str, due: list[int], came: list[int]) -> None:
        for number, (expected, got) in enumerate(zip(due, came, strict=False)):
            assert got == expected, f"{name}: number {number} is {got}, not {expected}"
        assert len(came) == len(due), f"{name}: {len(came)}, not {len(due)}"
