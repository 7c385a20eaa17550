from .core_export import ExportedCore as ExportedCore, export_verilog as export_verilog
from .description import describe_core as describe_core
from .verilog import (
    Layout as Layout,
    VerilogError as VerilogError,
    component_ports as component_ports,
    describe_ports as describe_ports,
    to_verilog as to_verilog,
)
