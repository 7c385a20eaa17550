"""Resource estimates of a folded network: block RAMs, SPRAMs, LUTs, registers and logic cells.

The plan gives the memories of a layer; the number of blocks for each follows from the shapes of the
blocks, by the rules of Yosys. LUTs and registers are estimated for each component, by formulas
whose coefficients were fitted to results of Yosys 0.70 (``synth_ice40``, ``synth_ecp5``) for seven
plans, from 32 neurons with 64 inputs to 128 neurons with 784. For whole cores of these plans, the
estimates of LUTs and registers are within 10 % of the results. Place and route, and logic outside
of the core, are not included.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from .foldings import Foldings
from .fpgas import FPGA
from .integers import Integers, bit_length, ceil_divide, choose, minimum, number_bits, round_up
from .plan import COUNT_BITS, FoldedLayer, FoldedNetwork, MemoryKind

__all__ = [
    "ComponentNeed",
    "Memory",
    "Resources",
    "core_needs",
    "layer_memories",
    "layer_needs",
    "network_needs",
    "total_need",
]

# Memories made of registers: LUTs of the read multiplexer, and of the write enable of a row.
MEMORY_LUTS_PER_BIT = 0.8
MEMORY_LUTS_PER_ROW = 1.7
SPRAM_LUTS = 28  # address and data multiplexers


@dataclass(frozen=True, kw_only=True)
class Resources:
    """Amounts of the resources of an FPGA.

    Attributes
    ----------
    block_rams, sprams, luts, registers : int
        See :class:`.fpgas.FPGA`.
    cells : int
        Logic cells of a LUT and a register: one for each LUT, and for each register that takes a
        cell alone.
    """

    block_rams: Integers = 0
    sprams: Integers = 0
    luts: Integers = 0
    registers: Integers = 0
    cells: Integers = 0

    @classmethod
    def logic(cls, luts: Any, registers: Any, fpga: FPGA | None) -> "Resources":
        """LUTs and registers, rounded up, and the cells that they take."""
        lone = 0.0 if fpga is None else fpga.lone_registers
        return cls(
            luts=round_up(luts),
            registers=round_up(registers),
            cells=round_up(luts + lone * registers),
        )

    def __add__(self, other: "Resources") -> "Resources":
        return Resources(
            block_rams=self.block_rams + other.block_rams,
            sprams=self.sprams + other.sprams,
            luts=self.luts + other.luts,
            registers=self.registers + other.registers,
            cells=self.cells + other.cells,
        )

    def fits(self, supply: "Resources") -> Any:
        """Whether no amount exceeds that of a supply."""
        return (
            (self.block_rams <= supply.block_rams)
            & (self.sprams <= supply.sprams)
            & (self.luts <= supply.luts)
            & (self.registers <= supply.registers)
            & (self.cells <= supply.cells)
        )

    @classmethod
    def of(cls, fpga: FPGA) -> "Resources":
        """The resources of an FPGA."""
        return cls(
            block_rams=fpga.block_ram.count,
            sprams=fpga.sprams,
            luts=fpga.luts,
            registers=fpga.registers,
            cells=fpga.luts,
        )


@dataclass(frozen=True, kw_only=True)
class Memory:
    """A memory of a layer.

    Attributes
    ----------
    name : str
        Name of its contents.
    count : int
        Number of these memories.
    depth, width : int
        Rows, and bits of a row.
    granularity : int
        Bits of a row that are written together.
    kind : MemoryKind
        Kind of the memory, unless it is small and mapped to LUTs or registers.
    """

    name: str
    count: Integers
    depth: Integers
    width: Integers
    granularity: Integers
    kind: MemoryKind = MemoryKind.BLOCK

    @property
    def bits(self) -> Integers:
        """Bits of all of these memories."""
        return self.count * self.depth * self.width


@dataclass(frozen=True, kw_only=True)
class ComponentNeed:
    """Resources of a component of the core.

    Attributes
    ----------
    name : str
        Name of the component.
    need : Resources
        Its resources.
    memory : Memory or None
        The memory, if the component is one.
    """

    name: str
    need: Resources
    memory: Memory | None = None


def layer_memories(folded: FoldedLayer | Foldings) -> tuple[Memory, ...]:
    """The memories of a layer."""
    config, plan = folded.config, folded.plan
    choice_bits = 2 + number_bits(config.group)
    sums_bits = plan.pe * number_bits(config.inputs + 1)
    # The dirty bits are with the local classifier, and the choices with the samples.
    shared = isinstance(folded, FoldedLayer) and folded.shared_memories
    memories = (
        Memory(
            name="hidden weights",
            count=plan.banks,
            depth=folded.bank_rows,
            width=folded.row_bits,
            granularity=folded.row_bits,
            kind=plan.memory,
        ),
        Memory(
            name="snapshot",
            count=plan.banks,
            depth=folded.snapshot_rows,
            width=plan.pe * plan.simd,
            granularity=plan.update_width,
        ),
        Memory(
            name="local classifier",
            count=plan.banks,
            depth=folded.classifier_rows,
            width=folded.select * config.classes + shared,
            granularity=1 if shared else config.classes,
        ),
        Memory(
            name="samples",
            count=1,
            depth=folded.sample_depth,
            width=plan.input_width,
            granularity=plan.input_width,
        ),
        Memory(
            name="choices",
            count=int(not shared),
            depth=folded.choice_depth,
            width=plan.banks * choice_bits,
            granularity=plan.banks * choice_bits,
        ),
        Memory(
            name="marks",
            count=plan.banks * (not shared),
            depth=folded.dirty_depth,
            width=1,
            granularity=1,
        ),
        Memory(  # none if the inputs are a single word
            name="sums",
            count=plan.banks * (folded.words > 1),
            depth=folded.sets,
            width=sums_bits,
            granularity=sums_bits,
        ),
    )
    if isinstance(folded, FoldedLayer) and folded.sums_depth is not None:  # with counts
        width = max(sums_bits, COUNT_BITS)
        sums = replace(
            memories[-1], count=1, depth=folded.sums_depth, width=width, granularity=width
        )
        memories = (*memories[:-1], sums)
    if isinstance(folded, FoldedLayer):
        return tuple(memory for memory in memories if memory.count)
    return memories


def memory_need(memory: Memory, fpga: FPGA | None) -> Resources:
    """Resources of a memory in an FPGA; none without an FPGA."""
    if fpga is None:
        return Resources()
    count = memory.count
    if memory.kind is MemoryKind.SPRAM:
        if fpga.spram is None:
            return Resources(sprams=count)
        blocks = count * fpga.spram.blocks(memory.depth, memory.width)
        return Resources(sprams=blocks) + Resources.logic(SPRAM_LUTS * blocks, 0, fpga)

    placed = fpga.place(memory.depth, memory.width, memory.granularity)
    rows = choose(placed.register_bits, memory.depth, 0)
    luts = placed.register_bits * MEMORY_LUTS_PER_BIT + rows * MEMORY_LUTS_PER_ROW
    if fpga.lut_ram is not None:
        selected = memory.width * (ceil_divide(memory.depth, fpga.lut_ram.depth) - 1)
        luts = placed.lut_rams * fpga.lut_ram.luts + choose(placed.lut_rams, selected, 0)
    registers = placed.register_bits + choose(placed.block_rams, 0, memory.width)
    return Resources(block_rams=count * placed.block_rams) + Resources.logic(
        count * round_up(luts), count * registers, fpga
    )


@dataclass(frozen=True, kw_only=True)
class _Costs:
    """Coefficients of the LUT estimates of a family: LUTs per bit, neuron or component."""

    popcount_bit: float
    sum_bit: float
    score_bit: float
    score_neuron: float
    selector_bit: float
    detector: float
    detector_class: float
    counter: float
    counter_bit: float
    snapshot_part: float
    access_bit: float
    draw: float
    second_draw: float
    divider_bit: float
    address_bit: float
    registers: float
    core: float


_ICE40 = _Costs(
    popcount_bit=2.5,
    sum_bit=5.2,
    score_bit=2.0,
    score_neuron=2.0,
    selector_bit=2.0,
    detector=12,
    detector_class=0.91,
    counter=13,
    counter_bit=3.1,
    snapshot_part=1.2,
    access_bit=1.5,
    draw=100,
    second_draw=65,
    divider_bit=0.8,
    address_bit=6,
    registers=320,
    core=525,
)
_ECP5 = _Costs(
    popcount_bit=3.1,
    sum_bit=4.6,
    score_bit=2.1,
    score_neuron=2.7,
    selector_bit=3.2,
    detector=19,
    detector_class=1.05,
    counter=21,
    counter_bit=2.7,
    snapshot_part=1.0,
    access_bit=1.5,
    draw=98,
    second_draw=210,
    divider_bit=0.6,
    address_bit=9,
    registers=400,
    core=420,
)


def _costs(fpga: FPGA | None) -> _Costs:
    return _ICE40 if fpga is not None and fpga.family == "ice40" else _ECP5


def layer_needs(
    folded: FoldedLayer | Foldings, fpga: FPGA | None, next_input_width: int | None = None
) -> tuple[ComponentNeed, ...]:
    """Resources of the components of a layer, memories first.

    Parameters
    ----------
    folded : FoldedLayer or Foldings
        The layer and its fold factors; for many plans, the resources are arrays.
    fpga : FPGA or None
        Decides shapes of memories and costs of logic.
    next_input_width : int or None
        ``input_width`` of the next layer; None for the last layer.
    """
    memories = [
        ComponentNeed(name=memory.name, need=memory_need(memory, fpga), memory=memory)
        for memory in layer_memories(folded)
    ]
    logic = {**_forward_logic(folded, fpga, next_input_width), **_training_logic(folded, fpga)}
    return (
        *memories,
        _queue_need(folded, fpga),
        *(
            ComponentNeed(name=name, need=Resources.logic(luts, registers, fpga))
            for name, (luts, registers) in logic.items()
        ),
    )


def _queue_need(folded: FoldedLayer | Foldings, fpga: FPGA | None) -> ComponentNeed:
    """The queue of a later layer, for the label, results and flags of samples."""
    index, sample_buffers = folded.config.index, folded.plan.sample_buffers
    facts = 11 + 9 * index if index else 0
    if fpga is None:
        need = Resources.logic(0.8 * facts * sample_buffers, facts * sample_buffers, fpga)
    else:
        queue = Memory(
            name="samples ahead",
            count=min(index, 1),
            depth=sample_buffers,
            width=max(facts, 1),
            granularity=max(facts, 1),
        )
        need = memory_need(queue, fpga) + Resources.logic(facts, facts, fpga)
    return ComponentNeed(name="samples ahead", need=need)


def _forward_logic(
    folded: FoldedLayer | Foldings, fpga: FPGA | None, next_input_width: int | None
) -> dict[str, tuple[Any, Any]]:
    """LUTs and registers of the components of the forward pass."""
    config, plan, costs = folded.config, folded.plan, _costs(fpga)
    sum_bits = number_bits(config.inputs + 1)
    score_bits = number_bits(config.neurons + 1)
    arrays = plan.banks * plan.pe
    scored = plan.banks * folded.select
    sending = config.neurons if next_input_width is not None else 0
    return {
        "neuron array": (
            arrays * (costs.popcount_bit * plan.simd + costs.sum_bit * sum_bits),
            arrays * (0.72 * plan.simd + 2.6 * sum_bits),
        ),
        "sample register": (
            60 + sending,
            plan.simd + 30 + 2 * sending,
        ),
        "local scores and error": (
            config.classes * (costs.score_bit * score_bits + costs.score_neuron * (scored - 1))
            + score_bits * (costs.detector + costs.detector_class * config.classes),
            config.classes * (score_bits + 1 + 0.7 * scored) + 4.5 * score_bits,
        ),
        "group selectors": (
            plan.banks * (4 + costs.selector_bit * sum_bits * folded.select),
            plan.banks * minimum(folded.select, 2) * (sum_bits + 2 * number_bits(config.group) + 3),
        ),
    }


def _training_logic(
    folded: FoldedLayer | Foldings, fpga: FPGA | None
) -> dict[str, tuple[Any, Any]]:
    """LUTs and registers of the components that train, and of the layer's registers."""
    config, plan, costs = folded.config, folded.plan, _costs(fpga)
    row_bits = number_bits(folded.bank_rows)
    dividers = _divider_bits(config.neuron_bits, folded.bank_neurons) + _divider_bits(
        config.input_bits, plan.update_width
    )
    rest = plan.input_width - plan.update_width
    return {
        "counter steps": (
            plan.banks
            * (
                plan.update_width * (costs.counter + costs.counter_bit * config.counter_bits)
                + costs.snapshot_part * plan.pe * plan.simd / plan.update_width
                + 30
            ),
            plan.banks
            * (
                3.6 * plan.update_width
                + 2 * config.counter_bits
                + plan.pe * plan.simd / plan.update_width
                + 44
                + 2 * row_bits
            ),
        ),
        "update": (
            55 + 2 * plan.banks * row_bits + rest + 6 * number_bits(plan.sample_buffers),
            60 + plan.banks * (row_bits + 2) + rest,
        ),
        "reinforcement and commit": (
            costs.draw
            + (plan.draws_per_cycle - 1) * costs.second_draw
            + plan.draws_per_cycle * costs.divider_bit * dividers
            + costs.address_bit * row_bits
            + 128
            + 32 * plan.draws_per_cycle,
            162 + plan.draws_per_cycle * (20 + 2.2 * dividers) + 3 * row_bits,
        ),
        "registers and initial state": (
            costs.registers + 40 + costs.access_bit * folded.row_bits * (1 + plan.banks) / 2,
            221 + 4 * config.index,
        ),
    }


def _divider_bits(width: int, divisor: Integers) -> Integers:
    """Bits of all stages of a :class:`.constant_divider.ConstantDivider`."""
    stages = bit_length(((1 << width) - 1) // divisor)
    return choose(divisor & (divisor - 1), width * stages, 0)


def core_needs(fpga: FPGA | None) -> ComponentNeed:
    """Resources of the core without its layers."""
    need = Resources.logic(round(_costs(fpga).core), 330, fpga)
    return ComponentNeed(name="core", need=need)


def total_need(components: Sequence[ComponentNeed]) -> Resources:
    """Sum of the resources of components."""
    return sum((component.need for component in components), Resources())


def network_needs(folded: FoldedNetwork, fpga: FPGA | None) -> Resources:
    """Resources of a whole core."""
    total = core_needs(fpga).need
    for layer, next_input_width in zip(folded.layers, folded.next_input_widths, strict=True):
        total += total_need(layer_needs(layer, fpga, next_input_width))
    return total
