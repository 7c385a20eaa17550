"""Warnings of Verilator that the exported Verilog raises, and why each is harmless."""

__all__ = ["WAIVERS", "waivers"]

WAIVERS = {
    "ASCRANGE": "one-bit vectors are written [0:0]",
    "CASEINCOMPLETE": "a case sets what it changes; defaults are assigned before it",
    "CMPCONST": "a bound of a configuration may be the bound of its type",
    "DECLFILENAME": "one file holds the core's modules",
    "PROCASSINIT": "registers have their value after power-up and after reset",
    "UNSIGNED": "a bound of a configuration may be zero",
    "UNUSEDSIGNAL": "what a configuration makes constant or does not need stays named",
    "WIDTHEXPAND": "operands are extended as Verilog's rules have it",
    "WIDTHTRUNC": "sums are cut to the width of what they are assigned to",
}
"""Verilator's warnings that the Verilog raises, and why each is harmless."""


def waivers(module: str) -> str:
    """A configuration file for Verilator that turns these warnings off, for a module's file."""
    lines = ["`verilator_config", ""]
    for rule, reason in WAIVERS.items():
        lines += [
            f"// {reason[0].upper()}{reason[1:]}.",
            f'lint_off -rule {rule} -file "*{module}.v"',
        ]
    return "\n".join(lines) + "\n"
