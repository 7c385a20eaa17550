"""Model of a folded layer for benches: the reference layer, divided into banks, sets and words."""

from collections.abc import Sequence
from typing import Any

from metaplast.golden_model.reference import ReferenceLayer
from metaplast.sim.bench import Bench

from ..forward_layers import FORWARD_LAYERS

__all__ = ["LayerModel", "known_choice", "to_bits"]


def to_bits(values: Sequence[int]) -> int:
    """Bits in a word, the first one lowest."""
    return sum(value << n for n, value in enumerate(values))


def known_choice(choice: dict[str, int]) -> dict[str, int]:
    """A choice, with the neuron set to 0 if none was found."""
    return choice if choice["found"] else {"found": 0, "offset": 0, "desired": 0}


class LayerModel:
    """The layer that the bench's parameters name, with random weights and classifier.

    Parameters
    ----------
    bench : Bench
        The bench.
    """

    def __init__(self, bench: Bench):
        self.random = bench.random
        self.folded = FORWARD_LAYERS[bench.parameters["layer"]]
        self.config = self.folded.config
        self.literal = ReferenceLayer(self.config, seed=bench.random.getrandbits(48))

    def sample(self) -> list[int]:
        """Bits of a sample; sometimes the weights of a neuron, or their complement."""
        x = [self.random.getrandbits(1) for _ in range(self.config.inputs)]
        if self.random.random() < 0.3:
            flip = self.random.getrandbits(1)
            x = [w ^ flip for w in self.random.choice(self.literal.w)]
        return x

    def words(self, bits: Sequence[int], width: int) -> list[int]:
        """Bits in words, the last one padded with zeros."""
        return [to_bits(bits[n : n + width]) for n in range(0, len(bits), width)]

    def snapshot_row(self, bank: int, row: int) -> list[int]:
        """A word of weights for each of the ``pe`` neurons; random for a missing neuron."""
        folded, word = self.folded, self.folded.plan.simd
        evaluated, number = divmod(row, folded.words)
        pe = []
        for lane in range(folded.plan.pe):
            m = evaluated * folded.plan.pe + lane
            if m < folded.bank_neurons:
                weights = self.literal.w[bank * folded.bank_neurons + m]
                pe.append(to_bits(weights[number * word : (number + 1) * word]))
            else:
                pe.append(self.random.getrandbits(word))
        return pe

    def column(self, neuron: int) -> int:
        """Bits of a neuron in the rows of the local classifier, one per class."""
        return to_bits([row[neuron] for row in self.literal.p])

    def columns(self) -> list[dict[str, Any]]:
        """All columns with their positions, in random order."""
        folded = self.folded
        columns = []
        for j in range(self.config.neurons):
            bank, m = divmod(j, folded.bank_neurons)
            step, position = divmod(m, folded.select)
            columns.append(
                {"bank": bank, "step": step, "position": position, "bits": self.column(j)}
            )
        self.random.shuffle(columns)
        return columns

    def choices(self, x: list[int], y: int) -> list[list[dict[str, int]]]:
        """For each bank, the choices of its groups if the error bit is raised."""
        z, a, _ = self.literal.forward(x)
        choices = []
        for g, j in enumerate(self.literal.choose(z, a, y)):
            found = j >= 0
            choices.append(
                {
                    "found": found,
                    "offset": j - g * self.config.group if found else 0,
                    "desired": self.literal.p[y][j] if found else 0,
                }
            )
        per_bank = self.folded.bank_groups
        return [choices[n : n + per_bank] for n in range(0, len(choices), per_bank)]
