"""The trainer core as Verilog, for designs that are not written in Amaranth."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ...golden_model.config import NetworkConfig
from ...golden_model.errors import ConfigurationError
from ...golden_model.files.atomic import write_atomically
from ...golden_model.trainer import reinforcement_events
from ..planning.cycles import estimate_cycles
from ..planning.plan import FoldedLayer, FoldedNetwork
from ..planning.timing import LayerTiming
from ..registers.registers import IDENTITY, GlobalRegister, LayerRegister, Status, layer_address
from ..trainer_core import TrainerCore
from .verilog import Layout, describe_ports, to_verilog

__all__ = ["MODULE", "ExportedCore", "export_verilog"]

MODULE = "metaplast_trainer_core"
"""Name of the exported module, and of its files."""

FORMAT = 1

WAIVERS = {
    "ASCRANGE": "one-bit vectors are written [0:0]",
    "CASEINCOMPLETE": "a case sets what it changes; defaults are assigned before it",
    "CMPCONST": "a bound of a configuration may be the bound of its type",
    "DECLFILENAME": "one file holds the core's modules",
    "PROCASSINIT": "registers have their value after power-up and after reset",
    "UNSIGNED": "a bound of a configuration may be zero",
    "UNUSEDSIGNAL": "what a configuration makes constant or does not need stays named",
    "WIDTHEXPAND": "operands are extended as Verilog's rules have it",
    "WIDTHTRUNC": "sums are cut to the width of what they are assigned to",
}
"""Verilator's warnings that the Verilog raises, and why each is harmless."""

REGISTERS = {
    GlobalRegister.IDENTITY: ("r", f'{IDENTITY:#010x}: "MPL" and the interface\'s version'),
    GlobalRegister.LAYERS: ("r", "number of layers"),
    GlobalRegister.STATUS: ("r", "bit 0: busy; bit 1: resetting"),
    GlobalRegister.RESET: (
        "w",
        "write 1: the initial state of the seed; counts are cleared",
    ),
    GlobalRegister.SEED_LOW: ("rw", "bits 31 to 0 of the seed"),
    GlobalRegister.SEED_HIGH: ("rw", "bits 47 to 32 of the seed"),
    GlobalRegister.BATCH: ("rw", "samples of a batch, 1 to 65535; a write begins a new batch"),
    GlobalRegister.MODE: ("rw", "0: train; 1: infer only"),
    GlobalRegister.SAMPLES: ("rw", "samples trained on; a write clears it"),
    GlobalRegister.REFUSED: ("rw", "samples refused; a write clears it"),
    GlobalRegister.CLASSES: ("r", "classes"),
    GlobalRegister.COUNTER_BITS: ("r", "bits of a hidden weight"),
}

LAYER_REGISTERS = {
    LayerRegister.MARGIN: ("rw", "floor(r·K): lead that a right answer must have"),
    LayerRegister.EVENTS: ("rw", "M: reinforcement events of a commit"),
    LayerRegister.ERRORS: ("rw", "error bits raised; a write clears it"),
    LayerRegister.UPDATES: ("rw", "neurons updated; a write clears it"),
    LayerRegister.SATURATED: (
        "r",
        "counters at a bound; takes a scan, and a new position is needed after it; not while busy",
    ),
    LayerRegister.POSITION: (
        "w",
        "neuron j: the next access of COUNTER is to k[j][0]; lost when samples are trained on",
    ),
    LayerRegister.COUNTER: (
        "rw",
        "k, sign-extended, then on to the next one; not while busy",
    ),
    LayerRegister.STREAM_0: ("rw", "bits 31 to 0 of the reinforcement stream's history times 2"),
    LayerRegister.STREAM_1: ("rw", "bits 63 to 32 of it; write all four in order, once"),
    LayerRegister.STREAM_2: ("rw", "bits 95 to 64 of it"),
    LayerRegister.STREAM_3: ("rw", "bits 127 to 96 of it"),
    LayerRegister.INPUTS: ("r", "input bits N"),
    LayerRegister.NEURONS: ("r", "neurons K"),
    LayerRegister.GROUP: ("r", "group size"),
}


@dataclass(frozen=True)
class ExportedCore:
    """The files of an export.

    Attributes
    ----------
    verilog : Path
        The core, in one file.
    description : Path
        Ports, registers, network and plan, as JSON.
    manual : Path
        The same to read, as Markdown.
    waivers : Path
        Verilator's warnings that are harmless, each with its reason.
    """

    verilog: Path
    description: Path
    manual: Path
    waivers: Path


