"""Set up a network on a universal trainer, through its registers."""

from ..planning.universal import PlacedNetwork
from ..registers.register_map import UniversalLayerRegister, UniversalRegister, layer_address
from .transport import Access

__all__ = ["set_up"]


def set_up(placed: PlacedNetwork) -> list[Access]:
    """Writes of registers that set up a network; a reset must follow.

    Parameters
    ----------
    placed : PlacedNetwork
        The network on the universal trainer.
    """
    config = placed.config
    writes: list[Access] = [
        (UniversalRegister.LAYERS, len(config.layers)),
        (UniversalRegister.CLASSES, config.classes),
        (UniversalRegister.BUFFERS, placed.sample_buffers),
        (UniversalRegister.STRIDE, placed.sample_stride),
    ]
    for layer in placed.layers:
        values = {
            UniversalLayerRegister.INPUTS: layer.config.inputs,
            UniversalLayerRegister.NEURONS: layer.config.neurons,
            UniversalLayerRegister.GROUP: layer.config.group,
            UniversalLayerRegister.BASE: layer.base,
            UniversalLayerRegister.COLUMN: layer.column,
        }
        writes += [
            (layer_address(layer.config.index, register), value)
            for register, value in values.items()
        ]
    return writes
