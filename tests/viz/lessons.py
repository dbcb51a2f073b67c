"""Small computations to teach with: a neuron, a number used twice, a network 2-3-1, a matrix product, a convolution."""

from __future__ import annotations

from typing import Any

import numpy as np

import autograd as ag
from autograd.scalar import Value


def neuron(x1: float = 2.0, w1: float = -3.0) -> tuple[Value, dict[str, Value]]:
    """Karpathy's: tanh(x1 w1 + x2 w2 + b)."""
    numbers = {"x1": x1, "x2": 0.0, "w1": w1, "w2": 1.0, "b": 6.8813735870195432}
    leaves = {name: Value(number, label=name) for name, number in numbers.items()}
    n = leaves["x1"] * leaves["w1"] + leaves["x2"] * leaves["w2"] + leaves["b"]
    n.label = "n"
    return n.tanh(), leaves


def fan_out(a: float = 0.5) -> tuple[Value, Value]:
    """A number that is used four times."""
    leaf = Value(a, label="a")
    b = leaf * leaf + leaf
    b.label = "b"
    return (b.tanh() * b + leaf).relu(), leaf


def network(dtype: str = "float64") -> tuple[Any, dict[str, ag.Tensor], list[ag.Tensor]]:
    """A loss of 2-3-1 as a function of its input and label, its parameters, and both."""
    draw = np.random.default_rng(0)
    shapes = {"W1": (2, 3), "b1": (3,), "W2": (3, 1), "b2": (1,)}
    parameters = {name: ag.tensor(draw.normal(size=s).astype(dtype), requires_grad=True) for name, s in shapes.items()}
    inputs = [ag.tensor(np.array([[0.5, -1.0]], dtype)), ag.tensor(np.array([[0.7]], dtype))]

    def loss(x: Any, label: Any) -> Any:
        hidden = ag.tanh(x @ parameters["W1"] + parameters["b1"])
        return ((hidden @ parameters["W2"] + parameters["b2"] - label) ** 2).sum()

    return loss, parameters, inputs
