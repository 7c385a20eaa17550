from .core_export import ExportedCore as ExportedCore
from .core_export import export_verilog as export_verilog
from .description import describe_core as describe_core
from .verilog import (
    Layout as Layout,
)
from .verilog import (
    VerilogError as VerilogError,
)
from .verilog import (
    component_ports as component_ports,
)
from .verilog import (
    describe_ports as describe_ports,
)
from .verilog import (
    to_verilog as to_verilog,
)
