"""The shape of a layer as signals: constants of a fixed layer, or registers of a universal one."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
