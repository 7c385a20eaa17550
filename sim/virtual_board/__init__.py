"""Virtual boards: the gateware of a board in a simulator, behind a pseudo-terminal."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
