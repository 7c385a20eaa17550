"""Record ports in every cycle, to check the cycles that docstrings state."""

from metaplast.sim.bench import Bench

__all__ = ["watch"]


def watch(bench: Bench, *names: str) -> dict[str, list[int]]:
    """Bits of ports in all cycles from 0, by name; the lists grow during the simulation.

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
