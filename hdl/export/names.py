"""Names of exported modules: identifiers of Verilog that are no keywords."""

import re

from ...golden_model.errors import ConfigurationError
from .files import SPRAM_CELL

__all__ = ["check_name"]

IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

KEYWORDS = """
accept_on alias always always_comb always_ff always_latch and assert assign assume automatic
before begin bind bins binsof bit break buf bufif0 bufif1 byte case casex casez cell chandle
checker class clocking cmos config const constraint context continue cover covergroup coverpoint
cross deassign default defparam design disable dist do edge else end endcase endchecker endclass
endclocking endconfig endfunction endgenerate endgroup endinterface endmodule endpackage
endprimitive endprogram endproperty endsequence endspecify endtable endtask enum event
eventually expect export extends extern final first_match for force foreach forever fork
forkjoin function generate genvar global highz0 highz1 if iff ifnone ignore_bins illegal_bins
implements implies import incdir include initial inout input inside instance int integer
interconnect interface intersect join join_any join_none large let liblist library local
localparam logic longint macromodule matches medium modport module nand negedge nettype new
nexttime nmos nor noshowcancelled not notif0 notif1 null or output package packed parameter pmos
posedge primitive priority program property protected pull0 pull1 pulldown pullup
pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase randsequence rcmos real realtime
ref reg reject_on release repeat restrict return rnmos rpmos rtran rtranif0 rtranif1 s_always
s_eventually s_nexttime s_until s_until_with scalared sequence shortint shortreal showcancelled
signed small soft solve specify specparam static string strong strong0 strong1 struct super
supply0 supply1 sync_accept_on sync_reject_on table tagged task this throughout time
timeprecision timeunit tran tranif0 tranif1 tri tri0 tri1 triand trior trireg type typedef union
unique unique0 unsigned until until_with untyped use uwire var vectored virtual void wait
wait_order wand weak weak0 weak1 while wildcard wire with within wor xnor xor
"""
"""The keywords of SystemVerilog (IEEE 1800-2012, Annex B), which include those of Verilog."""


def check_name(name: str) -> None:
    """Check the name of an exported module.

    Raises
    ------
    ConfigurationError
        If it is no identifier of Verilog without escapes, a keyword, or the name of a cell.
    """
    if not IDENTIFIER.fullmatch(name):
        raise ConfigurationError(
            "the name of an exported core must be a letter or underscore, and then letters, digits "
            f"and underscores, not {name!r}"
        )
    if name in KEYWORDS.split():
        raise ConfigurationError(f"{name} is a keyword of Verilog; choose another name")
    # Names of files may be the same if they differ only in their case.
    if name.lower() == SPRAM_CELL.lower():
        raise ConfigurationError(f"{name} is the name of a cell; choose another name")
