from .bits import BitEncoder as BitEncoder
from .choice import (
    EDGES as EDGES,
    PLANES as PLANES,
    POOLED_EDGES as POOLED_EDGES,
    EncodingChoice as EncodingChoice,
    encoding_choice as encoding_choice,
    parse_encoding as parse_encoding,
    parse_image_shape as parse_image_shape,
)
from .encoder import Encoder as Encoder
from .fit import fit_encoder as fit_encoder
from .image_planes import ImagePlaneEncoder as ImagePlaneEncoder
from .planes import bit_planes as bit_planes, plane_names as plane_names
from .reference import ReferenceEncoder as ReferenceEncoder
from .thermometer import (
    FeatureThermometerEncoder as FeatureThermometerEncoder,
    ThermometerEncoder as ThermometerEncoder,
)
