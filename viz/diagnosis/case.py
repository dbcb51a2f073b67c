"""What a diagnosis looks at: the parameters of a model with their gradients, and the trace of the loss."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from autograd import record
from autograd.naming import named_tensors
from autograd.tape import Variable
from viz.diagnosis.causes import PRODUCTS
from viz.diagnosis.facts import Facts, facts_of, plain_array
from viz.diagnosis.living import Place, trace_of
from viz.diagnosis.trace import Operation, Quantity, Trace

__all__ = ["Case", "Group", "case_of"]


@dataclass(frozen=True, slots=True)
class Group:
    """A parameter, or the scalar Values of a network that are one when it is written with Tensors.

    ``value``, ``gradient``  as arrays in host memory; the gradient is None where none arrived at any of its members
    ``stored``  what their ``.grad`` holds; None where there is none
    """

    name: str
    members: tuple[Any, ...]
    quantities: tuple[Quantity, ...]
    value: NDArray[Any]
    gradient: NDArray[Any] | None
    stored: NDArray[Any] | None

    @property
    def facts(self) -> Facts:
        """The numbers of the values."""
        found = facts_of(self.value)
        assert found is not None
        return found

    @property
    def gradient_facts(self) -> Facts | None:
        """The numbers of the gradient."""
        return facts_of(self.gradient)

    @property
    def scale(self) -> float:
        """The size that a step is measured by: the root mean square, or what is usual where it starts near 0."""
        usual = (min(self.value.shape, default=1) / max(self.value.size, 1)) ** 0.5  # 1 / sqrt(fan_in), or near it
        return max(self.facts.rms, 0.1 * usual)

    @property
    def is_weight(self) -> bool:
        """Whether it has rows and columns: biases and gains start at 0 or 1, and their size says little."""
        return sum(side > 1 for side in self.value.shape) >= 2


@dataclass(frozen=True, slots=True)
class Case:
    """A model, its loss and its graph.

    ``modules``  the modules by dotted name, where the model tells them
    ``groups``   the parameters that want gradients
    ``tape``     the recording of how the loss was computed, if it was computed here
    ``options``  the optimizer's groups of options, or one with the learning rate that was given
    ``owned``    the ids of the values that are parameters
    ``frozen``   the arrays of the model that want no gradient
    ``below``    for each value whether an op with a parameter lies between it and the loss
    """

    model: Any
    loss: Any
    trace: Trace | None
    groups: tuple[Group, ...]
    modules: Mapping[str, Any]
    tape: record | None = None
    options: tuple[Mapping[str, Any], ...] = ()
    optimizer: Any = None
    classes: int | None = None
    initial: bool = False
    owned: frozenset[int] = frozenset()
    frozen: tuple[Any, ...] = ()
    below: Mapping[int, bool] = field(default_factory=dict)

    @property
    def operations(self) -> list[Operation]:
        """The ops that the loss was computed by."""
        return [] if self.trace is None else self.trace.operations

    @property
    def output(self) -> Quantity | None:
        """What the last op with a parameter made of something else: the output of the model; None where none did."""
        for operation in reversed(self.operations):
            arguments = [None if a is None else a.id in self.owned for a in operation.arguments]
            if operation.op in PRODUCTS | {"add"} and True in arguments and not all(arguments):
                return operation.result
        return None

    @property
    def examples(self) -> int | None:
        """How many examples the loss is of, as far as the output tells; None of scalar Values."""
        return self.output.shape[0] if self.output is not None and self.output.shape else None

    def is_hidden(self, quantity: Quantity) -> bool:
        """Whether a parameter acts between a value and the loss: what does not is an output."""
        return self.below.get(quantity.id, False)

    def parameter_of(self, operation: Operation) -> Quantity | None:
        """The first parameter among the arguments of an op."""
        return next((a for a in operation.arguments if a is not None and a.id in self.owned), None)


def case_of(
    model: Any, loss: Any, tape: record | None, options: tuple[Mapping[str, Any], ...], optimizer: Any,
    classes: int | None, initial: bool,
) -> Case:  # fmt: skip
    """Collect what there is to look at; gradients are computed anew."""
    named = [(name, p) for name, p in named_tensors(model, "diagnose: model") if isinstance(p, Variable)]
    wanted = [(name, p) for name, p in named if p.node is not None]
    trace = None
    if loss.node is not None:
        places = {} if tape is None else _places(tape)
        trace = trace_of(loss, {p.node.seq: name for name, p in wanted if p.node is not None}, places)
    groups = tuple(_groups(wanted, trace))
    modules = dict(model.named_modules()) if callable(getattr(model, "named_modules", None)) else {}
    owned = frozenset(q.id for group in groups for q in group.quantities)
    below = {} if trace is None else _above_parameters(trace, owned)
    frozen = tuple(p.array for _, p in named if p.node is None)
    return Case(model, loss, trace, groups, modules, tape, options, optimizer, classes, initial, owned, frozen, below)


def _places(tape: record) -> dict[int, Place]:
    """The scope and the line of each recorded op, by the creation number of its node."""
    recording = tape.recording
    found: dict[int, Place] = {}
    for event in recording.ops:
        for number in event.outputs:
            seq = recording.values[number].seq
            if seq is not None:
                found[seq] = event.scope, event.line
    return found


_INDEX = re.compile(r"\.\d+(?=\.[A-Za-z_]\w*$)")


def _groups(named: list[tuple[str, Any]], trace: Trace | None) -> Iterator[Group]:
    values: dict[str, list[tuple[str, Any]]] = {}
    for name, p in named:
        if isinstance(p.array, float):
            values.setdefault(_INDEX.sub(".*", re.sub(r"\.\d+$", "", name)), []).append((name, p))
        else:
            yield _group(name, [(name, p)], trace)
    for name, members in values.items():
        yield _group(name, members, trace)


def _group(name: str, members: list[tuple[str, Any]], trace: Trace | None) -> Group:
    tensors = tuple(p for _, p in members)
    known = {} if trace is None else trace.quantities
    quantities = tuple(known[p.node.seq] for p in tensors if p.node.seq in known)
    arrays = {} if trace is None else trace.arrays
    gradients = [arrays.get(p.node.seq) for p in tensors]
    if len(tensors) == 1 and not isinstance(tensors[0].array, float):
        gradient = None if gradients[0] is None else plain_array(gradients[0])
        grad = tensors[0].grad
        return Group(
            name, tensors, quantities, plain_array(tensors[0]), gradient, grad if grad is None else plain_array(grad)
        )
    rows = len({member.rsplit(".", 1)[0] for member, _ in members}) if members[0][0][-1].isdigit() else len(members)
    shape = (
        (rows, len(members) // rows) if rows and len(members) % rows == 0 and rows != len(members) else (len(members),)
    )
    arrived = trace is not None and not trace.broken and bool(quantities)
    return Group(
        name, tensors, quantities, np.array([p.array for p in tensors]).reshape(shape),
        np.array([0.0 if g is None else float(g) for g in gradients]).reshape(shape) if arrived else None,
        np.array([float(plain_array(p.grad)) if p.grad is not None else 0.0 for p in tensors]).reshape(shape),
    )  # fmt: skip


def _above_parameters(trace: Trace, owned: frozenset[int]) -> dict[int, bool]:
    """For each value whether an op with a parameter lies between it and the loss."""
    found: dict[int, bool] = {}
    for operation in reversed(trace.operations):
        result = any(found.get(r.id, False) for r in operation.results)
        for argument in operation.arguments:
            if argument is None:
                continue
            others = any(a is not None and a is not argument and a.id in owned for a in operation.arguments)
            found[argument.id] = found.get(argument.id, False) or result or others
    return found
