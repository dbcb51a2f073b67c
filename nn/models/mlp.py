"""Multilayer perceptron."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from autograd import Tensor
from nn.activation import ReLU
from nn.containers import Flatten, Sequential
from nn.linear import Linear
from nn.module import Module

__all__ = ["MLP"]


class MLP(Module):
    """Linear layers with an activation between them.

    ``in_features``   inputs after flattening: 64 for an 8x8 image
    ``hidden``        the width of each hidden layer
    ``out_features``  outputs, such as logits of classes; no activation follows them
    ``activation``    a module class, or a function that makes a module

    Shape: input ``(N, in_features)`` or ``(N, ...)`` with that many elements each; output ``(N, out_features)``.
    """

    def __init__(
        self,
        in_features: int,
        hidden: Sequence[int],
        out_features: int,
        activation: Callable[[], Module] = ReLU,
    ):
        super().__init__()
        self.flatten = Flatten()
        self.layers = Sequential()
        widths = [in_features, *hidden, out_features]
        for i, (before, after) in enumerate(pairwise(widths)):
            if i:
                self.layers.append(activation())
            self.layers.append(Linear(before, after))

    def forward(self, x: Tensor) -> Tensor:
        return self.layers(self.flatten(x))
