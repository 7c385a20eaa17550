"""Build the executable of a simulator with Verilator and a C++ compiler.

The compiler is called without make: Verilator's runtime and the headers, which all designs share,
are compiled once, so that a small design is built in a second.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ...tools.cache import content_key, get_or_build
from .design import TOP, Design
from .tools import Tools

__all__ = ["build_executable"]

QUICK_BUILD = "-O0"
QUICK_RUN = "-O3"

UNIT_BYTES = 300_000
"""Approximate size of a compilation unit."""


def build_executable(
    design: Design, *, optimize: bool, waves: bool, main: Path | None
) -> tuple[Path, bool]:
    """Build the executable of a simulator, or find it in the cache.

    Parameters are those of :func:`.simulator.build`.

    Returns
    -------
    directory : Path
        The directory of the executable :data:`.design.TOP`.
    built : bool
        Whether this call built it.

    Raises
    ------
    SimulationError
        If a tool is missing or fails.
    CacheError
        If the cache cannot be used.
    """
    tools = Tools.find()
    main_source = (main or tools.main).read_bytes()
    options = (
        QUICK_RUN if optimize else QUICK_BUILD,
        f"-DVM_TRACE={int(waves)}",
        f"-DVM_TRACE_VCD={int(waves)}",
    )
    public = _public(design)

    def build(directory: Path) -> None:
        (directory / "top.v").write_text(design.verilog, encoding="utf-8")
        (directory / "public.vlt").write_text(public, encoding="utf-8")
        (directory / "main.cpp").write_bytes(main_source)
        translation = tools.translate(
            [
                *(["-O3"] if optimize else []),
                *(["--trace-vcd"] if waves else []),
                "public.vlt",
                "top.v",
            ],
            directory,
        )
        units = _units(directory, ["main.cpp", *translation.generated])

        def compile_unit(unit: Path) -> Path:
            result = unit.with_suffix(".o")
            own = ["-include", str(headers), "-c", unit.name, "-o", result.name]
            tools.compile([*options, *own], directory)
            return Path(result.name)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            try:
                runtime = pool.map(tools.runtime, translation.runtime)
                headers = tools.headers(options)
                objects = pool.map(compile_unit, units)
                tools.link([*objects, *runtime], directory)
            except BaseException:  # the pool waits for its compilers: Ctrl-C ends them
                tools.runner.stop()
                raise
        for file in directory.iterdir():
            if file.name != TOP:
                file.unlink()

    name = content_key(design.verilog, public, main_source, *options, tools.versions)
    return get_or_build(f"design-{name}", build)


def _public(design: Design) -> str:
    """Verilator's directives for signals that benches access; each makes the simulator slower."""
    names = ("clk", "rst", *design.ports, *design.public)
    lines = (f'public_flat_rw -module "{TOP}" -var "{name}"\n' for name in names)
    return "`verilator_config\n" + "".join(lines)


def _units(directory: Path, sources: Sequence[str]) -> list[Path]:
    """Combine sources into units of similar size: few, since each unit compiles the headers."""
    sizes = {source: (directory / source).stat().st_size for source in sources}
    units: list[list[str]] = [[] for _ in range(1 + sum(sizes.values()) // UNIT_BYTES)]
    for source in sorted(sources, key=lambda source: -sizes[source]):
        min(units, key=lambda unit: sum(map(sizes.__getitem__, unit))).append(source)
    paths = []
    for number, unit in enumerate(filter(None, units)):
        path = directory / f"unit_{number}.cpp"
        path.write_text("".join(f'#include "{source}"\n' for source in unit), encoding="utf-8")
        paths.append(path)
    return paths
