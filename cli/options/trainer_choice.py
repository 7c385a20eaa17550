"""A universal trainer from the options of a command: a plan file, an FPGA, or capacities."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from .folding import load_trainer, parse_factors
from .options import whole_number

if TYPE_CHECKING:
    from ...hdl.planning.universal import UniversalTrainer

__all__ = ["chosen_trainer"]

CAPACITIES = ("layers", "inputs", "neurons", "classes")

FACTORS = {"simd": 64, "update_width": 8, "input_width": 8, "sample_buffers": 4}
"""Fold factors of a trainer of moderate size, for no FPGA."""


def chosen_trainer(
    capacity: Sequence[str] | None,
    factors: Sequence[str] | None,
    file: Path | None,
    fpga: str | None,
    counter_bits: int | None,
) -> "UniversalTrainer":
    """The universal trainer of a plan file, for an FPGA, or with given capacities.

    Raises
    ------
    MetaplastError
        If the file holds no universal trainer, nothing fits the FPGA, or a fold factor breaks a
        rule.
    typer.BadParameter
        If options contradict each other, or a capacity is not known.
    """
    from ...hdl.planning.fpgas import find_fpga
    from ...hdl.planning.plan import LayerPlan
    from ...hdl.planning.universal import Capacity, UniversalTrainer

    given = parse_capacities(capacity)
    if file is not None or fpga is not None:
        option = "--plan" if file is not None else "--fpga"
        if given or factors:
            raise typer.BadParameter(
                "decides capacities and fold factors; leave out --capacity and --set",
                param_hint=option,
            )
    if file is not None:
        return load_trainer(file)
    if fpga is not None:
        from ...hdl.planning.universal_planner import plan_universal

        return plan_universal(find_fpga(fpga), counter_bits=counter_bits or 8)
    (overrides,) = parse_factors(list(factors or ()), 1, None) or [{}]
    plan = LayerPlan.from_dict({**FACTORS, **overrides})
    if counter_bits is not None:
        given["counter_bits"] = counter_bits
    return UniversalTrainer(Capacity.for_networks(plan, **given), plan)


def parse_capacities(texts: Sequence[str] | None) -> dict[str, int]:
    """Capacities by name, from texts such as ``inputs=784``.

    Raises
    ------
    typer.BadParameter
        If a text is no ``NAME=N`` with a known name and a positive whole number.
    """
    capacities: dict[str, int] = {}
    for text in texts or ():
        name, _, value = text.partition("=")
        if name not in CAPACITIES:
            raise typer.BadParameter(
                f"{text!r} is no NAME=N with one of {', '.join(CAPACITIES)}",
                param_hint="--capacity",
            )
        try:
            capacities[name] = whole_number(value)
        except typer.BadParameter as error:
            raise typer.BadParameter(f"{name} {error.message}", param_hint="--capacity") from None
    return capacities
