"""Ports watched in every cycle, for components whose docstrings say what happens when."""

from metaplast.sim.bench import Bench

__all__ = ["watch"]


def watch(bench: Bench, *names: str) -> dict[str, list[int]]:
    """The bits of ports in all cycles from number 0 on, by name; the lists grow as time passes.

    Parameters
    ----------
    bench : Bench
        The bench, before its first cycle.
    names : str
        The ports.
    """
    seen: dict[str, list[int]] = {name: [] for name in names}

    async def run() -> None:
        while True:
            await bench.edge()
            for name, values in seen.items():
                values.append(bench.bits(name))

    bench.start(run())
    return seen
