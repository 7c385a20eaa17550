"""The simulation: designs built with Verilator, benches, training in RTL."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
