"""The host link: frames of bytes between a host and a trainer core."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
