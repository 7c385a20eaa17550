"""Benches with errors."""

from metaplast.sim.bench import Bench, bench


@bench
async def expects_nothing(bench: Bench) -> None:
    """It drives the design and checks nothing."""
    await bench.driver("i").send([0])


@bench
async def counts_wrong(bench: Bench) -> None:
    """The numbers of sent and received items differ."""
    bench.check_latency([1, 2], [2], 1)


@bench
async def writes_too_much(bench: Bench) -> None:
    """A value does not fit its port."""
    bench.write("i__payload", {"value": 32, "tags": [0, 0]})


@bench
async def looks_inside(bench: Bench) -> None:
    """It accesses a signal of the design that is public."""
    monitor = bench.monitor("o")
    monitor.expect(0)
    await bench.driver("i").send([0])
    await bench.edges(2)
    assert int(bench.dut.count.value) == 1


@bench
async def waits_for_an_item(bench: Bench) -> None:
    """Nothing is sent, so nothing comes."""
    await bench.wait_for("o: item 0", lambda: bench.bits("o__valid"), limit=1000)


@bench
async def is_never_done(bench: Bench) -> None:
    """Likewise, with a limit of the whole case that is reached before that of the wait."""
    bench.start(bench.watch_limit(1000))
    await bench.wait_for("o: item 0", lambda: bench.bits("o__valid"))


@bench
async def runs_for_ever(bench: Bench) -> None:
    """A loop without a wait for an event."""
    bench.start(bench.watch_limit(1000))
    while True:
        await bench.edge()
