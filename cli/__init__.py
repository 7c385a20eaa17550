"""The `metaplast` command line.

Each command is a module in :mod:`~.commands`; :mod:`~.app` lists them. Modules that take time to
import, such as NumPy, are imported inside the command that needs them, so that `metaplast --help`
answers at once.
"""

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with status 0 (success), 1 (failure) or 2 (usage error)."""
    # The model's matrix products are small: BLAS threads would wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from .app import app
        from .terminal.interrupts import end_with_the_command

        end_with_the_command()
        app()
    except KeyboardInterrupt:  # before the application starts, or after it ends
        sys.exit("Error: interrupted")
