"""One classifier, written four times: from a node for each number to a program of a few tensor ops.

Two inputs, a hidden layer of tanh, one score; a point is taken for the lower moon where the score is positive. The loss
is the logistic one, ``log(1 + exp(-label * score))``, averaged over the points. The page shows the functions of this
file as they stand here, so they are written to be read there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

import autograd as ag
import viz
from autograd import scalar
from autograd.scalar import Value
from autograd.tensor import Tensor
from glassgrad.ladder.moons import Moons

__all__ = ["RUNGS", "Model", "Rung", "Trainee", "draw_model"]

Array = NDArray[np.float64]

_PARTS = ("weight", "bias", "out", "shift")


@dataclass(frozen=True)
class Model:
    """The parameters: ``weight`` ``(hidden, 2)``, ``bias`` and ``out`` ``(hidden,)``, and ``shift``, a number.

    They are arrays, Tensors, or nested lists of Values. ``named`` holds what is trained, under its name and in this
    order: whole Tensors, or each Value.
    """

    weight: Any
    bias: Any
    out: Any
    shift: Any
    named: tuple[tuple[str, Any], ...] = ()

    def named_parameters(self) -> Iterator[tuple[str, Any]]:
        """What is trained; drawings take their names from here."""
        return iter(self.named)

    @property
    def trained(self) -> list[Any]:
        """What is trained, without the names."""
        return [value for _, value in self.named]


def draw_model(hidden: int, draw: np.random.Generator) -> Model:
    """Where all four rungs start from, as arrays."""
    return Model(
        1.5 * draw.normal(size=(hidden, 2)),
        0.5 * draw.normal(size=hidden),
        draw.normal(size=hidden) / np.sqrt(hidden),
        np.zeros(()),
    )


# ----------------------------------------------------------------------------------------------- the four programs


def neuron(weight: list[Value], bias: Value, point: list[float]) -> Value:
    return (weight[0] * point[0] + weight[1] * point[1] + bias).tanh()


def scalar_loss(model: Model, points: list[list[float]], labels: list[float]) -> Value:
    losses = []
    for point, label in zip(points, labels, strict=True):
        score = model.shift
        for weight, bias, out in zip(model.weight, model.bias, model.out, strict=True):
            score = score + out * neuron(weight, bias, point)
        losses.append((1 + (-label * score).exp()).log())
    return sum(losses) / len(losses)


def vector_loss(model: Model, points: Array, labels: Array) -> Tensor:
    losses = []
    for x, label in zip(points, labels, strict=True):
        hidden = ag.tanh(model.weight @ x + model.bias)
        score = model.out @ hidden + model.shift
        losses.append(ag.log(1 + ag.exp(-label * score)))
    return ag.stack(losses).mean()


def batched_loss(model: Model, points: Array, labels: Array) -> Tensor:
    hidden = ag.tanh(points @ model.weight.mT + model.bias)
    scores = hidden @ model.out + model.shift
    return ag.log(1 + ag.exp(-labels * scores)).mean()


def capture(model: Model, points: list[list[float]], labels: list[float]) -> scalar.Program:
    loss = scalar_loss(model, points, labels)  # rung 1, recorded once
    return scalar.vectorize(loss, model.weight, model.bias, model.out, model.shift)


def replayed_loss(program: scalar.Program, model: Model) -> Tensor:
    return program(model.weight, model.bias, model.out, model.shift)


def descend_by_values(values: list[Any], rate: float) -> None:
    for value in values:
        value.data -= rate * value.grad
        value.grad = 0.0


def descend_by_tensors(tensors: list[Any], rate: float) -> None:
    with ag.no_grad():
        for tensor in tensors:
            tensor -= rate * tensor.grad
            tensor.grad = None


# ---------------------------------------------------------------------------------------------- how they are trained


@dataclass(frozen=True)
class Trainee:
    """A rung under training: ``loss()`` records one step's graph on so many of the first points, all by default."""

    model: Model
    loss: Callable[..., Any]
    descend: Callable[[list[Any], float], None]
    program: scalar.Program | None = None

    def step(self, rate: float) -> float:
        """One step of gradient descent; the loss before it."""
        loss = self.loss()
        loss.backward()
        self.descend(self.model.trained, rate)
        return float(loss)

    def numbers(self) -> Array:
        """All parameters, one after the other."""
        return np.concatenate([np.ravel(getattr(p, "array", p)) for p in self.model.trained]).astype(np.float64)


