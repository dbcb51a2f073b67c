"""A neural network whose every number is a :class:`~autograd.scalar.Value`; the names and calls are micrograd's.

>>> from autograd.scalar import Value
>>> from nn.scalar import MLP
>>> model = MLP(2, [16, 16, 1])         # two inputs, two hidden layers of 16 neurons, one output
>>> score = model([1.0, -2.0])
>>> score.backward()                    # every p.grad of model.parameters()

Weights are drawn with Python's :mod:`random`, neuron by neuron, so a seed gives the weights that it gives micrograd.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from autograd.errors import ShapeError
from autograd.scalar import Value

__all__ = ["MLP", "Layer", "Module", "Neuron"]


class Module:
    """What neurons, layers and networks have in common: parameters, and setting their gradients to zero."""

    def zero_grad(self) -> None:
        """Forget the gradients. Backward adds to them, so each training step begins with this."""
        for p in self.parameters():
            p.grad = 0.0

    def parameters(self) -> list[Value]:
        """All weights and biases."""
        return [p for _, p in self.named_parameters()]

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """The same with their names, such as ``layers.0.neurons.3.w.1``: :func:`viz.graph` writes them on its cards."""
        return iter(())


class Neuron(Module):
    r"""One neuron: :math:`y = \mathrm{relu}(\sum_i w_i x_i + b)`, or without the relu if ``nonlin`` is False.

    ``nin``  the number of inputs. Each :math:`w_i` starts uniform in :math:`[-1, 1]`, :math:`b` at 0.

    Call it on ``nin`` Values or numbers.
    """

    def __init__(self, nin: int, nonlin: bool = True):
        self.w = [Value(random.uniform(-1, 1)) for _ in range(nin)]
        self.b = Value(0.0)
        self.nonlin = nonlin

    def __call__(self, x: Iterable[Value | float] | Value | float) -> Any:
        inputs = list(x) if isinstance(x, Iterable) else [x]
        if len(inputs) != len(self.w):
            raise ShapeError(f"{self!r}: it takes {len(self.w)} inputs, and got {len(inputs)}: one for each weight.")
        total = sum((w * x for w, x in zip(self.w, inputs, strict=True)), self.b)
        return total.relu() if self.nonlin else total

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        for i, w in enumerate(self.w):
            yield f"w.{i}", w
        yield "b", self.b

    def __repr__(self) -> str:
        return f"{'ReLU' if self.nonlin else 'Linear'}Neuron({len(self.w)})"


class Layer(Module):
    """``nout`` neurons that look at the same ``nin`` inputs: a list of their outputs, or of one neuron that output.

    ``options``  are the neurons' (``nonlin``)
    """

    def __init__(self, nin: int, nout: int, **options: Any):
        self.neurons = [Neuron(nin, **options) for _ in range(nout)]

    def __call__(self, x: Iterable[Value | float] | Value | float) -> Any:
        inputs = list(x) if isinstance(x, Iterable) else [x]
        outputs = [neuron(inputs) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        for i, neuron in enumerate(self.neurons):
            yield from ((f"neurons.{i}.{name}", p) for name, p in neuron.named_parameters())

    def __repr__(self) -> str:
        return f"Layer of [{', '.join(map(repr, self.neurons))}]"


class MLP(Module):
    """Layers in a row, of ``nouts`` neurons each; all but the last end in a relu."""

    def __init__(self, nin: int, nouts: Sequence[int]):
        sizes = [nin, *nouts]
        last = len(nouts) - 1
        self.layers = [Layer(sizes[i], sizes[i + 1], nonlin=i != last) for i in range(len(nouts))]

    def __call__(self, x: Iterable[Value | float] | Value | float) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        for i, layer in enumerate(self.layers):
            yield from ((f"layers.{i}.{name}", p) for name, p in layer.named_parameters())

    def __repr__(self) -> str:
        return f"MLP of [{', '.join(map(repr, self.layers))}]"
