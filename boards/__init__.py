"""Boards that learn: bitstreams for them, and the host's driver."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
