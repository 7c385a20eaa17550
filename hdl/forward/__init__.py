"""The forward pass in gateware: neuron array, local scores, error detector, group selector."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
