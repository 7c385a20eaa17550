"""FPGA boards: targets, bitstreams, and the host's driver for training on a board."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
