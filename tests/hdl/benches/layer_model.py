"""Model of a folded layer for benches: the reference layer, divided into banks, sets and words."""

from collections.abc import Sequence
from typing import Any

from metaplast.golden_model.reference import ReferenceLayer
from metaplast.hdl.planning.plan import FoldedLayer
from metaplast.hdl.planning.universal import PlacedLayer
from metaplast.sim.bench import Bench

from ..forward_layers import FORWARD_LAYERS
from ..placed_layers import ENGINES, random_network, shape_of, snapshot_row_of

__all__ = ["LayerModel", "known_choice", "models_of", "to_bits"]


def to_bits(values: Sequence[int]) -> int:
    """Bits in a word, the first one lowest."""
    return sum(value << n for n, value in enumerate(values))


def known_choice(choice: dict[str, int]) -> dict[str, int]:
    """A choice, with the neuron set to 0 if none was found."""
    return choice if choice["found"] else {"found": 0, "offset": 0, "desired": 0}


def models_of(bench: Bench) -> list["LayerModel"]:
    """The layer that the bench's parameters name, or the layers of a network on an engine."""
    name = bench.parameters["layer"]
    if name in FORWARD_LAYERS:
        return [LayerModel(bench, FORWARD_LAYERS[name])]
    engine = ENGINES[name]
    return [
        LayerModel(bench, layer, width=engine.select)
        for layer in random_network(engine, bench.random)
    ]


class LayerModel:
    """A layer, with random weights and classifier.

    Parameters
    ----------
    bench : Bench
        The bench.
    layer : FoldedLayer
        The layer.
    width : int, optional
        Neurons of a bank in a step of the classifier's memory; by default those of the layer.
    """

    def __init__(self, bench: Bench, layer: FoldedLayer, *, width: int = 0):
        self.random = bench.random
        self.folded = layer
        self.config = self.folded.config
        self.width = width or layer.select
        self.shape = shape_of(layer)
        self.literal = ReferenceLayer(self.config, seed=bench.random.getrandbits(48))
        self._places = {
            snapshot_row_of(layer, number * layer.plan.pe, word): (number, word)
            for number in range(layer.sets)
            for word in range(layer.words)
        }

    def sample(self) -> list[int]:
        """Bits of a sample; sometimes the weights of a neuron, or their complement."""
        x = [self.random.getrandbits(1) for _ in range(self.config.inputs)]
        if self.random.random() < 0.3:
            flip = self.random.getrandbits(1)
            x = [w ^ flip for w in self.random.choice(self.literal.w)]
        return x

    def words(self, bits: Sequence[int], width: int) -> list[int]:
        """Bits of a sample in words, the last one padded with ones."""
        padded = [*bits, *[1] * (-len(bits) % width)]
        return [to_bits(padded[n : n + width]) for n in range(0, len(bits), width)]

    def snapshot_row(self, bank: int, row: int) -> list[int]:
        """A row of the snapshot, by its address; random if the layer has no such row."""
        folded = self.folded
        if row not in self._places:
            return [self.random.getrandbits(folded.plan.simd) for _ in range(folded.plan.pe)]
        return self.snapshot_word(bank, *self._places[row])

    def snapshot_word(self, bank: int, evaluated: int, number: int) -> list[int]:
        """A word of weights for each of the ``pe`` neurons of a set; random for a missing neuron.

        The last word is padded with zeros.
        """
        folded, word = self.folded, self.folded.plan.simd
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
        first = folded.column if isinstance(folded, PlacedLayer) else 0
        for j in range(self.config.neurons):
            bank, m = divmod(j, folded.bank_neurons)
            step, position = divmod(m, self.width)
            place = {"bank": bank, "step": first + step, "position": position}
            columns.append({**place, "bits": self.column(j)})
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
