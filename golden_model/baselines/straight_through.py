"""A binary network trained with straight-through gradients, in PyTorch, for `metaplast compare`.

Binary weights are the signs of float weights, which are kept within ±1; the gradient ignores the
sign function. Activations are signs too, which a gradient passes where the pre-activation is within
±1 (M. Courbariaux et al., *Binarized Neural Networks*, arXiv:1602.02830).
There are no biases and no batch normalisation; a layer's sums are scaled by ``1/√N`` instead, so
that about two thirds of them pass. Adam moves the float weights.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

__all__ = ["StraightThroughNetwork"]

SLICE = 4096


class StraightThroughNetwork:
    """A binary network with float latent weights, trained by Adam.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, neurons of each hidden layer, classes.
    seed : int
        Seed of the initial weights and of the sample order of each epoch.
    rate : float
        Adam's learning rate.
    """

    def __init__(self, sizes: Sequence[int], *, seed: int, rate: float = 1e-2):
        self._generator = torch.Generator().manual_seed(seed)
        self._weights = [
            (torch.rand(outputs, inputs, generator=self._generator) * 2 - 1).requires_grad_()
            for inputs, outputs in pairwise(sizes)
        ]
        self._optimiser = torch.optim.Adam(self._weights, lr=rate)

    def train_epoch(self, x: NDArray[np.uint8], y: NDArray[np.int64], *, batch: int) -> None:
        """Train on every sample once, in a random order.

        Parameters
        ----------
        x : (n, N) of 0 and 1
            Encoded samples.
        y : (n,) int
            Labels.
        batch : int
            Samples of an optimiser step.
        """
        samples, labels = torch.from_numpy(x), torch.from_numpy(y)
        order = torch.randperm(len(x), generator=self._generator)
        for part in order.split(batch):
            loss = torch.nn.functional.cross_entropy(self._scores(samples[part]), labels[part])
            self._optimiser.zero_grad()
            loss.backward()
            self._optimiser.step()
            with torch.no_grad():
                for weights in self._weights:
                    weights.clamp_(-1, 1)

    def predict(self, x: NDArray[np.uint8]) -> NDArray[np.int64]:
        """The class of each encoded sample, (n,)."""
        with torch.no_grad():
            parts = [
                self._scores(part).argmax(dim=1).numpy()
                for part in torch.from_numpy(x).split(SLICE)
            ]
        return np.concatenate(parts)

    def _scores(self, bits: Any) -> Any:
        a = bits.float() * 2 - 1
        for index, weights in enumerate(self._weights):
            z = a @ _sign_of(weights).T / weights.shape[1] ** 0.5
            if index == len(self._weights) - 1:
                return z
            a = _sign_of(z.clamp(-1, 1))
        return a


def _sign_of(values: Any) -> Any:
    """The sign, +1 for zero, with the gradient of the identity."""
    signs = torch.where(values >= 0, 1.0, -1.0)
    return values + (signs - values).detach()
