"""A network whose counters are on a board, trained there; to a trainer like any other."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...golden_model.batch_record import BatchRecord
from ...golden_model.config import NetworkConfig
from ...golden_model.network import Network, initial_classifier
from ...golden_model.random_stream import BitStream
from ...golden_model.samples import checked_bits
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
from .link_client import LinkClient, LinkError, SampleFrame, WriteFrame

__all__ = ["BoardNetwork", "BoardShape", "WrongBoardError", "identify"]

STREAM_WORDS = 4
WORD = 0xFFFFFFFF

LOADS = 3
"""How often a state is loaded into a board that does not keep it."""


class WrongBoardError(LinkError):
    """A board has another gateware, or another network, than is wanted."""


@dataclass(frozen=True, kw_only=True)
class BoardShape:
    """What a board says it is.

    Attributes
    ----------
    inputs, classes, counter_bits : int
        Of its network.
    hidden, groups : tuple of int
        Neurons and group sizes of its layers.
    load : int
        Bits of a sample's word on the link.
    clock_khz : int
        Its clock; 0 if it does not know.
    digest : int
        :func:`metaplast.hdl.link.protocol.design_digest` of its network and plan.
    """

    inputs: int
    hidden: tuple[int, ...]
    groups: tuple[int, ...]
    classes: int
    counter_bits: int
    load: int
    clock_khz: int
    digest: int

    def __str__(self) -> str:
        shape = "–".join(map(str, (self.inputs, *self.hidden, self.classes)))
        groups = ", ".join(map(str, self.groups))
        return f"{shape}, groups of {groups}, {self.counter_bits}-bit counters"

    @property
    def options(self) -> str:
        """The network as `metaplast build` takes it."""
        hidden, groups = (",".join(map(str, sizes)) for sizes in (self.hidden, self.groups))
        return (
            f"--inputs {self.inputs} --hidden {hidden} --groups {groups} --classes {self.classes} "
            f"--counter-bits {self.counter_bits}"
        )

    def check(self, config: NetworkConfig, plan: NetworkPlan | None = None) -> None:
        """Refuse a network that is not the board's.

        Raises
        ------
        WrongBoardError
            If it is another, or folded otherwise.
        """
        wanted = BoardShape(
            inputs=config.inputs,
            hidden=config.hidden,
            groups=config.groups,
            classes=config.classes,
            counter_bits=config.counter_bits,
            load=self.load,
            clock_khz=self.clock_khz,
            digest=self.digest,
        )
        if wanted != self:
            raise WrongBoardError(
                f"the board has a network {self}, and {wanted} is wanted: build and flash that "
                f"(`metaplast build BOARD {wanted.options}`), or train the board's own"
            )
        if plan is not None and design_digest(FoldedNetwork(config, plan)) != self.digest:
            raise WrongBoardError(
                f"the board's network {self} has other fold factors than the plan: build and "
                "flash that (`metaplast build --plan`)"
            )


def identify(client: LinkClient) -> BoardShape:
    """Ask a board what it is.

    Raises
    ------
    WrongBoardError
        If it is no trainer core, or one of another version.
    LinkError
        If nobody answers.
    """
    version = client.read(link_address(LinkRegister.VERSION))
    if version != VERSION:
        raise WrongBoardError(
            f"the board at {client.name} speaks version {version} of the link, and this is "
            f"version {VERSION}: flash a bitstream of this release"
        )
    identity = client.read(GlobalRegister.IDENTITY)
    if identity != IDENTITY:
        raise WrongBoardError(
            f"the board at {client.name} says it is {identity:#010x}, and {IDENTITY:#010x} was "
            "expected: flash a bitstream of this release"
        )
    layers = range(client.read(GlobalRegister.LAYERS))

    def of_layer(layer: int, register: LayerRegister) -> int:
        return client.read(layer_address(layer, register))

    shape = BoardShape(
        inputs=of_layer(0, LayerRegister.INPUTS),
        hidden=tuple(of_layer(layer, LayerRegister.NEURONS) for layer in layers),
        groups=tuple(of_layer(layer, LayerRegister.GROUP) for layer in layers),
        classes=client.read(GlobalRegister.CLASSES),
        counter_bits=client.read(GlobalRegister.COUNTER_BITS),
        load=client.read(link_address(LinkRegister.LOAD)),
        clock_khz=client.read(link_address(LinkRegister.CLOCK)),
        digest=client.read(link_address(LinkRegister.DIGEST)),
    )
    client.describe(layers=len(layers), counter_bits=shape.counter_bits)
    return shape


@dataclass(frozen=True, eq=False)
class _BoardBatch(BatchRecord):
    """A batch as a board tells it: not who was chosen, but how many were."""

    counted: tuple[int, ...] = ()

    @property
    def updates(self) -> list[int]:
        return list(self.counted)


class BoardNetwork:
    """A board's network, as :class:`.Trainer` trains it.

    Parameters
    ----------
    client : LinkClient
        The way to the board.
    config : NetworkConfig
        The network, which must be the board's.
    plan : NetworkPlan, optional
        Its fold factors, to be checked too.
    start : Network, optional
        A state to load into the board; by default the seeded initial state.

    Raises
    ------
    WrongBoardError
        If the board has another network.
    LinkError
        If the board does not answer, is not where it was left, or does not keep what is loaded.
    """

    def __init__(
        self,
        client: LinkClient,
        config: NetworkConfig,
        plan: NetworkPlan | None = None,
        *,
        start: Network | None = None,
    ):
        self.config = config
        self.client = client
        self.shape = identify(client)
        self.shape.check(config, plan)
        self._load_words = math.ceil(config.inputs / self.shape.load)
        self._word_bytes = math.ceil(self.shape.load / 8)
        self._events: list[int] | None = None
        self._infers = False
        self._whole = True
        self._counters: list[NDArray[np.int16]] | None = None
        client.begin()
        client.run(
            [
                WriteFrame(GlobalRegister.MODE, 0),
                WriteFrame(GlobalRegister.BATCH, config.batch),
                WriteFrame(GlobalRegister.SEED_LOW, config.seed & WORD),
                WriteFrame(GlobalRegister.SEED_HIGH, config.seed >> 32),
                *(
                    WriteFrame(layer_address(layer.index, LayerRegister.MARGIN), layer.margin)
                    for layer in config.layers
                ),
                WriteFrame(GlobalRegister.RESET, 1),
            ]
        )
        client.settle()
        self._updates = self._read_updates()
        if start is not None:
            self._load(start)

    # As a trainer sees it

    def train_batch(self, x: ArrayLike, y: ArrayLike, events: Sequence[int]) -> BatchRecord:
        """Train on a batch and commit; see :meth:`.Network.train_batch`.

        Raises
        ------
        LinkError
            If the board fails, or was left within a batch.
        """
        if not self._whole:
            raise LinkError(
                f"the board at {self.client.name} was left within a batch: fit it anew, or go on "
                "with a model that was saved (`metaplast train --continue`)"
            )
        self._set_mode(infers=False)
        frames: list[WriteFrame | SampleFrame] = []
        self._counters = None
        self._whole = False
        if self._events != list(events):
            self._events = list(events)
            frames += [
                WriteFrame(layer_address(layer, LayerRegister.EVENTS), count)
                for layer, count in enumerate(events)
            ]
        frames += self._frames(np.asarray(x), np.asarray(y), ends=True)
        results = self.client.run(frames)
        self.client.settle()
        errors = np.array([result.errors for result in results], dtype=np.bool_)
        before, self._updates = self._updates, self._read_updates()
        self._whole = True
        return _BoardBatch(
            predictions=np.array([result.predictions for result in results], dtype=np.int64),
            errors=errors,
            chosen=[],
            events=[
                count if raised else 0
                for count, raised in zip(events, np.any(errors, axis=0).tolist(), strict=True)
            ],
            counted=tuple(
                (now - then) & WORD for now, then in zip(self._updates, before, strict=True)
            ),
        )

    @property
    def counters(self) -> list[NDArray[np.int16]]:
        """Per layer, ``k``, read from the board.

        Raises
        ------
        LinkError
            If the board fails.
        """
        if self._counters is None:
            self.client.settle()
            counters = [
                np.array(
                    [
                        self.client.row(
                            layer_address(layer.index, LayerRegister.POSITION),
                            neuron,
                            layer.inputs,
                        )
                        for neuron in range(layer.neurons)
                    ],
                    dtype=np.int16,
                )
                for layer in self.config.layers
            ]
            self.client.settle()  # the board that was read is the one that was trained
            self._counters = counters
        return self._counters

    @property
    def snapshot(self) -> list[NDArray[np.uint8]]:
        """Per layer, ``W``: between two batches, the counters' signs."""
        return [(k >= 0).astype(np.uint8) for k in self.counters]

    @property
    def classifier(self) -> list[NDArray[np.uint8]]:
        """Per layer, ``P``, which follows from the seed."""
        return [initial_classifier(layer, self.config.seed) for layer in self.config.layers]

    @property
    def streams(self) -> list[BitStream]:
        """Per layer, where the reinforcement stream stands, read from the board.

        Raises
        ------
        LinkError
            If the board fails.
        """
        self.client.settle()
        histories = [self._read_history(layer) >> 1 for layer in range(len(self.config.layers))]
        self.client.settle()
        return [BitStream.from_history(h & (1 << 64) - 1, h >> 64) for h in histories]

    def read_out(self) -> Network:
        """The golden model in the board's state.

        Raises
        ------
        LinkError
            If the board fails.
        """
        return Network.from_state(self.config, self.counters, self.snapshot, self.streams)

    def predict(self, x: ArrayLike) -> NDArray[np.int64]:
        """The board's predictions, (n, N) of 0 and 1 → (n,); nothing is learnt.

        Raises
        ------
        DataError
            If the samples are not bits of the network's inputs.
        LinkError
            If the board fails.
        """
        bits = checked_bits(x, self.config.inputs)
        self._set_mode(infers=True)
        results = self.client.run(self._frames(bits, np.zeros(len(bits)), ends=False))
        return np.array([result.predictions[-1] for result in results], dtype=np.int64)

    # The board

    def _set_mode(self, *, infers: bool) -> None:
        if self._infers != infers:
            self.client.settle()
            self.client.run([WriteFrame(GlobalRegister.MODE, int(infers))])
            self._infers = infers

    def _frames(self, x: NDArray[Any], y: NDArray[Any], *, ends: bool) -> list[SampleFrame]:
        wide = np.zeros((len(x), self._load_words * self.shape.load), dtype=np.uint8)
        wide[:, : x.shape[1]] = x
        words = wide.reshape(len(x), self._load_words, self.shape.load)
        packed = np.packbits(words, axis=2, bitorder="little").reshape(len(x), -1)
        labels: list[int] = y.astype(int).tolist()
        return [
            SampleFrame(label, ends and index == len(labels) - 1, row.tobytes())
            for index, (label, row) in enumerate(zip(labels, packed, strict=True))
        ]

    def _read_updates(self) -> list[int]:
        return [
            self.client.read(layer_address(layer, LayerRegister.UPDATES))
            for layer in range(len(self.config.layers))
        ]

    def _read_history(self, layer: int) -> int:
        """The four words of a stream's history; bit 0 is none of it."""
        words = [self.client.read(_stream(layer, word)) for word in range(STREAM_WORDS)]
        return sum(word << 32 * n for n, word in enumerate(words))

    def _load(self, start: Network) -> None:
        """Load counters and streams, and read them back; what is not there is loaded again.

        Counters are written wherever the layer's position is. It is moved by a request for
        counters, too, which is not sequenced: one that the line has held back may come late.
        """
        layers = list(range(len(self.config.layers)))
        to_load = layers
        for _ in range(LOADS):
            self.client.sync()
            for layer in to_load:
                self.client.run(_loading(layer, start))
            self._counters = None
            differences = {layer: self._difference(layer, start) for layer in layers}
            to_load = [layer for layer in layers if differences[layer]]
            if not to_load:
                return
        raise LinkError(
            f"the board at {self.client.name} does not keep what is loaded into it: after {LOADS} "
            f"tries {differences[to_load[0]]} was loaded; flash its bitstream again (`metaplast "
            "flash`), and take another board if that does not help: the memory is broken"
        )

    def _difference(self, layer: int, start: Network) -> str | None:
        """What of a layer is not as it should be, and what should be; the first that is not."""
        wanted, got = start.counters[layer], self.counters[layer]
        differing = np.argwhere(wanted != got)
        if len(differing):
            neuron, index = differing[0].tolist()
            return (
                f"the counter of layer {layer}, neuron {neuron}, input {index} is "
                f"{got[neuron, index]}, and {wanted[neuron, index]}"
            )
        history, wanted_history = self._read_history(layer), _history(start.streams[layer])
        if history != wanted_history:
            return (
                f"the reinforcement stream of layer {layer} is at {history:#x}, and "
                f"{wanted_history:#x}"
            )
        return None


def _loading(layer: int, start: Network) -> list[WriteFrame]:
    """Writes that load a layer."""
    history = _history(start.streams[layer])
    return [
        WriteFrame(layer_address(layer, LayerRegister.POSITION), 0),
        *(
            WriteFrame(layer_address(layer, LayerRegister.COUNTER), value)
            for value in start.counters[layer].reshape(-1).tolist()
        ),
        *(
            WriteFrame(_stream(layer, word), history >> 32 * word & WORD)
            for word in range(STREAM_WORDS)
        ),
    ]


def _history(stream: BitStream) -> int:
    """The four words that its registers hold."""
    low, high = stream.history
    return (low | high << 64) << 1


def _stream(layer: int, word: int) -> int:
    return layer_address(layer, LayerRegister(LayerRegister.STREAM_0 + word))
