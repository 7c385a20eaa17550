"""Gateware in Amaranth: the trainer core, its components, and the tools around them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
