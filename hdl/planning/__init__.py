"""Folding of a network onto an FPGA: fold factors, cycle model, resource estimates, planner."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
