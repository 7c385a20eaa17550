"""The register map of the trainer core and the host link, declared once.

The decoders in gateware (:class:`.register_file.RegisterFile`), the exported description and page,
the tables in docs/ and the host's client are made from these declarations. This module does not
import Amaranth, so the host's driver can use it.

To add a register, add one line to its group::

    SCRATCH = Register(12, "rw", "no function; for tests of a connection", reset=0)
"""

import enum

from .register_declaration import PAGE, Field, LayerBound, OnRead, OnWrite, Register, RegisterGroup

__all__ = [
    "IDENTITY",
    "LINK_BASE",
    "GlobalRegister",
    "LayerRegister",
    "LinkRegister",
    "Status",
    "UniversalLayerRegister",
    "UniversalRegister",
    "layer_address",
    "link_address",
]

IDENTITY = 0x4D504C02
"""``"MPL"`` and the version of the interface."""

LINK_BASE = 0xFF0000
"""First address of the host link's registers."""


class Status(enum.Enum):
    """Status of a request; a request has no effect unless it is ``OK``.

    If several apply, the first of ``BUSY``, ``UNKNOWN``, ``ACCESS``, ``RANGE``, ``POSITION`` is
    given.

    Attributes
    ----------
    meaning : str
        The status in words, for documents.
    """

    meaning: str

    def __new__(cls, code: int, meaning: str = "") -> "Status":
        member = object.__new__(cls)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = 0, "the request was carried out"
    BUSY = 1, "not possible while samples are inside, or during a commit or a drawing"
    UNKNOWN = 2, "there is no such register"
    ACCESS = 3, "the register cannot be written, or cannot be read"
    RANGE = 4, "the value is out of the register's range"
    POSITION = 5, "COUNTER has no position: write POSITION first"


@enum.unique
class GlobalRegister(RegisterGroup):
    """Registers of the core, at addresses equal to their offsets."""

    IDENTITY = Register(0, "r", f"0x{IDENTITY:08X}: `MPL` and the version of the interface")
    LAYERS = Register(1, "r", "number of layers")
    STATUS = Register(2, "r", "state of the core", fields=(Field("busy", 0),))
    RESET = Register(
        3,
        "w",
        "1: clear the counts, begin a batch, and forget the errors of the present one",
        OnWrite.ACTION,
        minimum=1,
        maximum=1,
    )
    BATCH = Register(
        6,
        "rw",
        "samples of a batch; a write begins a new batch",
        minimum=1,
        maximum=(1 << 16) - 1,
        reset=1,
    )
    MODE = Register(7, "rw", "0: train; 1: infer only", maximum=1, reset=0)
    SAMPLES = Register(8, "rw", "samples trained on", OnWrite.CLEAR, reset=0)
    REFUSED = Register(9, "rw", "samples refused", OnWrite.CLEAR, reset=0)
    CLASSES = Register(10, "r", "classes `C`")
    COUNTER_BITS = Register(11, "r", "bits `B` of a hidden weight")
    INPUT_WIDTH = Register(12, "r", "bits in a word of a sample")
    SAMPLE_WORDS = Register(13, "r", "words of a sample")


ALL_NEURONS = LayerBound("K", lambda layer: layer.neurons)
LAST_NEURON = LayerBound("K − 1", lambda layer: layer.neurons - 1)
LOWEST_COUNTER = LayerBound("−2^(B−1)", lambda layer: layer.lowest)
MAX_EVENTS = LayerBound("2^(bk + ⌊bi/2⌋ + 11) − 1", lambda layer: layer.max_events)
HIGHEST_COUNTER = LayerBound("2^(B−1) − 1", lambda layer: layer.highest)


