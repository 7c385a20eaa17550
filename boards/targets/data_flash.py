"""DataFlash: the SPI flash of a board, and where a data image lies in it."""

from dataclasses import dataclass, replace

from ...golden_model.errors import ConfigurationError

__all__ = ["ERASE_BLOCK", "MEBIBYTE", "DataFlash"]

ERASE_BLOCK = 1 << 16
"""Bytes that the flash erases at once."""
MEBIBYTE = 1 << 20
MAX_BYTES = 16 * MEBIBYTE
"""Bytes that the three address bytes of the flash's commands reach."""


@dataclass(frozen=True, kw_only=True)
class DataFlash:
    """The SPI flash that holds a data image (docs/image.md).

    Parameters
    ----------
    chip : str
        The vendor's name of the flash.
    size : int
        Bytes of the flash. At most 16 MiB.
    offset : int
        First byte of the data image, behind bitstreams and a bootloader. A multiple of 64 KiB,
        below ``size``.
    loader_options : tuple of str
        Further options of openFPGALoader.
    needs_cable : bool
        Whether openFPGALoader reaches the data over a JTAG cable only, not over the board's USB.

    Raises
    ------
    ConfigurationError
        If ``size`` or ``offset`` breaks a rule above.
    """

    chip: str
    size: int
    offset: int
    loader_options: tuple[str, ...] = ()
    needs_cable: bool = False

    def __post_init__(self) -> None:
        if self.offset < 0 or self.offset % ERASE_BLOCK:
            raise ConfigurationError(
                f"offset must be a multiple of {ERASE_BLOCK:,} bytes, which the flash erases at "
                f"once, not {self.offset:,}"
            )
        if not self.offset < self.size <= MAX_BYTES:
            raise ConfigurationError(
                f"size must be above {self.offset / MEBIBYTE:g} MiB, where the data begin, and at "
                f"most {MAX_BYTES // MEBIBYTE} MiB, not {self.size / MEBIBYTE:g} MiB"
            )

    @property
    def room(self) -> int:
        """Bytes for a data image."""
        return self.size - self.offset

    def with_size(self, mebibytes: int) -> "DataFlash":
        """This flash in another size, as another production of the board has it.

        Raises
        ------
        ConfigurationError
            If the size breaks a rule.
        """
        return replace(self, size=mebibytes * MEBIBYTE)
