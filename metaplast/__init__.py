"""Metaplast: train binary neural networks in FPGA gateware, equal to a NumPy model bit by bit.

- :mod:`metaplast.golden_model`: the training algorithm in NumPy, data sets, model files
- :mod:`metaplast.hdl`: the trainer core in Amaranth, its planner, its export to Verilog
- :mod:`metaplast.sim`: training in simulated RTL, virtual boards
- :mod:`metaplast.boards`: bitstreams, and the driver that trains a board
- :mod:`metaplast.cli`: the ``metaplast`` command

The names below are imported when they are first used, so each needs only the packages that it uses.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
