from .constant_divider import ConstantDivider as ConstantDivider
from .popcount import XnorPopcount as XnorPopcount
from .random_stream import RandomStreamGenerator as RandomStreamGenerator
from .simple_dual_port_ram import SimpleDualPortRAM as SimpleDualPortRAM
from .vector_adder import VectorAdder as VectorAdder
