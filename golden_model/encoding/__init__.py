"""Encoders: from raw samples to bits (docs/algorithm.md, 7).

:func:`fit_encoder` fits an :class:`Encoder` to training samples, of the kind that an
:class:`EncodingChoice` names: bits, thermometer (shared or per feature), image planes.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
