from .ecp5 import ECP5PLL as ECP5PLL
from .gowin import GowinPLL as GowinPLL
from .ice40 import Ice40PLL as Ice40PLL
from .pll import PLL as PLL