@enum.unique
class LayerRegister(RegisterGroup):
    """Registers of a layer, at :func:`layer_address`."""

    MARGIN = Register(
        0, "rw", "`floor(r·K)`: lead that a right answer must have", maximum=ALL_NEURONS, reset=0
    )
    EVENTS = Register(1, "rw", "`M`: reinforcement events of a commit", maximum=MAX_EVENTS, reset=0)
    ERRORS = Register(2, "rw", "error bits raised", OnWrite.CLEAR, reset=0)
    UPDATES = Register(3, "rw", "neurons updated", OnWrite.CLEAR, reset=0)
    SATURATED = Register(
        4,
        "r",
        "counters at a bound; a read takes a scan, and the position is lost",
        on_read=OnRead.ACTION,
    )
    POSITION = Register(
        5,
        "w",
        "neuron `j`: the next access of COUNTER is to `k[j][0]`",
        OnWrite.ACTION,
        maximum=LAST_NEURON,
    )
    COUNTER = Register(
        6,
        "rw",
        "`k`, sign-extended; the position then advances to the next input, after the last input "
        "to the next neuron; a write between batches also sets `W`",
        OnWrite.ACTION,
        OnRead.ACTION,
        minimum=LOWEST_COUNTER,
        maximum=HIGHEST_COUNTER,
    )
    RIGHT = Register(7, "rw", "right predictions of the layer in training", OnWrite.CLEAR, reset=0)
    STREAM_0 = Register(
        8,
        "rw",
        "bits 31 to 0 of twice the random stream's history, whose bit 0 is unused; a write pushes "
        "into the history: write all four, in order, once",
        OnWrite.ACTION,
    )
    STREAM_1 = Register(9, "rw", "bits 63 to 32 of it", OnWrite.ACTION)
    STREAM_2 = Register(10, "rw", "bits 95 to 64 of it", OnWrite.ACTION)
    STREAM_3 = Register(
        11,
        "rw",
        "bits 127 to 96 of it; RANGE if no bit of the history is set",
        OnWrite.ACTION,
    )
    INITIAL = Register(
        12,
        "w",
        "1: draw the initial counters from the random stream, and set `W`; 2: draw the local "
        "classifier; busy until it is drawn; then write the stream again",
        OnWrite.ACTION,
        minimum=1,
        maximum=2,
    )
    INPUTS = Register(16, "r", "input bits `N`")
    NEURONS = Register(17, "r", "neurons `K`")
    GROUP = Register(18, "r", "group size `γ`")


MAX_LAYERS = LayerBound("MAX_LAYERS", lambda engine: engine.capacity.layers)
MAX_CLASSES = LayerBound("MAX_CLASSES", lambda engine: engine.capacity.classes)
MAX_INPUTS = LayerBound("MAX_INPUTS", lambda engine: engine.capacity.inputs)
MAX_NEURONS = LayerBound("MAX_NEURONS", lambda engine: engine.capacity.neurons)
MAX_GROUP = LayerBound("MAX_GROUP", lambda engine: engine.max_group)
MAX_BUFFERS = LayerBound("MAX_BUFFERS", lambda engine: engine.plan.sample_buffers)
ALL_SAMPLE_WORDS = LayerBound("MAX_SAMPLE_WORDS", lambda engine: engine.capacity.sample_words)
LAST_ROW = LayerBound("MAX_ROWS − 1", lambda engine: engine.capacity.rows - 1)
LAST_COLUMN = LayerBound("MAX_COLUMNS / PE − 1", lambda engine: engine.classifier_rows - 1)
ENGINE_EVENTS = LayerBound("2^(bk + ⌊bi/2⌋ + 11) − 1", lambda engine: engine.config.max_events)
LOWEST = LayerBound("−2^(B−1)", lambda engine: engine.config.lowest)
HIGHEST = LayerBound("2^(B−1) − 1", lambda engine: engine.config.highest)


@enum.unique
class UniversalRegister(RegisterGroup):
    """Registers of a universal trainer: those of a core, its capacities, and its network."""

    IDENTITY = GlobalRegister.IDENTITY.declaration
    LAYERS = Register(1, "rw", "layers of the network", minimum=1, maximum=MAX_LAYERS, reset=1)
    STATUS = GlobalRegister.STATUS.declaration
    RESET = GlobalRegister.RESET.declaration
    BATCH = GlobalRegister.BATCH.declaration
    MODE = GlobalRegister.MODE.declaration
    SAMPLES = GlobalRegister.SAMPLES.declaration
    REFUSED = GlobalRegister.REFUSED.declaration
    CLASSES = Register(10, "rw", "classes `C`", minimum=2, maximum=MAX_CLASSES, reset=2)
    COUNTER_BITS = GlobalRegister.COUNTER_BITS.declaration
    INPUT_WIDTH = GlobalRegister.INPUT_WIDTH.declaration
    SAMPLE_WORDS = GlobalRegister.SAMPLE_WORDS.declaration
    BUFFERS = Register(
        14, "rw", "samples that are held at a time", minimum=1, maximum=MAX_BUFFERS, reset=1
    )
    STRIDE = Register(
        15,
        "rw",
        "words that a sample takes, a power of two: at least the sum of `ceil(N / INPUT_WIDTH)` "
        "over the layers, and if MAX_CHOICES is 0 that of `K / γ` as well",
        minimum=1,
        maximum=ALL_SAMPLE_WORDS,
        reset=1,
    )
    MAX_LAYERS = Register(16, "r", "capacity: layers")
    MAX_INPUTS = Register(17, "r", "capacity: inputs `N` of a layer")
    MAX_NEURONS = Register(18, "r", "capacity: neurons `K` of a layer")
    MAX_CLASSES = Register(19, "r", "capacity: classes")
    MAX_ROWS = Register(
        20, "r", "capacity: rows; a layer takes `ceil(K / PE) · ceil(N / SIMD)` from BASE on"
    )
    MAX_COLUMNS = Register(21, "r", "capacity: the sum of `PE · ceil(K / PE)` over the layers")
    MAX_SAMPLE_WORDS = Register(22, "r", "capacity: at least BUFFERS · STRIDE")
    MAX_CHOICES = Register(
        23,
        "r",
        "capacity: at least BUFFERS times the sum of `K / γ` over the layers; 0 if choices are in "
        "the memory of samples",
    )
    MAX_BUFFERS = Register(24, "r", "capacity: samples that are held at a time")
    PE = Register(25, "r", "neurons evaluated in a cycle")
    SIMD = Register(26, "r", "inputs evaluated in a cycle")
    MAX_GROUP = Register(27, "r", "capacity: neurons `γ` of a group")


