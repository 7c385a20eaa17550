"""Files on disk: model files, data images, untrusted NumPy archives, atomic writing.

Every name is imported at its first use.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
