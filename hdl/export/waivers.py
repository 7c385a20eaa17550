"""Verilator configuration that turns off harmless warnings of the exported Verilog."""

__all__ = ["WAIVERS", "waivers"]

WAIVERS = {
    "ASCRANGE": "one-bit vectors are written [0:0]",
    "CASEINCOMPLETE": "defaults are assigned before each case",
    "CMPCONST": "a bound of a configuration may be the bound of its type",
    "DECLFILENAME": "one file holds the core's modules",
    "INITIALDLY": "processes begin at the end of time 0",
    "PROCASSINIT": "registers have their value after power-up and after reset",
    "UNSIGNED": "a bound of a configuration may be zero",
    "UNUSEDSIGNAL": "signals that a configuration does not use are kept",
    "WIDTHEXPAND": "operands are extended by the rules of Verilog",
    "WIDTHTRUNC": "sums are truncated to the width of their target",
}
"""Verilator's warnings that the Verilog raises, and why each is harmless."""


def waivers(module: str) -> str:
    """The configuration file for Verilator that turns off these warnings in a module's file."""
    lines = ["`verilator_config", ""]
    for rule, reason in WAIVERS.items():
        lines += [
            f"// {reason[0].upper()}{reason[1:]}.",
            f'lint_off -rule {rule} -file "*{module}.v"',
        ]
    return "\n".join(lines) + "\n"
