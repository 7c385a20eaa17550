"""Bench of the forward pass: a buffer, a snapshot and samples around it, and every cycle checked.

The values are the literal layer's. When each thing happens is what the component's docstring says;
in the flows that idle, samples come late, the buffer's reader must yield, and passes are held.
"""

from metaplast.sim.bench import Bench, stream_bench
from metaplast.sim.verilator.layout import pack, unpack

from ...benches.layer_model import LayerModel, known_choice, to_bits
from ...benches.watch import watch

SAMPLES = 25
YIELDING = 0.3
HOLDING = 0.3
PATIENCE = 500


@stream_bench
async def samples(bench: Bench) -> None:
    """Sample after sample, as dense as they come."""
    model = LayerModel(bench)
    folded, config = model.folded, model.config
    seen = watch(bench, *(name for name in bench.ports if not name.startswith("column")))
    column, monitor = bench.driver("column"), bench.monitor("o")
    choices, activations = bench.scoreboard("choices__payload"), bench.scoreboard("activations")
    await column.send(model.columns())

    margin = bench.random.choice((0, config.neurons // 3, config.neurons))
    bench.write("margin", margin)
    labelled = [(model.sample(), bench.random.randrange(config.classes)) for _ in range(SAMPLES)]
    outcomes = [model.literal.forward(x) for x, _ in labelled]
    for (x, y), (_, _, s) in zip(labelled, outcomes, strict=True):
        first, second = sorted(s, reverse=True)[:2]
        prediction = s.index(first)
        error = prediction != y or 2 * (first - second) < margin
        monitor.expect({"prediction": prediction, "error": error})
        for index, banks in enumerate(zip(*model.choices(x, y), strict=True)):
            choices.expect({"index": index, "banks": list(banks)})

    # The surroundings, cycle by cycle
    words = iter([word for x, _ in labelled for word in model.words(x, folded.plan.input_width)])
    begun = done = last_begin = 0
    wait = bench.pause(bench.flow.idle)
    while done < SAMPLES:
        bench.write("loaded", begun < SAMPLES and wait == 0)
        bench.write("hold", bench.flow.idle and bench.random.random() < HOLDING)
        bench.write("preloaded", not (bench.flow.idle and bench.random.random() < YIELDING))
        await bench.edge()

        # What was asked for is there a cycle later, and at no other time.
        asked = bench.bits("preload") and bench.bits("preloaded")
        bench.write("word", next(words, 0) if asked else bench.noise("word"))
        rows = bench.noise("snapshot")
        if bench.bits("snapshot_enable"):
            row, width = bench.bits("snapshot_address"), folded.plan.simd
            rows = [
                sum(word << lane * width for lane, word in enumerate(model.snapshot_row(bank, row)))
                for bank in range(folded.plan.banks)
            ]
        bench.write("snapshot", rows)

        begins = bench.bits("begin")
        done += bench.bits("o__valid") & bench.bits("o__ready")
        begun += begins
        last_begin = bench.cycle if begins else last_begin
        waited = bench.cycle - last_begin
        assert waited < PATIENCE, (
            f"o: result {done}, {begun} samples begun: not within {waited} cycles"
        )
        wait = bench.pause(bench.flow.idle) if begins else max(0, wait - 1)
        bench.write("label", labelled[begun - 1][1] if begun > done else bench.noise("label"))
    bench.write("loaded", 0)
    await bench.edges(folded.steps + 10)

    # Values
    came = [cycle for cycle, valid in enumerate(seen["choices__valid"]) if valid]
    for cycle in came:
        value = unpack(choices.layout, seen["choices__payload"][cycle])
        value["banks"] = list(map(known_choice, value["banks"]))
        choices.receive(pack(choices.layout, value), cycle)
    for cycle, valid in enumerate(seen["o__valid"]):
        if valid:
            number = sum(taken < cycle for taken in monitor.cycles)
            activations.expect(to_bits(outcomes[number][1]))
            activations.receive(seen["activations"][cycle], cycle)

    # Cycles
    due = Due(bench, model, seen)
    due.follow(monitor.cycles)
    due.check(came)


class Due:
    """When everything is due, from what the surroundings did.

    Parameters
    ----------
    bench : Bench
        The bench; its parameters hold the latencies of the pass's parts.
    model : LayerModel
        The layer.
    seen : dict of str to list of int
        All ports in all cycles.
    """

    def __init__(self, bench: Bench, model: LayerModel, seen: dict[str, list[int]]):
        self.folded = model.folded
        self.seen = seen
        self.choice = bench.parameters["choice"]
        self.latencies = [bench.parameters[name] for name in ("array", "scores", "detector")]
        self.preload: list[int] = []
        self.begin: list[int] = []
        self.reads: dict[int, int] = {}
        self.choices: list[int] = []
        self.valid: list[int] = []

    def follow(self, taken: list[int]) -> None:
        """Follow the passes whose results were taken in these cycles."""
        folded, hold = self.folded, self.seen["hold"]
        array_end = before_taken = -1
        for number, result_taken in enumerate(taken):
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
                    start = cycle + evaluated * (folded.steps if last else 1)
                    self.reads[start] = evaluated * folded.words + word
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
