"""What a bench is told by the process that runs it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .layout import Layout

__all__ = ["SETTINGS_VARIABLE", "Settings"]

SETTINGS_VARIABLE = "METAPLAST_BENCH"
"""Environment variable that names the file with a bench's settings."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """A bench's settings.

    Parameters
    ----------
    parameters : dict
        The bench's own.
    ports : dict of str to Layout
        What the design's ports hold.
    inputs : tuple of str
        Which of them are inputs.
    flip : bool
        Whether to flip one bit of what is expected.
    reports : Path
        Where the bench's reports go, a line of JSON each.
    """

    parameters: dict[str, Any]
    ports: dict[str, Layout]
    inputs: tuple[str, ...]
    flip: bool
    reports: Path

    def write(self, path: Path) -> None:
        """Write the settings to a file."""
        path.write_text(json.dumps({**asdict(self), "reports": str(self.reports)}))

    @classmethod
    def read(cls) -> "Settings":
        """The settings in the file that the environment names."""
        values = json.loads(Path(os.environ[SETTINGS_VARIABLE]).read_text())
        return cls(
            **{**values, "inputs": tuple(values["inputs"]), "reports": Path(values["reports"])}
        )
