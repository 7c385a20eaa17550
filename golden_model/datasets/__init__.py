"""Data sets: built-in ones, a user's own files (.npz, .csv, IDX), and recorded training runs.

Every name is imported at its first use.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
