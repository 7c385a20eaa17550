"""Bench of a bank in the forward pass: steps, choices and activations against the literal layer."""

from metaplast.sim.bench import Bench, stream_bench
from metaplast.sim.verilator.layout import pack, unpack

from ...benches.layer_model import LayerModel, known_choice, to_bits
from ...benches.watch import watch

PASSES = 30


@stream_bench
async def passes(bench: Bench) -> None:
    """Pass after pass, the next one from the cycle after the last step on."""
    model = LayerModel(bench)
    folded, config, select = model.folded, model.config, model.folded.select
    bank, latency = folded.plan.banks - 1, bench.parameters["latency"]
    seen = watch(bench, "choice__valid", "choice__payload", "activations")
    array, column, monitor = bench.driver("array"), bench.driver("column"), bench.monitor("step")
    choices, activations = bench.scoreboard("choice__payload"), bench.scoreboard("activations")

    own = [dict(column) for column in model.columns() if column["bank"] == bank]
    for item in own:
        del item["bank"]
    await column.send(own)

    due: list[int] = []
    passes: list[tuple[int, int, list[int]]] = []
    for _ in range(PASSES):
        for _ in range(bench.pause(bench.flow.idle)):
            bench.write("label", bench.noise("label"))
            await bench.edge()
        x, y = model.sample(), bench.random.randrange(config.classes)
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
                row = model.snapshot_row(bank, number * folded.words + n)
                (cycle,) = await array.send(
                    [{"x": x_word, "w": row, "first": n == 0, "last": last}]
                )
                if last:
                    steps += range(cycle + latency, cycle + latency + folded.steps)
            if not last:
                await bench.edges(max(0, 3 - folded.sets))
        steps = steps[: folded.pass_steps]
        await bench.edges(steps[-1] - bench.cycle)

        _, a, _ = model.literal.forward(x)
        a = a[bank * folded.bank_neurons : (bank + 1) * folded.bank_neurons]
        for step in range(folded.pass_steps):
            leaving = range(step * select, (step + 1) * select)
            monitor.expect(
                {
                    "activations": to_bits([a[m] for m in leaving]),
                    "columns": [model.column(bank * folded.bank_neurons + m) for m in leaving],
                    "last": step == folded.pass_steps - 1,
                }
            )
        choices.expect(*model.choices(x, y)[bank])
        due += steps
        passes.append((steps[0], steps[-1], a))
    await bench.edges(folded.steps + 10)

    bench.check_latency(due, monitor.cycles, 0)
    came = [cycle for cycle, valid in enumerate(seen["choice__valid"]) if valid]
    for cycle in came:
        choice = known_choice(unpack(choices.layout, seen["choice__payload"][cycle]))
        choices.receive(pack(choices.layout, choice), cycle)
    ends = due[folded.group_steps - 1 :: folded.group_steps]
    bench.check_latency(ends, came, bench.parameters["choice"])
    ends = [first for first, _, _ in passes[1:]] + [bench.cycle - 1]
    for (_, last, a), end in zip(passes, ends, strict=True):
        for cycle in range(last + 1, end + 1):
            activations.expect(to_bits(a))
            activations.receive(seen["activations"][cycle], cycle)
