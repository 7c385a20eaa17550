"""Identify a board: its network, its link, the hash of its folding."""

from dataclasses import dataclass

from ...golden_model.config import NetworkConfig
from ...hdl.link.protocol import VERSION, design_digest
from ...hdl.planning.plan import FoldedNetwork, NetworkPlan
from ...hdl.registers.register_map import (
    IDENTITY,
    GlobalRegister,
    LayerRegister,
    LinkRegister,
    layer_address,
    link_address,
)
from .errors import LinkError
from .link_client import LinkClient

__all__ = ["BoardShape", "WrongBoardError", "identify"]


class WrongBoardError(LinkError):
    """A board has other gateware, or another network, than expected."""


@dataclass(frozen=True, kw_only=True)
class BoardShape:
    """Shape of a board's network, from its registers.

    Attributes
    ----------
    inputs, classes, counter_bits : int
        Inputs, classes and bits of a hidden weight.
    hidden, groups : tuple of int
        Neurons and group sizes of the layers.
    input_width : int
        Bits of a word of a sample on the link.
    clock_khz : int
        Clock of the board; 0 if it is not known.
    digest : int
        :func:`metaplast.hdl.link.protocol.design_digest` of the folded network.
    """

    inputs: int
    hidden: tuple[int, ...]
    groups: tuple[int, ...]
    classes: int
    counter_bits: int
    input_width: int
    clock_khz: int
    digest: int

    def __str__(self) -> str:
        shape = "–".join(map(str, (self.inputs, *self.hidden, self.classes)))
        groups = ", ".join(map(str, self.groups))
        return f"{shape}, groups of {groups}, {self.counter_bits}-bit counters"

    @property
    def options(self) -> str:
        """The network as options of `metaplast build`."""
        hidden, groups = (",".join(map(str, sizes)) for sizes in (self.hidden, self.groups))
        return (
            f"--inputs {self.inputs} --hidden {hidden} --groups {groups} --classes {self.classes} "
            f"--counter-bits {self.counter_bits}"
        )

    def check(self, config: NetworkConfig, plan: NetworkPlan | None = None) -> None:
        """Check that the board has a network.

        Parameters
        ----------
        config : NetworkConfig
            The expected network.
        plan : NetworkPlan, optional
            Its fold factors, if they are to be checked too.

        Raises
        ------
        WrongBoardError
            If the board has another network, or other fold factors.
        """
        expected = BoardShape(
            inputs=config.inputs,
            hidden=config.hidden,
            groups=config.groups,
            classes=config.classes,
            counter_bits=config.counter_bits,
            input_width=self.input_width,
            clock_khz=self.clock_khz,
            digest=self.digest,
        )
        if expected != self:
            raise WrongBoardError(
                f"the board has the network {self}, not {expected}: build and flash that network "
                f"(`metaplast build BOARD {expected.options}`), or train the network of the board"
            )
        if plan is not None and design_digest(FoldedNetwork(config, plan)) != self.digest:
            raise WrongBoardError(
                f"the board's network {self} has other fold factors than the plan: build and "
                "flash the plan (`metaplast build --plan`)"
            )


def identify(client: LinkClient) -> BoardShape:
    """Read the shape of a board's network from its registers.

    Raises
    ------
    WrongBoardError
        If the board has no trainer core, or one of another version.
    LinkError
        If no board answers.
    """
    version = client.read(link_address(LinkRegister.VERSION))
    if version != VERSION:
        raise WrongBoardError(
            f"the board at {client.name} has version {version} of the link, and this release has "
            f"version {VERSION}: flash a bitstream of this release"
        )
    identity = client.read(GlobalRegister.IDENTITY)
    if identity != IDENTITY:
        raise WrongBoardError(
            f"the board at {client.name} has the identity {identity:#010x}, and not "
            f"{IDENTITY:#010x}: flash a bitstream of this release"
        )
    layers = range(client.read(GlobalRegister.LAYERS))

    def of_layers(register: LayerRegister) -> tuple[int, ...]:
        return tuple(client.read(layer_address(layer, register)) for layer in layers)

    shape = BoardShape(
        inputs=client.read(layer_address(0, LayerRegister.INPUTS)),
        hidden=of_layers(LayerRegister.NEURONS),
        groups=of_layers(LayerRegister.GROUP),
        classes=client.read(GlobalRegister.CLASSES),
        counter_bits=client.read(GlobalRegister.COUNTER_BITS),
        input_width=client.read(link_address(LinkRegister.INPUT_WIDTH)),
        clock_khz=client.read(link_address(LinkRegister.CLOCK)),
        digest=client.read(link_address(LinkRegister.DIGEST)),
    )
    client.describe(layers=len(layers), counter_bits=shape.counter_bits)
    return shape