def export_verilog(folded: FoldedNetwork, directory: Path) -> ExportedCore:
    """Write the trainer core of a network as Verilog, with what one needs to drive it.

    Files that are there already are replaced, each whole.

    Parameters
    ----------
    folded : FoldedNetwork
        The network and how it is folded.
    directory : Path
        Where to; made if it is not there.

    Raises
    ------
    ConfigurationError
        If the directory is a file.
    VerilogError
        If Yosys fails.
    OSError
        If a file cannot be written.
    """
    if directory.exists() and not directory.is_dir():
        raise ConfigurationError(f"{directory} is a file; name a directory for the export")
    core = TrainerCore(folded)
    ports, inputs = describe_ports(core)
    # On any platform, memories are described, not instantiated, and nothing is asserted.
    text = to_verilog(core, name=MODULE, platform=SimpleNamespace(device=""))
    description = _description(folded, ports, inputs)
    files = ExportedCore(
        verilog=directory / f"{MODULE}.v",
        description=directory / f"{MODULE}.json",
        manual=directory / f"{MODULE}.md",
        waivers=directory / f"{MODULE}.vlt",
    )
    directory.mkdir(parents=True, exist_ok=True)
    for path, content in (
        (files.verilog, text),
        (files.description, json.dumps(description, indent=2) + "\n"),
        (files.manual, _manual(folded, ports, inputs)),
        (files.waivers, _waivers()),
    ):
        write_atomically(path, content.encode())
    return files


def _waivers() -> str:
    lines = ["`verilator_config", ""]
    for rule, reason in WAIVERS.items():
        lines += [
            f"// {reason[0].upper()}{reason[1:]}.",
            f'lint_off -rule {rule} -file "*{MODULE}.v"',
        ]
    return "\n".join(lines) + "\n"


def _description(
    folded: FoldedNetwork,
    ports: dict[str, Layout],
    inputs: tuple[str, ...],
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "module": MODULE,
        "clock": {"port": "clk", "edge": "rising"},
        "reset": {"port": "rst", "active": "high", "synchronous": True},
        "network": folded.config.to_dict(),
        "plan": folded.plan.to_dict(),
        "sample_words": folded.first.load_words,
        "timing": [_timing(layer) for layer in folded.layers],
        "cycles_per_sample": round(estimate_cycles(folded).total, 1),
        "ports": {
            name: {"direction": "input" if name in inputs else "output", **layout}
            for name, layout in ports.items()
        },
        "status": {status.name: status.value for status in Status},
        "registers": [
            {"name": name, "address": address, "access": access, "meaning": meaning}
            for name, address, access, meaning in _registers(folded.config)
        ],
    }


def _timing(folded: FoldedLayer) -> dict[str, int]:
    """What a layer takes, in cycles; the page says what each is."""
    timing = LayerTiming.of(folded)
    return {
        "load": folded.load_words,
        "forward": int(timing.interval),
        "result": int(timing.result),
        "update": int(timing.round),
        "scan": folded.bank_rows,
    }


def _registers(config: NetworkConfig) -> Iterator[tuple[str, int, str, str]]:
    for register, (access, meaning) in REGISTERS.items():
        yield register.name, int(register), access, meaning
    for layer in config.layers:
        for local, (access, meaning) in LAYER_REGISTERS.items():
            address = layer_address(layer.index, local)
            yield f"LAYER_{layer.index}_{local.name}", address, access, meaning


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


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


MANUAL = """\
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
refused while the core is busy, and so are reads of COUNTER and SATURATED. Whatever is refused
changes nothing.

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


def _manual(
    folded: FoldedNetwork,
    ports: dict[str, Layout],
    inputs: tuple[str, ...],
) -> str:
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
        (f"`{address:#08x}`", f"`{name}`", access, meaning)
        for name, address, access, meaning in _registers(config)
    ]
    timing_rows = [
        (
            str(layer.config.index),
            ", ".join(f"{factor} {value}" for factor, value in layer.plan.to_dict().items()),
            *map(str, _timing(layer).values()),
        )
        for layer in folded.layers
    ]
    return MANUAL.format(
        module=MODULE,
        shape="–".join(map(str, (config.inputs, *config.hidden, config.classes))),
        counter_bits=config.counter_bits,
        groups=", ".join(map(str, config.groups)),
        ports=_table(("port", "direction", "bits", "parts of the payload"), port_rows),
        words=folded.first.load_words,
        load=folded.first.plan.load,
        inputs=config.inputs,
        status=_table(
            ("status", "value"), [(f"`{status.name}`", str(status.value)) for status in Status]
        ),
        registers=_table(("address", "register", "access", "meaning"), register_rows),
        robustness=config.robustness,
        reinforcement=config.reinforcement,
        events=", ".join(
            str(reinforcement_events(layer, config.reinforcement, 0.0)) for layer in config.layers
        ),
        margins=", ".join(str(layer.margin) for layer in config.layers),
        batch=config.batch,
        cycles=estimate_cycles(folded).total,
        timing=_table(("layer", "fold factors", *_timing(folded.first)), timing_rows),
    )