@dataclass(frozen=True)
class Rung:
    """One way to write the classifier.

    ``code``   the functions that run, for the page to show
    ``start``  makes the trainee from the arrays to start with and the data
    ``draw``   the part of the trainee's next step that fits on a page
    """

    name: str
    code: tuple[Callable[..., Any], ...]
    start: Callable[[Model, Moons], Trainee]
    draw: Callable[[Trainee, Moons], viz.GraphView]


def _start_scalars(start: Model, data: Moons) -> Trainee:
    model = _values_of(start)
    points, labels = data.points.tolist(), data.labels.tolist()
    return Trainee(model, lambda n=None: scalar_loss(model, points[:n], labels[:n]), descend_by_values)


def _start_vectors(start: Model, data: Moons) -> Trainee:
    model = _tensors_of(start)
    return Trainee(model, lambda n=None: vector_loss(model, data.points[:n], data.labels[:n]), descend_by_tensors)


def _start_batched(start: Model, data: Moons) -> Trainee:
    model = _tensors_of(start)
    return Trainee(model, lambda n=None: batched_loss(model, data.points[:n], data.labels[:n]), descend_by_tensors)


def _start_compiled(start: Model, data: Moons) -> Trainee:
    program = capture(_values_of(start), data.points.tolist(), data.labels.tolist())
    model = _tensors_of(start)
    return Trainee(model, lambda: replayed_loss(program, model), descend_by_tensors, program)


def _values_of(start: Model) -> Model:
    named: list[tuple[str, Value]] = []

    def values(array: Array, name: str, place: tuple[int, ...] = ()) -> Any:
        if array.ndim:
            return [values(part, name, (*place, i)) for i, part in enumerate(array)]
        label = f"{name}[{', '.join(map(str, place))}]" if place else name
        named.append((label, Value(float(array), label)))
        return named[-1][1]

    weight, bias, out, shift = (values(getattr(start, name), name) for name in _PARTS)
    return Model(weight, bias, out, shift, tuple(named))


def _tensors_of(start: Model) -> Model:
    named = {name: ag.tensor(getattr(start, name), requires_grad=True) for name in _PARTS}
    weight, bias, out, shift = named.values()
    return Model(weight, bias, out, shift, tuple(named.items()))


def _draw_neuron(trainee: Trainee, data: Moons) -> viz.GraphView:
    weight = [value.detach() for value in trainee.model.weight[0]]  # copies: training finds no gradients of the drawing
    bias = trainee.model.bias[0].detach()
    output = neuron(weight, bias, data.points[0].tolist())
    output.backward()
    model = Model(weight, bias, None, None, tuple((value.label, value) for value in (*weight, bias)))
    return viz.graph(output, model, title="one neuron, one point")


def _draw_one_point(trainee: Trainee, data: Moons) -> viz.GraphView:
    return viz.graph(trainee.loss(1), trainee.model, constants=True, title="the loss of one point")


def _draw_step(trainee: Trainee, data: Moons) -> viz.GraphView:
    return viz.graph(trainee.loss(), trainee.model, constants=True, title="the whole step")


RUNGS = (
    Rung("scalars", (neuron, scalar_loss, descend_by_values), _start_scalars, _draw_neuron),
    Rung("vectors", (vector_loss, descend_by_tensors), _start_vectors, _draw_one_point),
    Rung("batched", (batched_loss,), _start_batched, _draw_step),
    Rung("compiled", (capture, replayed_loss), _start_compiled, _draw_step),
)
