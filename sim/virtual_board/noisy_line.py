"""A serial line with transmission errors, to test the host link."""

import random
from dataclasses import dataclass, field

__all__ = ["NoisyLine"]


@dataclass
class NoisyLine:
    """A line that flips bits of bytes, drops bytes, inserts bytes, or delays them.

    Parameters
    ----------
    faults : float
        Share of the bytes with a fault, 0 to 1; all kinds of faults are equally likely.
    seed : int
        Seed of the faults.

    Raises
    ------
    ValueError
        If the share is not from 0 to 1.
    """

    faults: float = 0.0
    seed: int = 1
    _random: random.Random = field(init=False, repr=False)
    _late: list[int] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.faults <= 1:
            raise ValueError(f"faults must be from 0 to 1, not {self.faults!r}")
        self._random = random.Random(self.seed)

    def carry(self, content: bytes) -> bytes:
        """Transmit bytes; gives the received bytes."""
        if not self.faults:
            return content
        out = bytearray()
        for byte in content:
            if self._random.random() >= self.faults:
                out.append(byte)
                while self._late:
                    out.append(self._late.pop())
                continue
            match self._random.randrange(4):
                case 0:
                    out.append(byte ^ 1 << self._random.randrange(8))
                case 1:
                    pass
                case 2:
                    out += bytes([byte, self._random.randrange(256)])
                case _:
                    self._late.append(byte)
        return bytes(out)
