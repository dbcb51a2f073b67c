"""Multilayer perceptron."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise

from autograd import Tensor
from autograd.errors import ShapeError
from nn.activation import ReLU
from nn.containers import Flatten, Sequential
from nn.linear import Linear
from nn.module import ArgumentError, Module

__all__ = ["MLP"]


class MLP(Module):
    """Linear layers with an activation between them.

    ``in_features``   inputs after flattening: 64 for an 8x8 image
    ``hidden``        the width of each hidden layer, ``[256, 128]``; one number for one layer, ``[]`` for none
    ``out_features``  outputs, such as logits of classes; no activation follows them
    ``activation``    a module class, or a function that makes a module

    Shape: input ``(N, in_features)`` or ``(N, ...)`` with that many elements each; output ``(N, out_features)``.
    Source: Rumelhart, Hinton and Williams, 1986, Nature 323.
    """

    def __init__(
        self,
        in_features: int,
        hidden: Sequence[int] | int,
        out_features: int,
        activation: Callable[[], Module] = ReLU,
    ):
        super().__init__()
        if isinstance(activation, Module):
            name = type(activation).__name__
            raise ArgumentError(f"MLP: activation must be a class or a function, not an instance. Write {name}.")
        self.in_features = in_features
        self.flatten = Flatten()
        self.layers = Sequential()
        widths = [in_features, *(hidden if isinstance(hidden, Sequence) else [hidden]), out_features]
        for i, (before, after) in enumerate(pairwise(widths)):
            if i:
                self.layers.append(activation())
            self.layers.append(Linear(before, after))

    def forward(self, x: Tensor) -> Tensor:
        if x.ndim < 2 or math.prod(x.shape[1:]) != self.in_features:
            raise ShapeError(
                f"MLP: the input is {tuple(x.shape)}; (N, {self.in_features}) is wanted, or (N, ...) with "
                f"{self.in_features} elements in each row. For a single example write x[None]."
            )
        return self.layers(self.flatten(x))
