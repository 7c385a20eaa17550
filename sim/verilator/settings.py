"""Settings of a bench, from the process that runs it."""

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
    """Settings of a bench.

    Parameters
    ----------
    parameters : dict
        Parameters of the bench.
    ports : dict of str to Layout
        Layouts of the design's ports.
    inputs : tuple of str
        Names of the inputs.
    flip : bool
        Whether to flip one bit of an expected item.
    reports : Path
        File for the bench's reports, one line of JSON each.
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
        """Read the settings from the file in :data:`SETTINGS_VARIABLE`."""
        values = json.loads(Path(os.environ[SETTINGS_VARIABLE]).read_text())
        return cls(
            **{**values, "inputs": tuple(values["inputs"]), "reports": Path(values["reports"])}
        )
