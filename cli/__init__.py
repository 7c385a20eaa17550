"""The `metaplast` command.

One module a command group; :mod:`~.app` lists them. NumPy and whatever else takes time to import
are imported inside the command that needs them, so that `metaplast --help` answers at once.
"""

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and end the process with its status: 0, 1 (it failed) or 2 (usage)."""
    # The model's matrix products are small: BLAS threads would mostly wait for each other.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from .app import app
        from .terminal.interrupts import end_with_the_command

        end_with_the_command()
        app()
    except KeyboardInterrupt:  # before or after what the application handles itself
        sys.exit("Error: interrupted")
