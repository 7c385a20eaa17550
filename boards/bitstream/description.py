"""The description of a build, ``build.json``: design, resources, clock, speed, tools."""

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...golden_model.config import NetworkConfig, default_group
from ...golden_model.errors import ConfigurationError
from ...hdl.planning.cycles import Workload, estimate_cycles
from ...hdl.planning.plan import FoldedLayer, FoldedNetwork
from ...hdl.planning.universal import PlacedNetwork, UniversalTrainer
from ..targets.board_target import BoardTarget
from ..targets.catalogue import find_board
from .errors import BuildError
from .flow_run import FlowRun
from .prepare import Prepared
from .tool_reports import cell_needs, critical_path, placement_of

__all__ = ["DESCRIPTION", "FORMAT", "Build", "describe", "design_entries", "is_build_file"]

DESCRIPTION = "build.json"
FORMAT = 3
"""Version of the format of the description."""

BUILD_FILE = re.compile(r"build\.json|synthesis\.log|top\.[\w.]+|(place|placed|report)-\d+\.\w+")
"""Names of the files of a build."""

LATER_EPOCH = Workload(errors=(1 / 3,), accuracy=0.8)
"""Approximate rates of errors and updates in later epochs."""

LINK_BITS_PER_BYTE = 10


def is_build_file(name: str) -> bool:
    """Whether a file of this name belongs to a build; the directory can have other files."""
    return BUILD_FILE.fullmatch(name) is not None


@dataclass(frozen=True)
class Build:
    """A built bitstream and its description.

    Attributes
    ----------
    directory : Path
        The directory of the build.
    description : dict
        The contents of ``build.json``.
    """

    directory: Path
    description: dict[str, Any]

    @property
    def board(self) -> BoardTarget:
        """The board of the build."""
        return find_board(self.description["board"])

    @property
    def trainer(self) -> UniversalTrainer | None:
        """The universal trainer of the build; None if it has one network."""
        entry = self.description["trainer"]
        return None if entry is None else UniversalTrainer.from_dict(entry)

    @property
    def bitstream(self) -> Path:
        """The file to flash."""
        return self.directory / self.description["bitstream"]

    @property
    def files(self) -> list[Path]:
        """The files of the build, without other files in the directory."""
        return [path for path in self.directory.iterdir() if is_build_file(path.name)]

    @classmethod
    def load(cls, directory: Path) -> "Build":
        """Load a build from its directory.

        Raises
        ------
        BuildError
            If the directory has no valid build.
        """
        path = directory / DESCRIPTION
        try:
            description = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise BuildError(
                f"{directory} has no build: name a directory that `metaplast build` has written"
            ) from None
        except ValueError as error:
            raise BuildError(f"{path} is damaged ({error}): build again") from None
        if not isinstance(description, dict) or "bitstream" not in description:
            raise BuildError(f"{path} is no description of a build: build again")
        if description.get("format") != FORMAT:
            raise BuildError(f"{directory} was built by another release of Metaplast: build again")
        return cls(directory, description)

    def check_bitstream(self) -> None:
        """Check that the bitstream exists and is unchanged.

        Raises
        ------
        BuildError
            If it is missing or damaged.
        """
        try:
            content = self.bitstream.read_bytes()
        except FileNotFoundError:
            raise BuildError(f"{self.bitstream} is missing: build again") from None
        digest = self.description.get("bitstream_sha256")
        if digest is not None and digest != hashlib.sha256(content).hexdigest():
            raise BuildError(f"{self.bitstream} is damaged: build again")


def describe(run: FlowRun, reached: dict[int, float], best: int, **origin: Any) -> dict[str, Any]:
    """Make the description of a build, after the tools have run.

    Parameters
    ----------
    run : FlowRun
        The run of the tools, whose files still exist.
    reached : dict of int to float
        The clock that each seed reaches, in MHz.
    best : int
        The seed of the bitstream.
    origin
        Further entries: ``identity``, ``tools``, ``native``, ``seconds``.
    """
    prepared, flow, directory = run.prepared, run.flow, run.directory
    report, source = run.report(best), prepared.files["top.il"]
    return {
        "format": FORMAT,
        "board": prepared.board.name,
        "fpga": prepared.board.fpga.name,
        "bitstream": flow.bitstream,
        "bitstream_sha256": hashlib.sha256((directory / flow.bitstream).read_bytes()).hexdigest(),
        **design_entries(prepared.design),
        "clock_mhz": prepared.clock_mhz,
        "reached_mhz": reached[best],
        "baud": prepared.board.baud,
        "seed": best,
        "seeds": {str(seed): reached[seed] for seed in sorted(reached)},
        "utilisation": report["utilization"],
        "critical_path": critical_path(report),
        **cell_needs(directory / flow.netlist, flow, source),
        "placement": placement_of(directory / f"placed-{best}.json", source),
        **_rates(prepared),
        **origin,
    }


def design_entries(design: FoldedNetwork | UniversalTrainer) -> dict[str, Any]:
    """Entries that describe a design: ``trainer`` of a universal one, or ``config`` and ``plan``.

    The other ones are None.
    """
    if isinstance(design, UniversalTrainer):
        return {"trainer": design.to_dict(), "config": None, "plan": None}
    return {"trainer": None, "config": design.config.to_dict(), "plan": design.plan.to_dict()}


def _rates(prepared: Prepared) -> dict[str, Any]:
    """Cycles per sample, and samples per second.

    For a universal trainer, the link's rate is that of the board's default network, or of a smaller
    one that fits, and the rates of the core are None.
    """
    board, design = prepared.board, prepared.design
    if isinstance(design, UniversalTrainer):
        placed = _placed_or_smaller(board.network, design)
        return {
            "rates_of": placed.config.to_dict(),
            "cycles_per_sample": None,
            "core_samples_per_second": None,
            "link_samples_per_second": _link_rate(prepared, placed.first),
        }
    clock = float(prepared.clock)
    first = estimate_cycles(design).total
    later = estimate_cycles(design, LATER_EPOCH).total
    return {
        "rates_of": design.config.to_dict(),
        "cycles_per_sample": {"first_epoch": first, "later_epochs": later},
        "core_samples_per_second": {
            "first_epoch": clock / first,
            "later_epochs": clock / later,
        },
        "link_samples_per_second": _link_rate(prepared, design.first),
    }


def _placed_or_smaller(network: NetworkConfig, trainer: UniversalTrainer) -> PlacedNetwork:
    """A network on a universal trainer, or if it does not fit, one of a layer that does.

    The smallest, of one input and one neuron, fits any trainer.
    """
    with suppress(ConfigurationError):
        return trainer.place(network)
    capacity = trainer.capacity
    inputs, classes = min(network.inputs, capacity.inputs), min(network.classes, capacity.classes)
    neurons = min(sum(network.hidden), capacity.neurons)
    while True:
        smaller = replace(
            network,
            inputs=inputs,
            hidden=(neurons,),
            groups=(default_group(neurons),),
            classes=classes,
            counter_bits=capacity.counter_bits,
        )
        try:
            return trainer.place(smaller)
        except ConfigurationError:
            if (inputs, neurons) == (1, 1):
                raise
        if neurons > 1:
            neurons //= 2
        else:
            inputs //= 2


def _link_rate(prepared: Prepared, first: FoldedLayer) -> float:
    """Samples per second that the link carries, without escape bytes."""
    frame = 1 + 2 + 1 + 1 + 4 + 1
    sample_bytes = frame + first.sample_words * -(-first.plan.input_width // 8)
    return prepared.board.baud / LINK_BITS_PER_BYTE / sample_bytes