@enum.unique
class UniversalLayerRegister(RegisterGroup):
    """Registers of a layer of a universal trainer, at :func:`layer_address`.

    Counts and settings are in memory, so every read needs the core idle, and none has a value
    after power-up.
    """

    MARGIN = Register(
        0,
        "rw",
        "`floor(r·K)`: lead that a right answer must have",
        on_read=OnRead.ACTION,
        maximum=MAX_NEURONS,
    )
    EVENTS = Register(
        1,
        "rw",
        "`M`: reinforcement events of a commit",
        on_read=OnRead.ACTION,
        maximum=ENGINE_EVENTS,
    )
    ERRORS = Register(2, "rw", "error bits raised", OnWrite.CLEAR, OnRead.ACTION)
    UPDATES = Register(3, "rw", "neurons updated", OnWrite.CLEAR, OnRead.ACTION)
    SATURATED = LayerRegister.SATURATED.declaration
    POSITION = Register(
        5,
        "w",
        "neuron `j` below `K`: the next access of COUNTER is to `k[j][0]`",
        OnWrite.ACTION,
        maximum=MAX_NEURONS,
    )
    COUNTER = Register(
        6,
        "rw",
        LayerRegister.COUNTER.declaration.description,
        OnWrite.ACTION,
        OnRead.ACTION,
        minimum=LOWEST,
        maximum=HIGHEST,
    )
    RIGHT = Register(
        7,
        "rw",
        LayerRegister.RIGHT.declaration.description,
        OnWrite.CLEAR,
        OnRead.ACTION,
    )
    STREAM_0 = Register(
        8, "rw", LayerRegister.STREAM_0.declaration.description, OnWrite.ACTION, OnRead.ACTION
    )
    STREAM_1 = Register(9, "rw", "bits 63 to 32 of it", OnWrite.ACTION, OnRead.ACTION)
    STREAM_2 = Register(10, "rw", "bits 95 to 64 of it", OnWrite.ACTION, OnRead.ACTION)
    STREAM_3 = Register(
        11, "rw", LayerRegister.STREAM_3.declaration.description, OnWrite.ACTION, OnRead.ACTION
    )
    INITIAL = LayerRegister.INITIAL.declaration
    INPUTS = Register(
        16, "rw", "input bits `N`", on_read=OnRead.ACTION, minimum=1, maximum=MAX_INPUTS
    )
    NEURONS = Register(
        17, "rw", "neurons `K`", on_read=OnRead.ACTION, minimum=1, maximum=MAX_NEURONS
    )
    GROUP = Register(
        18,
        "rw",
        "group size `γ`, a divisor of `K`",
        on_read=OnRead.ACTION,
        minimum=1,
        maximum=MAX_GROUP,
    )
    BASE = Register(
        19,
        "rw",
        "first row of the layer, behind those of the layers before",
        on_read=OnRead.ACTION,
        maximum=LAST_ROW,
    )
    COLUMN = Register(
        20,
        "rw",
        "first column of the local classifier, in sets of PE columns, behind those of the layers "
        "before: the sum of their `ceil(K / PE)`",
        on_read=OnRead.ACTION,
        maximum=LAST_COLUMN,
    )


@enum.unique
class LinkRegister(RegisterGroup):
    """Registers of the host link, at :func:`link_address`."""

    VERSION = Register(0, "r", "version of the protocol")
    SAMPLES_AHEAD = Register(1, "r", "maximum number of samples without a result")
    INPUT_WIDTH = Register(2, "r", "bits in a word of a sample")
    CLOCK = Register(3, "r", "the device's clock in kHz; 0 if unknown")
    DIGEST = Register(4, "r", "32 bits of a digest of the network's shape and the fold factors")


def layer_address(layer: int, register: LayerRegister | UniversalLayerRegister) -> int:
    """The address of a layer's register; layers are counted from 0."""
    return (layer + 1) * PAGE | register


def link_address(register: LinkRegister) -> int:
    """The address of a register of the host link."""
    return LINK_BASE | register
