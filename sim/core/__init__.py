"""Simulated trainer cores: the harness, the simulator's process, the transport."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
