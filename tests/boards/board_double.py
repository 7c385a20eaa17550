"""A model of a board in Python, for tests of the driver: the golden model behind the host link."""

import copy
import random
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from metaplast.golden_model import Network, NetworkConfig, RandomStream
from metaplast.golden_model.network import Layer, draw_classifier, draw_counters
from metaplast.hdl.link.protocol import (
    RESULTS,
    VERSION,
    FrameDecoder,
    ReplyKind,
    RequestKind,
    encode_frame,
    next_number,
    result_bytes,
)
from metaplast.hdl.registers.register_map import (
    IDENTITY,
    GlobalRegister,
    LayerRegister,
    LinkRegister,
    Status,
    link_address,
)
from metaplast.sim.virtual_board.noisy_line import NoisyLine

__all__ = ["BoardDouble", "Mood"]

CLOCK_KHZ = 24_000
LAYER_PAGE = 256
STREAM_WORDS = 4


@dataclass(frozen=True)
class Mood:
    """Permitted behaviour of a board that is rare in a simulated board.

    Attributes
    ----------
    drops : float
        Share of the sequenced frames that it drops.
    late_results : int
        Maximum number of reads of the port until the result of a sample comes.
    busy : int
        Maximum number of requests for which it is busy after a commit or a drawing.
    """

    drops: float = 0.0
    late_results: int = 0
    busy: int = 0


