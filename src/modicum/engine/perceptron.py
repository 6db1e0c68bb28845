"""A perceptron with hidden layers in numpy: small enough to train in seconds on one core, where no deep learning library is."""

from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from modicum.engine.arrays import F32
from modicum.errors import InputError

_FIRST, _SECOND, _LEAST = 0.9, 0.99, 1e-6  # of Adam: how slowly its means move, and what keeps a division from zero


class Layer(NamedTuple):
    """weights [inputs, outputs] and bias [outputs], both float32; between two layers negative values become zero."""

    weights: F32
    bias: F32


def layers(sizes: list[int], rng: np.random.Generator) -> list[Layer]:
    """Layers of these sizes, inputs first, as He et al. (2015) start them; the last one starts near zero."""
    found = []
    for place, (before, after) in enumerate(pairwise(sizes)):
        spread = np.sqrt(2 / before) * (0.1 if place == len(sizes) - 2 else 1)
        found.append(Layer((rng.standard_normal((before, after)) * spread).astype(np.float32), np.zeros(after, np.float32)))
    return found


def forward(x: F32, net: list[Layer]) -> F32:
    """The last layer's values [n, outputs] for x [n, inputs]."""
    for place, (weights, bias) in enumerate(net):
        if place:
            np.maximum(x, 0, out=x)
        x = x @ weights
        x += bias
    return x


def sigmoid(z: F32) -> F32:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))), dtype=np.float32)


class Training:
    """Adam with decoupled decay (Loshchilov & Hutter 2019); the rate rises over the first tenth and falls as a cosine to zero.

    `net` is trained in place; `drop` is the share of hidden values left out of every step (Srivastava et al. 2014).
    """

    def __init__(
        self, net: list[Layer], steps: int, rng: np.random.Generator, *, rate: float, decay: float, drop: float = 0.0
    ) -> None:
        self._net, self._steps, self._rng = net, steps, rng
        self._rate, self._decay, self._drop = rate, decay, np.float32(drop)
        self._means = [(np.zeros_like(part), np.zeros_like(part)) for layer in net for part in layer]
        self._done = 0

    def step(self, x: F32, slope: Callable[[F32], F32]) -> None:
        """One step down: `slope` gives the gradient of the loss with respect to the last layer's values [n, outputs]."""
        seen = [x]
        for weights, bias in self._net[:-1]:
            x = x @ weights
            x += bias
            np.maximum(x, 0, out=x)
            if self._drop:
                x *= (self._rng.random(x.shape, dtype=np.float32) >= self._drop) / (1 - self._drop)
            seen.append(x)
        back = slope(x @ self._net[-1].weights + self._net[-1].bias)
        gradients: list[F32] = []
        for place in range(len(self._net) - 1, -1, -1):
            gradients[:0] = [seen[place].T @ back, back.sum(axis=0)]
            if place:
                back = back @ self._net[place].weights.T
                back *= seen[place] > 0
                back /= 1 - self._drop
        self._descend(gradients)

    def _descend(self, gradients: list[F32]) -> None:
        share = self._done / self._steps
        rate = self._rate * min(1.0, 10 * share + 0.01) * (0.5 + 0.5 * np.cos(np.pi * min(share, 1.0)))
        self._done += 1
        first, second = 1 - _FIRST**self._done, 1 - _SECOND**self._done
        parts = [part for layer in self._net for part in layer]
        for part, gradient, (mean, square) in zip(parts, gradients, self._means, strict=True):
            mean += np.float32(1 - _FIRST) * (gradient - mean)
            square += np.float32(1 - _SECOND) * (gradient * gradient - square)
            if part.ndim == 2:
                part *= np.float32(1 - rate * self._decay)
            part -= np.float32(rate / first) * mean / (np.sqrt(square * np.float32(1 / second)) + np.float32(_LEAST))


def check_fit(net: list[Layer], inputs: int, outputs: int) -> None:
    """Raises InputError when layers that were read do not lead from `inputs` values to `outputs`."""
    width = inputs
    for weights, bias in net:
        if weights.ndim != 2 or weights.shape[0] != width or bias.shape != weights.shape[1:]:
            raise InputError("the layers of this head do not fit each other: train a new round")
        if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
            raise InputError("this head holds NaN or infinity: train a new round")
        width = weights.shape[1]
    if width != outputs:
        raise InputError(f"this head gives {width} values where {outputs} belong: train a new round")
