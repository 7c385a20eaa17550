"""Host interface of a trainer core: register accesses, sample streams, records of training."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
