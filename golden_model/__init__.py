"""The golden model: the training algorithm of docs/algorithm.md in NumPy, bit for bit.

Networks and their training, random streams, encoders, data sets, model files, baselines, and a
scikit-learn estimator. Gateware is compared with this model. Every name is imported at its first
use, so ``import metaplast.golden_model`` alone loads no other library.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

# BMLPClassifier needs scikit-learn, so `import *` leaves it out.
__all__ = [name for name in __all__ if name != "BMLPClassifier"]
