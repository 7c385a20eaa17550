"""The host's view of a trainer core: a network behind registers and sample streams."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
