"""Random number generator of model and gateware: an LFSR stream (docs/algorithm.md, 6)."""

import numpy as np
from numpy.typing import NDArray

from .config import MAX_EPOCHS, MAX_SEED, checked_integer
from .errors import ConfigurationError

__all__ = [
    "RandomStream",
    "classifier_id",
    "initial_counters_id",
    "order_id",
    "reinforcement_id",
    "split_mix_64",
]

MASK_64 = (1 << 64) - 1
HISTORY_BITS = 127
SHORT_LAG, LONG_LAG = 64, 127

# A step computes SHORT_LAG·2^m bits at once from a history of LONG_LAG·2^m bits. With m = 6 and
# more, lags are whole words; the largest m limits the history in memory.
FIRST_DOUBLING, LAST_DOUBLING = 6, 11


def initial_counters_id(layer: int) -> int:
    """Stream number of the initial counters of a layer."""
    return 8 * layer


def classifier_id(layer: int) -> int:
    """Stream number of the local classifier of a layer."""
    return 8 * layer + 1


def reinforcement_id(layer: int) -> int:
    """Stream number of the reinforcement events of a layer."""
    return 8 * layer + 2


def order_id(epoch: int) -> int:
    """Stream number of the sample order of an epoch.

    Raises
    ------
    ConfigurationError
        If the epoch is not from 0 to 32767.
    """
    return 0x8000 + checked_integer("an epoch", epoch, 0, MAX_EPOCHS - 1)


def split_mix_64(state: int, count: int) -> list[int]:
    """The first ``count`` 64-bit outputs of SplitMix64 started with ``state``."""
    outputs = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK_64
        z = state
        z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & MASK_64
        z = ((z ^ z >> 27) * 0x94D049BB133111EB) & MASK_64
        outputs.append(z ^ z >> 31)
    return outputs


class RandomStream:
    """Random bits ``b[n] = b[n−64] XOR b[n−127]``, drawn 32 at a time.

    Parameters
    ----------
    seed : int
        48 bits, unsigned.
    stream_id : int
        Stream number. 16 bits, unsigned.

    Raises
    ------
    ConfigurationError
        If the seed or the stream number is not an integer, or out of range.
    """

    def __init__(self, seed: int, stream_id: int):
        seed = checked_integer("seed", seed, 0, MAX_SEED)
        stream_id = checked_integer("stream_id", stream_id, 0, 0xFFFF)
        low, high = split_mix_64(seed << 16 | stream_id, 2)
        history = (low | high << 64) & ((1 << HISTORY_BITS) - 1)
        self._start(history or 1)

    def _start(self, history: int) -> None:
        # Bit 127 of the two words is dropped: the history is 127 bits, aligned to its end.
        self._origin = history
        self._words = np.empty(0, dtype="<u8")
        self._taken = 0  # draws taken from _words
        self._doubling = 0

    @property
    def history(self) -> tuple[int, int]:
        """The 127 bits before the next draw, oldest lowest, as ``(low, high)`` 64-bit words."""
        bits = self._origin
        length = HISTORY_BITS
        first = max(0, (self._taken - 4) // 2)  # the last 127 bits lie within four draws
        for index in range(first * 2, self._taken):
            word = int(self._words[index // 2]) >> (32 * (index % 2)) & 0xFFFFFFFF
            bits |= word << length
            length += 32
        if first:
            bits, length = bits >> HISTORY_BITS, length - HISTORY_BITS
        bits = bits >> (length - HISTORY_BITS) & ((1 << HISTORY_BITS) - 1)
        return bits & MASK_64, bits >> 64

    @classmethod
    def from_history(cls, low: int, high: int) -> "RandomStream":
        """Make a stream that continues after this :attr:`history`.

        Raises
        ------
        ConfigurationError
            If the history is all zero (all later bits would be zero) or too long.
        """
        low, high = int(low), int(high)  # NumPy integers would overflow
        history = low | high << 64
        if not 0 <= low <= MASK_64 or not 0 < history < 1 << HISTORY_BITS:
            raise ConfigurationError(
                "a stream's history must be 127 bits, not all zero, in words of 64 and 63 bits, "
                f"not {low:#x} and {high:#x}"
            )
        stream = cls.__new__(cls)
        stream._start(history)
        return stream

    def draws(self, count: int) -> NDArray[np.uint32]:
        """The next ``count`` draws of 32 bits, shape ``(count,)``."""
        taken = np.empty(count, dtype=np.uint32)
        done = 0
        while done < count:
            available = 2 * len(self._words) - self._taken
            if not available:
                self._extend()
                continue
            step = min(available, count - done)
            taken[done : done + step] = self._words.view("<u4")[self._taken : self._taken + step]
            self._taken += step
            done += step
        return taken

    def _extend(self) -> None:
        """Compute more words; all earlier words are taken."""
        if len(self._words) < LONG_LAG:
            self._extend_slowly()
            return
        while (
            self._doubling < LAST_DOUBLING - FIRST_DOUBLING
            and len(self._words) >= LONG_LAG << self._doubling + 1
        ):
            self._doubling += 1
        short, long = SHORT_LAG << self._doubling, LONG_LAG << self._doubling
        fresh = self._words[-short:] ^ self._words[-long:][:short]
        kept = self._words[-(LONG_LAG << self._doubling + 1) :]
        self._taken -= 2 * (len(self._words) - len(kept))
        self._words = np.concatenate([kept, fresh])
        self._origin = 0  # no longer needed

    def _extend_slowly(self) -> None:
        """Compute one word from the 127 bits before it, by the recurrence."""
        low, high = self.history
        before = low | high << 64
        # Bit n of the word: b[n−64] is bit 63 + n of the history, b[n−127] is bit n. The last bit
        # of the word, n = 63, needs bit 126 of the history, its newest: 64 bits at once.
        word = (before >> 63 ^ before) & MASK_64
        self._words = np.append(self._words, np.array([word], dtype="<u8"))
