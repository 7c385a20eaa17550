from .counter_memory import CounterMemory as CounterMemory
from .counter_port import CounterPort as CounterPort
from .counter_step import CounterStep as CounterStep
from .row_address_generator import RowAddressGenerator as RowAddressGenerator
from .row_command import RowOperation as RowOperation, row_command_layout as row_command_layout
from .saturation_counter import SaturationCounter as SaturationCounter
from .weight_bank import WeightBank as WeightBank
