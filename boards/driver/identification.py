"""Identify a board: its network or capacity, its link, the hash of its folding."""

from dataclasses import dataclass, replace

from ...golden_model.config import NetworkConfig
from ...golden_model.errors import ConfigurationError
from ...hdl.client.transport import RefusedError
from ...hdl.link.protocol import VERSION, design_digest
from ...hdl.planning.plan import FoldedNetwork, LayerPlan, MemoryKind, NetworkPlan
from ...hdl.planning.universal import Capacity, PlacedNetwork, UniversalTrainer
from ...hdl.registers.register_map import (
    IDENTITY,
    GlobalRegister,
    LayerRegister,
    LinkRegister,
    Status,
    UniversalRegister,
    layer_address,
    link_address,
)
from .capacity import capacity_text
from .errors import LinkError
from .link_client import LinkClient

__all__ = ["BoardShape", "WrongBoardError", "identify"]


class WrongBoardError(LinkError):
    """A board has other gateware, or another network, than expected."""


@dataclass(frozen=True, kw_only=True)
class BoardShape:
    """Shape of a board's network, from its registers; and the trainer, if it is universal.

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
        :func:`metaplast.hdl.link.protocol.design_digest` of the folded network or the trainer.
    trainer : UniversalTrainer or None
        The universal trainer, on which another network can be set up; None if the board has one
        network. Its plan has the fold factors that place a network, the others are 1.
    is_set_up : bool
        Whether there is a network; a universal trainer has none after power-up, and its sizes of
        layers are then arbitrary.
    """

    inputs: int
    hidden: tuple[int, ...]
    groups: tuple[int, ...]
    classes: int
    counter_bits: int
    input_width: int
    clock_khz: int
    digest: int
    trainer: UniversalTrainer | None = None
    is_set_up: bool = True

    def __str__(self) -> str:
        counters = f"{self.counter_bits}-bit counters"
        if self.trainer is not None:
            network = self.network if self.is_set_up else "no network"
            return f"universal trainer, {counters}: {capacity_text(self.trainer)}; now {network}"
        return f"{self.network}, {counters}"

    @property
    def network(self) -> str:
        """The network in words: sizes and groups."""
        shape = "–".join(map(str, (self.inputs, *self.hidden, self.classes)))
        return f"{shape}, groups of {', '.join(map(str, self.groups))}"

    @property
    def options(self) -> str:
        """The network as options of `metaplast build`."""
        hidden, groups = (",".join(map(str, sizes)) for sizes in (self.hidden, self.groups))
        return (
            f"--inputs {self.inputs} --hidden {hidden} --groups {groups} --classes {self.classes} "
            f"--counter-bits {self.counter_bits}"
        )

    def place(
        self, config: NetworkConfig, plan: NetworkPlan | UniversalTrainer | None = None
    ) -> PlacedNetwork | None:
        """Place a network on a universal trainer, or check that the board has the network.

        Parameters
        ----------
        config : NetworkConfig
            The expected network.
        plan : NetworkPlan or UniversalTrainer, optional
            Its fold factors, or the universal trainer, if they are to be checked too.

        Returns
        -------
        PlacedNetwork or None
            The network to set up; None if the board has the network.

        Raises
        ------
        ConfigurationError
            If the network is larger than a universal trainer; the message names the limit.
        WrongBoardError
            If the board has another network or trainer, or other fold factors.
        """
        if isinstance(plan, UniversalTrainer):
            self._check_trainer(plan)
        if self.trainer is None:
            self.check(config, plan if isinstance(plan, NetworkPlan) else None)
            return None
        if isinstance(plan, NetworkPlan):
            raise WrongBoardError(
                "the board has a universal trainer, and not the fold factors of the plan: leave "
                "out the plan, or build and flash it (`metaplast build --fixed --plan`)"
            )
        return self.trainer.place(config)

    def _check_trainer(self, trainer: UniversalTrainer) -> None:
        """Check that the board has a universal trainer."""
        if design_digest(trainer) != self.digest:
            raise WrongBoardError(
                f"the plan is not that of the board, which has a {self}: build and flash "
                "the plan (`metaplast build BOARD --plan FILE`), or leave out the plan"
            )

    def check(self, config: NetworkConfig, plan: NetworkPlan | None = None) -> None:
        """Check that a board with one network has the expected one.

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
                f"(`metaplast build BOARD --fixed {expected.options}`) or the board's universal "
                "trainer (`metaplast build BOARD`), or train the network of the board"
            )
        if plan is not None and design_digest(FoldedNetwork(config, plan)) != self.digest:
            raise WrongBoardError(
                f"the board's network {self} has other fold factors than the plan: build and "
                "flash the plan (`metaplast build --fixed --plan`)"
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
    trainer = _read_trainer(client)
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
        trainer=trainer,
    )
    if trainer is not None:
        shape = replace(shape, is_set_up=_is_set_up(client, shape, trainer))
    results = len(layers) if trainer is None else trainer.capacity.layers
    client.describe(layers=results, counter_bits=shape.counter_bits)
    return shape


def _is_set_up(client: LinkClient, shape: BoardShape, trainer: UniversalTrainer) -> bool:
    """Whether a universal trainer's sizes of layers and of the ring of samples belong together."""
    try:
        config = NetworkConfig(
            inputs=shape.inputs,
            hidden=shape.hidden,
            groups=shape.groups,
            classes=shape.classes,
            counter_bits=shape.counter_bits,
        )
        placed = trainer.place(config)
    except ConfigurationError:
        return False
    ring = client.read(UniversalRegister.BUFFERS), client.read(UniversalRegister.STRIDE)
    return ring == (placed.sample_buffers, placed.sample_stride)


def _read_trainer(client: LinkClient) -> UniversalTrainer | None:
    """Read capacity and fold factors of a universal trainer; None if the core has one network."""
    read = client.read
    try:
        layers = read(UniversalRegister.MAX_LAYERS)
    except RefusedError as error:
        if error.status is Status.UNKNOWN:
            return None
        raise
    capacity = Capacity(
        layers=layers,
        inputs=read(UniversalRegister.MAX_INPUTS),
        neurons=read(UniversalRegister.MAX_NEURONS),
        classes=read(UniversalRegister.MAX_CLASSES),
        counter_bits=read(UniversalRegister.COUNTER_BITS),
        rows=read(UniversalRegister.MAX_ROWS),
        columns=read(UniversalRegister.MAX_COLUMNS),
        sample_words=read(UniversalRegister.MAX_SAMPLE_WORDS),
        choices=read(UniversalRegister.MAX_CHOICES),
    )
    plan = LayerPlan(
        pe=read(UniversalRegister.PE),
        simd=read(UniversalRegister.SIMD),
        input_width=read(UniversalRegister.INPUT_WIDTH),
        sample_buffers=read(UniversalRegister.MAX_BUFFERS),
        memory=MemoryKind.BLOCK if capacity.choices else MemoryKind.SPRAM,
    )
    return UniversalTrainer(capacity, plan, shared_memories=not capacity.choices)
