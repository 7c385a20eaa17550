"""Bench of the update engine: rows, inputs and requests, cycle by cycle as its plan has them."""

from itertools import chain
from typing import Any

from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.sim.bench import Bench, stream_bench

from ...folded_layers import FOLDED_LAYERS

SAMPLES = 40

Choices = list[list[dict[str, Any]]]  # of each group of a bank, those of all banks


def plan_sample(folded: FoldedLayer, choices: Choices, words: list[int]) -> list[dict[str, Any]]:
    """What happens in each cycle of a sample; ``inputs`` belong to the cycle after."""
    plan = folded.plan
    cycles: list[dict[str, Any]] = [{"group": 0}]
    for group, banks in enumerate(choices):
        found = [choice["found"] for choice in banks]
        chosen = sum(bit << n for n, bit in enumerate(found))
        cycles.append({"found": sum(found), "chosen": chosen})
        if any(found):
            first = [group * folded.config.group + choice["offset"] for choice in banks]
            cycles[-1]["neurons"] = first
        for cycle in range(folded.rows * folded.row_cycles if any(found) else 0):
            row, phase = divmod(cycle, folded.row_cycles)
            if phase:
                cycles.append({})
                continue
            word, part = divmod(row, folded.transfer_rows)
            mask = (1 << plan.update_width) - 1
            cycles.append(
                {
                    "update": sum(bit << n for n, bit in enumerate(found)),
                    "rows": [neuron * folded.rows + row for neuron in first],
                    "desired": [choice["desired"] for choice in banks],
                    "fetch_first": row == 0,
                    "fetch": part == 0,
                    "word": words[word],
                    "inputs": words[word] >> part * plan.update_width & mask,
                }
            )
        if group + 1 < folded.bank_groups:
            cycles[-1]["group"] = group + 1
    cycles[-1]["done"] = 1
    return cycles


@stream_bench
async def updates(bench: Bench) -> None:
    """Each cycle is as planned, from a sample's first to its last, and between samples."""
    folded = FOLDED_LAYERS[bench.parameters["layer"]]
    always = ("update", "found", "chosen", "done", "fetch_first", "fetch")
    boards = {name: bench.scoreboard(name) for name in (*always, "group", "inputs")}
    boards["rows"] = bench.scoreboard("rows", bench.ports["rows"]["element"])
    boards["neurons"] = bench.scoreboard("neurons", bench.ports["neurons"]["element"])
    boards["desired"] = bench.scoreboard("desired", {"width": 1, "signed": False})
    asked: Any = None  # the choices that were asked for in the cycle before
    read: int | None = None  # the sample's word that was
    inputs: int | None = None  # what they are in this cycle

    def check(name: str, expected: int, got: int) -> None:
        boards[name].expect(expected)
        boards[name].receive(got, bench.cycle)

    async def cycle(plan: dict[str, Any], choices: Choices, *, start: bool) -> None:
        nonlocal asked, read, inputs
        bench.write("start", start)
        bench.write("choices", bench.noise("choices") if asked is None else asked)
        bench.write("word", bench.noise("word") if read is None else read)
        await bench.edge()

        for name in always:
            check(name, plan.get(name, 0), bench.bits(name))
        rows, desired = bench.read("rows"), bench.bits("desired")
        for bank, neuron in enumerate(bench.read("neurons")):
            if plan.get("chosen", 0) >> bank & 1:
                check("neurons", plan["neurons"][bank], neuron)
        for bank in range(folded.plan.banks):
            if plan.get("update", 0) >> bank & 1:
                check("rows", plan["rows"][bank], rows[bank])
                check("desired", plan["desired"][bank], desired >> bank & 1)
        if inputs is not None:
            check("inputs", inputs, bench.bits("inputs"))
        asked = None
        if "group" in plan:
            check("group", plan["group"], bench.bits("group"))
            asked = choices[plan["group"]]
        read = plan["word"] if plan.get("fetch") else None
        inputs = plan.get("inputs")

    share = 1.0
    for sample in range(SAMPLES):
        choices = [
            [
                {**choice, "found": bench.random.random() < share}
                for choice in bench.noise("choices")
            ]
            for _ in range(folded.bank_groups)
        ]
        for choice in chain.from_iterable(choices):
            choice["offset"] %= folded.config.group
        share = (1.0, 0.0, 0.2, 0.5)[sample % 4]
        words = [
            bench.random.getrandbits(folded.plan.input_width) for _ in range(folded.sample_words)
        ]
        planned = plan_sample(folded, choices, words)

        rounds = sum(any(choice["found"] for choice in banks) for banks in choices)
        count = 1 + folded.bank_groups + rounds * folded.rows * folded.row_cycles
        assert len(planned) == count, "the plan is not as long as is promised"
        for plan in planned:
            await cycle(plan, choices, start=True)
        for _ in range(bench.pause(bench.flow.idle)):
            await cycle({}, choices, start=False)
    await cycle({}, [], start=False)
