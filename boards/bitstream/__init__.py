"""Bitstreams: the build, the parsers of tool reports, the HTML report, the flash loader."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
