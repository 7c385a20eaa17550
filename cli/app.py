"""The Typer application: list of commands, exit status, error messages, version.

To add a command, write a module with a function ``register(app)`` and name it in ``COMMANDS``.
"""

import importlib
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from .terminal.interrupts import requests_to_end
from .terminal.output import printable

__all__ = ["COMMANDS", "app"]

# The commands' modules, in the order in which `metaplast --help` lists them.
COMMANDS = (
    "train",
    "evaluate",
    "predict",
    "info",
    "simulate",
    "plan",
    "export",
    "devices",
    "virtual-board",
    "boards",
    "build",
    "report",
    "flash",
    "data",
    "encode",
    "store",
    "compare",
    "bench",
)

MAX_SENTENCE = 1200

RENAMED_OPTIONS = {"--device": {"train": "--board"}}
"""Options of earlier releases: their new name by command, and `--fpga` in all other commands."""

INTERRUPTED = 130
"""Typer's exit status after Ctrl-C outside of a command."""

# `click.UsageError`, from the Click that this Typer uses.
UsageError: type[Exception] = typer.BadParameter.__mro__[1]


class MetaplastGroup(TyperGroup):
    """A command group that reports each failure as one sentence and an exit status.

    ===========================================  ======
    result                                       status
    ===========================================  ======
    success                                      0
    bad data or file, interrupted, disk is full  1
    wrong command, option or value               2
    ===========================================  ======
    """

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        windows_expand_args: bool = True,
        **extra: Any,
    ) -> Any:
        """Run with ``args`` (by default those of the process) and exit with the status."""
        for name in ("stdout", "stderr"):
            if getattr(sys, name) is None:  # the parent process has closed it
                setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115, PTH123 - until the end
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # a terminal may lack `γ` or `×`
        try:
            with requests_to_end():
                status = super().main(
                    args,
                    prog_name or "metaplast",
                    complete_var,
                    standalone_mode=False,
                    windows_expand_args=windows_expand_args,
                    **extra,
                )
                sys.stdout.flush()
                if status == INTERRUPTED:
                    status = _fail("interrupted")
        except typer.Abort:  # older Typers turn Ctrl-C into this
            status = _fail("interrupted")
        except UsageError as error:
            _name_renamed_option(error)
            error.show(file=sys.stderr)  # type: ignore[attr-defined]
            status = 2
        except BrokenPipeError:
            status = _closed_pipe()
        except OSError as error:  # while help, version or buffered text is written
            status = _fail(_os_sentence(error))
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - the process ends with it
        sys.exit(status if isinstance(status, int) else 0)

    def invoke(self, ctx: Any) -> Any:
        """Run a command, and report its errors as a sentence on stderr."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            return _closed_pipe()
        except KeyboardInterrupt:
            warnings.simplefilter("ignore")  # resources that the command left open cause some
            return _fail("interrupted")
        except MemoryError as error:
            return _fail(f"not enough memory: {error or 'use fewer samples or a smaller network'}")
        except OSError as error:
            return _fail(_os_sentence(error))
        except Exception as error:
            from ..golden_model.errors import ConfigurationError, MetaplastError

            if not isinstance(error, MetaplastError):
                raise
            return _fail(str(error), status=2 if isinstance(error, ConfigurationError) else 1)


def _name_renamed_option(error: Any) -> None:
    """Put the new name of a renamed option into the error about an unknown option."""
    commands = RENAMED_OPTIONS.get(getattr(error, "option_name", ""))
    if commands is not None and error.ctx is not None:
        name = commands.get(error.ctx.command.name, "--fpga")
        if any(name in parameter.opts for parameter in error.ctx.command.params):
            error.message = f"{error.option_name} is called {name} now"
            error.possibilities = None


def _fail(sentence: str, status: int = 1) -> int:
    typer.echo(f"Error: {_printable(sentence)}", err=True)
    return status


def _printable(sentence: str) -> str:
    """A sentence without control characters, shortened in the middle if it is too long."""
    clean = "\n".join(map(printable, sentence.split("\n")))
    if len(clean) > MAX_SENTENCE:
        clean = f"{clean[: MAX_SENTENCE // 2]} … {clean[-MAX_SENTENCE // 2 :]}"
    return clean


def _os_sentence(error: OSError) -> str:
    reason = error.strerror or str(error) or type(error).__name__
    reason = reason[0].lower() + reason[1:]
    return f"{error.filename}: {reason}" if error.filename else reason


def _closed_pipe() -> int:
    """End quietly, now and at the last flush, when the reader of stdout has closed the pipe."""
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - the process ends with it
    return 1


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"metaplast {version('metaplast')}")
        raise typer.Exit


app = typer.Typer(
    cls=MetaplastGroup,
    name="metaplast",
    help="Train binary neural networks with XNOR, popcount and saturating counters.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _common(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            callback=_show_version,
            is_eager=True,
            help="Print the version and exit.",
        ),
    ] = False,
) -> None:
    pass


for _name in COMMANDS:
    importlib.import_module(f".commands.{_name.replace('-', '_')}", __package__).register(app)