@dataclass
class BoardDouble:
    """A board and its port, which :meth:`open` opens for a :class:`.LinkClient`.

    The batch size is that of ``config`` until it is written; margins never change.

    Frames of more than a write to the port may be swapped or doubled, bytes of both ways spoilt,
    and the cable pulled; all by a seed.

    Attributes
    ----------
    input_width : int
        Bits in a word of a sample.
    obeyed : list of bytes
        Contents of the sequenced frames that it has accepted since its power came, without their
        numbers.
    deaf, stuck, repeats_state : bool
        It hears nothing; it is busy for ever; it says its state again and again, and ignores
        sequenced frames.
    pull_at : list of int
        Writes to the port, counted from 1, at which it is pulled, for ``pulls`` openings each.
    restart_at : int or None
        Accepted frames after which its power fails for a moment.
    late_at : int or None
        Accepted frames after which the COUNTERS before them comes once more.
    broken : (int, int, int) or None
        Layer, neuron and input of a counter that cannot be written.
    overrides : dict
        Values of registers, by address.
    pulled : int
        How often it cannot be opened before it can be again; -1 for ever. While it is not 0, reads
        and writes fail too.
    """

    config: NetworkConfig
    seed: int = 0
    input_width: int = 8
    lines: tuple[NoisyLine, NoisyLine] = field(default_factory=lambda: (NoisyLine(), NoisyLine()))
    mood: Mood = field(default_factory=Mood)
    shuffled: float = 0.0
    overrides: dict[int, int] = field(default_factory=dict)
    obeyed: list[bytes] = field(default_factory=list)
    pulled: int = 0
    deaf: bool = False
    stuck: bool = False
    repeats_state: bool = False
    pull_at: list[int] = field(default_factory=list)
    pulls: int = 1
    restart_at: int | None = None
    late_at: int | None = None
    broken: tuple[int, int, int] | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._written = 0
        self._outgoing = bytearray()
        self._held_back: bytes | None = None
        self.restart()

    def restart(self) -> None:
        """Reset the board, like a power failure."""
        self.obeyed.clear()
        self._set_up = self.config
        self.network = Network(self.config)
        self._classifiers = list(self.network.classifier)
        self._decoder = FrameDecoder()
        self._expected = self._count = self._tag = 0
        self._status = Status.OK
        self._results = [bytes(result_bytes(len(self.config.layers)))] * RESULTS
        self._pending: list[tuple[int, bytes]] = []
        self._dropped = self._due = False
        self._busy = 0
        self._batch: list[tuple[np.ndarray[Any, Any], int]] = []
        self._samples = self._refused = self._mode = 0
        self._events = [0] * len(self.config.layers)
        self._errors = [0] * len(self.config.layers)
        self._updates = [0] * len(self.config.layers)
        self._right = [0] * len(self.config.layers)
        # Of the next counter, over all neurons; None if there is no position
        self._positions: list[int | None] = [None] * len(self.config.layers)
        self._loaded = False  # counters were loaded, and the snapshot is not updated yet
        self._row_asked: tuple[bytes, int] | None = None

    def skip_frames(self, count: int) -> None:
        """Count sequenced frames of another host."""
        self._expected = next_number(self._expected, count)

    def skip_results(self, count: int) -> None:
        """Count results for another host."""
        self._count = (self._count + count) % 256

    # The interface of a pyserial port

    def open(self) -> "BoardDouble":
        """Open the port; raises an error while it is unplugged."""
        if self.pulled:
            self.pulled -= self.pulled > 0
            raise FileNotFoundError(2, "No such file or directory")
        self._outgoing.clear()
        return self

    def close(self) -> None:
        """Close the port."""

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read."""
        self._check()
        return len(self._outgoing)

    def read(self, count: int) -> bytes:
        """Read bytes from the board, possibly with faults."""
        self._check()
        ready = [result for due, result in self._pending if due <= 0]
        self._pending = [(due - 1, result) for due, result in self._pending if due > 0]
        for result in ready:
            self._results = [*self._results[1:], result]
            self._count = (self._count + 1) % 256
            self._due = True
        if self._due or self.repeats_state:
            self._due = False
            self._say(self._state())
        content = bytes(self._outgoing[:count])
        del self._outgoing[:count]
        return content

    def write(self, content: bytes) -> None:
        """Write bytes to the board, possibly with faults."""
        self._check()
        self._written += 1
        if self.pull_at and self._written >= self.pull_at[0]:
            self.pull_at.pop(0)
            self.pulled = self.pulls
            self._check()
        frames = [content]
        if self._random.random() < self.shuffled:
            if self._random.random() < 0.5:
                frames.append(content)
            elif self._held_back is None:
                self._held_back = content
                return
        if self._held_back is not None:
            frames.append(self._held_back)
            self._held_back = None
        for frame in frames:
            for received in self._decoder.feed(self.lines[0].carry(frame)):
                if not self.deaf:
                    self._obey(received)

    def _check(self) -> None:
        if self.pulled:
            raise OSError(5, "Input/output error")

    # The board

    def _say(self, content: bytes) -> None:
        self._outgoing += self.lines[1].carry(encode_frame(content))

    def _state(self) -> bytes:
        flags = int(self._is_busy()) | int(self._dropped) << 1
        self._dropped = False
        return (
            bytes([ReplyKind.STATE])
            + self._tag.to_bytes(2, "little")
            + bytes([flags, self._status.value])
            + self._expected.to_bytes(2, "little")
            + bytes([self._count])
            + b"".join(self._results)
        )

    def _is_busy(self) -> bool:
        self._busy -= self._busy > 0
        return self.stuck or self._busy > 0 or bool(self._pending)

    def _obey(self, content: bytes) -> None:
        kind, number = RequestKind(content[0]), int.from_bytes(content[1:3], "little")
        match kind:
            case RequestKind.SYNC:
                self._tag, self._status, self._due = number, Status.OK, True
            case RequestKind.READ:
                status, value = self._read(int.from_bytes(content[3:6], "little"))
                self._say(
                    bytes([ReplyKind.VALUE])
                    + number.to_bytes(2, "little")
                    + bytes([status.value])
                    + value.to_bytes(4, "little")
                )
            case RequestKind.COUNTERS:
                self._row_asked = content, number
                self._say(self._row(content, number))
            case _:
                self._sequenced(kind, number, content)

    def _sequenced(self, kind: RequestKind, number: int, content: bytes) -> None:
        self._due = True
        if self.repeats_state:
            return
        if number != self._expected or self._random.random() < self.mood.drops:
            self._dropped = True
            return
        if self.restart_at is not None and len(self.obeyed) == self.restart_at:
            self.restart_at = None
            self.restart()
            return
        if kind is RequestKind.WRITE:
            address = int.from_bytes(content[3:6], "little")
            self._status = self._write(address, int.from_bytes(content[6:10], "little"))
        else:
            self._status = Status.OK
            self._sample(content[3], bool(content[4] & 1), content[5:])
        if self._status is not Status.OK:
            self._dropped = True
            return
        self._expected = next_number(self._expected)
        self.obeyed.append(content[:1] + content[3:])
        if self._row_asked is not None and self.late_at == len(self.obeyed):
            self.late_at = None
            self._say(self._row(*self._row_asked))

    def _sample(self, label: int, last: bool, words: bytes) -> None:
        width = self.input_width
        rows = np.frombuffer(words, np.uint8).reshape(-1, -(-width // 8))
        bits = np.unpackbits(rows, axis=1, bitorder="little")[:, :width]
        bits = bits.reshape(-1)[: self.config.inputs]
        if self._loaded:
            self._go_on_from(self.network.streams)
        refused = label >= self.config.classes
        if not refused and not self._mode:
            self._samples += 1
            self._batch.append((bits, label))
        trial = copy.deepcopy(self.network)
        record = trial.train_batch([bits], [0 if refused else label], self._events)
        errors = 0
        if not self._mode:
            self._refused += refused
            if not refused:
                raised = record.errors[0].tolist()
                errors = sum(bit << layer for layer, bit in enumerate(raised))
                self._errors = [a + b for a, b in zip(self._errors, raised, strict=True)]
                right = (record.predictions[0] == label).tolist()
                self._right = [a + b for a, b in zip(self._right, right, strict=True)]
                self._positions = [None] * len(self.config.layers)
        late = self._random.randint(0, self.mood.late_results)
        late = max([late, *(due for due, _ in self._pending)])
        flags = errors | int(refused) << len(self.config.layers)
        size = result_bytes(len(self.config.layers)) - len(self.config.layers)
        result = bytes(record.predictions[0].tolist()) + flags.to_bytes(size, "little")
        self._pending.append((late, result))
        if last or len(self._batch) == self._set_up.batch:
            x, y = zip(*self._batch, strict=True)
            updates = self.network.train_batch(np.array(x), np.array(y), self._events).updates
            self._updates = [a + b for a, b in zip(self._updates, updates, strict=True)]
            self._batch = []
            self._busy = self._random.randint(0, self.mood.busy)

    def _write(self, address: int, value: int) -> Status:
        if self._is_busy():
            return Status.BUSY
        if address < LAYER_PAGE:
            match address:
                case GlobalRegister.RESET:
                    count, self._batch = len(self.config.layers), []
                    self._samples = self._refused = 0
                    self._errors, self._updates = [0] * count, [0] * count
                    self._right = [0] * count
                case GlobalRegister.MODE:
                    self._mode = value
                case GlobalRegister.BATCH:
                    self._batch = []
                    if not 1 <= value <= 65535:
                        return Status.RANGE
                    self._set_up = replace(self._set_up, batch=value)
                case _:
                    return Status.ACCESS
            return Status.OK
        layer, register = divmod(address, LAYER_PAGE)
        match register:
            case LayerRegister.EVENTS:
                self._events[layer - 1] = value
            case LayerRegister.MARGIN:
                return Status.OK if value == self.config.layers[layer - 1].margin else Status.RANGE
            case LayerRegister.POSITION:
                shape = self.config.layers[layer - 1]
                if value >= shape.neurons:
                    return Status.RANGE
                self._positions[layer - 1] = value * shape.inputs
            case LayerRegister.COUNTER:
                return self._write_counter(layer - 1, value)
            case LayerRegister.INITIAL:
                return self._draw(layer - 1, value)
            case _ if 0 <= register - LayerRegister.STREAM_0 < STREAM_WORDS:
                self._push(layer - 1, value)
            case _:
                return Status.ACCESS
        return Status.OK

    def _write_counter(self, layer: int, value: int) -> Status:
        shape = self.config.layers[layer]
        counter = value - (value >> 31 << 32)
        if not shape.lowest <= counter <= shape.highest:
            return Status.RANGE
        place = self._positions[layer]
        if place is None:
            return Status.POSITION
        self._positions[layer] = place + 1 if place + 1 < shape.weights else None
        if (layer, *divmod(place, shape.inputs)) != self.broken:
            self.network.counters[layer].reshape(-1)[place] = counter
            self._loaded = True
        return Status.OK

    def _draw(self, layer: int, value: int) -> Status:
        """Draw the initial counters, or the local classifier, from the layer's stream."""
        shape, streams = self.config.layers[layer], self.network.streams
        if value == 1:
            self.network.counters[layer][:] = draw_counters(shape, streams[layer])
        elif value == 2:
            self._classifiers[layer] = draw_classifier(shape, streams[layer])
        else:
            return Status.RANGE
        self._go_on_from(streams)
        self._positions[layer] = None
        self._busy = self._random.randint(0, self.mood.busy)
        return Status.OK

    def _push(self, layer: int, word: int) -> None:
        low, high = self.network.streams[layer].history
        history = ((low | high << 64) << 1 >> 32 | word << 96) >> 1
        streams = self.network.streams
        if history:
            streams[layer] = RandomStream.from_history(history & (1 << 64) - 1, history >> 64)
        self._go_on_from(streams)

    def _go_on_from(self, streams: list[RandomStream]) -> None:
        counters = self.network.counters
        self.network = Network.from_state(
            self._set_up, counters, [k >= 0 for k in counters], streams
        )
        self.network._layers = [
            Layer(shape, classifier=p, counters=k, snapshot=k >= 0, stream=stream)
            for shape, p, k, stream in zip(
                self.config.layers, self._classifiers, counters, streams, strict=True
            )
        ]
        self._loaded = False

    def _read(self, address: int) -> tuple[Status, int]:
        config = self.config
        values = {
            link_address(LinkRegister.VERSION): VERSION,
            link_address(LinkRegister.INPUT_WIDTH): self.input_width,
            link_address(LinkRegister.CLOCK): CLOCK_KHZ,
            link_address(LinkRegister.DIGEST): 0,
            GlobalRegister.IDENTITY: IDENTITY,
            GlobalRegister.LAYERS: len(config.layers),
            GlobalRegister.CLASSES: config.classes,
            GlobalRegister.COUNTER_BITS: config.counter_bits,
            GlobalRegister.SAMPLES: self._samples,
            GlobalRegister.REFUSED: self._refused,
        }
        for index, layer in enumerate(config.layers):
            page = (index + 1) * LAYER_PAGE
            low, high = self.network.streams[index].history
            history = (low | high << 64) << 1
            values |= {
                page + LayerRegister.INPUTS: layer.inputs,
                page + LayerRegister.NEURONS: layer.neurons,
                page + LayerRegister.GROUP: layer.group,
                page + LayerRegister.ERRORS: self._errors[index],
                page + LayerRegister.UPDATES: self._updates[index],
                page + LayerRegister.RIGHT: self._right[index],
                page + LayerRegister.SATURATED: self._saturated(index),
            } | {
                page + LayerRegister.STREAM_0 + word: history >> 32 * word & 0xFFFFFFFF
                for word in range(STREAM_WORDS)
            }
        values |= self.overrides
        if address not in values:
            return Status.UNKNOWN, 0
        return Status.OK, values[address]

    def _saturated(self, layer: int) -> int:
        """Counters of a layer at a bound."""
        shape, counters = self.config.layers[layer], self.network.counters[layer]
        return int(np.isin(counters, (shape.lowest, shape.highest)).sum())

    def _row(self, content: bytes, tag: int) -> bytes:
        layer = int.from_bytes(content[3:6], "little") // LAYER_PAGE - 1
        neuron = int.from_bytes(content[6:10], "little")
        count = int.from_bytes(content[10:12], "little")
        head = bytes([ReplyKind.ROW]) + tag.to_bytes(2, "little")
        if self._is_busy():
            return head + bytes([Status.BUSY.value])
        counters = self.network.counters[layer].reshape(-1)
        shape = self.config.layers[layer]
        begin = neuron * shape.inputs
        end = begin + count
        self._positions[layer] = end if end < shape.weights else None
        wide = np.int8 if self.config.counter_bits <= 8 else np.int16
        return head + bytes([0]) + counters[begin : begin + count].astype(wide).tobytes()
