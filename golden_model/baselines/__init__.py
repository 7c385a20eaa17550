"""Baselines for `metaplast compare`: committee machine, straight-through network, gate counts.

Every name is imported at its first use; only StraightThroughNetwork needs PyTorch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

# StraightThroughNetwork needs PyTorch, so `import *` leaves it out.
__all__ = [name for name in __all__ if name != "StraightThroughNetwork"]
