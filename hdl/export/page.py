"""The page of an exported core for the reader: ports, samples, registers, timing."""

from collections.abc import Iterator

from ...golden_model.trainer import reinforcement_events
from ..planning.cycles import estimate_cycles
from ..planning.plan import FoldedNetwork
from ..registers.document import REGISTER_COLUMNS, markdown_table, register_row, status_table
from .description import describe_timing, registers_of
from .verilog import Layout

__all__ = ["page"]

PAGE = """\
# {module}

A trainer core for the network {shape}: {counter_bits}-bit hidden weights, groups of {groups}. It
learns by itself from a stream of samples.

## Ports

All are synchronous to the rising edge of `clk`; `rst` is synchronous and active high. A word is
transferred in every cycle in which `valid` and `ready` of its stream are both high. Once `valid` is
high it stays, with its payload, until the transfer; it never waits for `ready`.

{ports}

## Samples and results

A sample is {words} words of {load} bits: input bit `i` is bit `i mod {load}` of word
`i div {load}`. Bits beyond the {inputs} inputs are ignored. `label` and `last` are taken with the
sample's last word. `last` ends the batch after this sample, even if the batch register asks for
more.

While `cancel` is high no word is taken, and the words of a sample that is not complete are dropped:
the next word is a sample's first. Tie it low if every sample is sent to its end.

Every sample gives one result, in order: each layer's prediction and error bit (the last layer's
prediction is the network's), and `refused`, which is set when the label is no class in training:
such a sample is not trained on and counts for nothing.

At a batch's end the core commits by itself; `busy` is high while samples are inside or a commit or
a reset is under way. Gaps and back-pressure on any stream cost time and change nothing else.

`batch_ends` tells, for each layer, of the batches it is through with: `valid` is high in the cycle
in which its commit begins, and `errors` and `updates` then are its registers ERRORS and UPDATES
after the batch's last sample. Leave it open if that is not wanted.

## Registers

A request reads or writes a 32-bit register; each is answered by one response, in order. Writes are
refused while the core is busy, and so are reads that need it idle. A request whose status is not OK
has changed nothing. If several statuses apply, it is the first of BUSY, UNKNOWN, ACCESS, RANGE.

{status}

{registers}

## To train

1. Write SEED_LOW, SEED_HIGH, BATCH, and MARGIN of each layer (for a robustness of {robustness:g}:
   {margins}).
2. Write 1 to RESET and wait until `busy` is low.
3. For every epoch write EVENTS of each layer (in the first epoch, for a reinforcement of
   {reinforcement:g}: {events}), send the samples with `last` set on the epoch's last, and wait
   until `busy` is low.

The order of the samples and the number of events are the host's; docs/algorithm.md of Metaplast,
sections 5 and 6, has the rules.

## Timing

The layers work on different samples at once, and in a layer loading, forward pass and update
overlap. In cycles:

- *load*: the words of a sample;
- *forward*: from one sample's forward pass to the next one's;
- *result*: from the forward pass's first read of a weight to the result, or to the first word for
  the next layer;
- *update*: of a chosen neuron in each bank; those of a sample follow each other, a group of every
  bank at a time;
- *scan*: at the end of a batch in which the layer raised an error bit, if all neurons were updated
  in it; those that were not take a cycle each. The reinforcement follows (a cycle for a draw that
  names no weight, and one or two for a draw that does), beside the next samples' forward pass.

A layer takes for a sample the longest of load, forward and the sample's updates, on average, and a
batch takes a commit on top. In a first epoch of batches of {batch} that is about {cycles:.0f}
cycles per sample, if samples come without a gap and results are taken.

{timing}
"""


def page(
    folded: FoldedNetwork,
    module: str,
    ports: dict[str, Layout],
    inputs: tuple[str, ...],
) -> str:
    """The page of a core, in Markdown; parameters as of :func:`.description.describe_core`."""
    config = folded.config
    port_rows = [("`clk`", "input", "1", ""), ("`rst`", "input", "1", "")]
    for name, layout in ports.items():
        parts = [
            f"`{part}` [{low + width - 1}:{low}]" if width > 1 else f"`{part}` [{low}]"
            for part, low, width in _fields(layout)
            if part
        ]
        direction = "input" if name in inputs else "output"
        port_rows.append((f"`{name}`", direction, str(layout["width"]), ", ".join(parts)))
    register_rows = [
        register_row(f"`{address:#08x}`", f"`{name}`", declaration, layer)
        for name, address, declaration, layer in registers_of(config)
    ]
    timing_rows = [
        (
            str(layer.config.index),
            ", ".join(f"{factor} {value}" for factor, value in layer.plan.to_dict().items()),
            *map(str, describe_timing(layer).values()),
        )
        for layer in folded.layers
    ]
    return PAGE.format(
        module=module,
        shape="–".join(map(str, (config.inputs, *config.hidden, config.classes))),
        counter_bits=config.counter_bits,
        groups=", ".join(map(str, config.groups)),
        ports=markdown_table(("port", "direction", "bits", "parts of the payload"), port_rows),
        words=folded.first.load_words,
        load=folded.first.plan.load,
        inputs=config.inputs,
        status=status_table(),
        registers=markdown_table(REGISTER_COLUMNS, register_rows),
        robustness=config.robustness,
        reinforcement=config.reinforcement,
        events=", ".join(
            str(reinforcement_events(layer, config.reinforcement, 0.0)) for layer in config.layers
        ),
        margins=", ".join(str(layer.margin) for layer in config.layers),
        batch=config.batch,
        cycles=estimate_cycles(folded).total,
        timing=markdown_table(
            ("layer", "fold factors", *describe_timing(folded.first)), timing_rows
        ),
    )


def _fields(layout: Layout, offset: int = 0, name: str = "") -> Iterator[tuple[str, int, int]]:
    """The parts of a payload: name, lowest bit, width."""
    if "fields" in layout:
        for field, part in layout["fields"].items():
            full = f"{name}.{field}" if name else field
            yield from _fields(part["layout"], offset + part["offset"], full)
    elif "element" in layout:
        width = layout["element"]["width"]
        for index in range(layout["length"]):
            yield from _fields(layout["element"], offset + index * width, f"{name}[{index}]")
    else:
        yield name, offset, layout["width"]
