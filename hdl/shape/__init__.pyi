from .layer_shape import (
    ShapeDecoder as ShapeDecoder,
    fixed_shape as fixed_shape,
    layer_shape_layout as layer_shape_layout,
    layer_sizes_layout as layer_sizes_layout,
    shape_port as shape_port,
)
