"""The trace of a graph that is still there: the gradients of all its nodes are computed anew, and ``.grad`` stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from weakref import ref

import numpy as np

from autograd import levels
from autograd.backward import walk
from autograd.errors import GlassgradError
from autograd.tape import FREED, Variable, ancestors, maker_of
from autograd.tensor import start_cotangent
from autograd.watching import Line
from viz.diagnosis.facts import dtype_name, facts_of
from viz.diagnosis.trace import Operation, Passage, Quantity, Trace

__all__ = ["Place", "trace_of"]

Place = tuple[str, Line | None]
"""Where an op stands: its scope, and its line."""


class _Witness(levels.Watcher):
    """Sees each contribution of a backward pass."""

    def __init__(self, quantities: dict[int, Quantity], operations: dict[int, Operation]):
        self.quantities = quantities
        self.operations = operations

    def pulled(self, node: Any, parent: Any, g: Any, gi: Any, before: Any) -> None:
        """One gradient on its way from a node to one of its inputs."""
        operation, to = self.operations[node.seq], self.quantities[parent.seq]
        if operation.incoming is None:
            operation.incoming = facts_of(g)
        taken = {passage.slot for passage in operation.passages}
        slot = next((i for i, p in enumerate(node.inputs) if p is parent and i not in taken), 0)
        passed = facts_of(gi)
        assert passed is not None
        passage = Passage(operation, slot, to, passed)
        operation.passages.append(passage)
        to.received.append(passage)
        to.arrived = passed if before is None else facts_of(_sum(before, gi))


def _sum(before: Any, new: Any) -> Any:
    """What has arrived after one more contribution; of an op with several outputs at each of them."""
    if not isinstance(new, list):
        with np.errstate(all="ignore"):
            return before + new
    pairs = zip(before, new, strict=True)
    return [b if n is None else n if b is None else _sum(b, n) for b, n in pairs]


def trace_of(loss: Any, names: Mapping[int, str], places: Mapping[int, Place] | None = None) -> Trace:
    """The trace of ``loss``, a Tensor or Value with a graph; ``names`` by creation number.

    Gradient hooks run, for what they do to gradients belongs to the picture. A Tensor of several elements is looked at
    as their sum. ``places`` says, by creation number, where ops stand; what it does not know, watchers may. Where a
    backward pass has given back what the rules need, the trace has no gradients and says so.
    """
    root = loss.node
    nodes = ancestors([root])
    quantities: dict[int, Quantity] = {}
    operations: dict[int, Operation] = {}
    freed = None
    for node in nodes:
        quantity = quantities[node.seq] = _quantity(node, names)
        if node.op is None:
            continue
        saved = node.saved
        if saved is FREED:
            freed = freed or node
            saved = None
        arguments = tuple(None if p is None else quantities[p.seq] for p in node.inputs)
        operands, output, aux = _kept(node, saved, len(arguments))
        if quantity.value is None:
            quantity.value = output
        for argument, operand in zip(arguments, operands, strict=False):
            if argument is not None and argument.value is None:
                argument.value = operand
        operation = operations[node.seq] = quantity.producer = Operation(
            node.seq, node.op.name, node.op.kind, node.params, node.seq, *_place_of(node, places or {}), arguments,
            operands, (quantity,), aux=aux,
        )  # fmt: skip
        for slot, argument in enumerate(arguments):
            if argument is not None:
                argument.uses.append((operation, slot))
    trace = Trace(quantities, list(operations.values()), quantities[root.seq], live=True)
    quantities[root.seq].value = loss.array
    if freed is not None:
        trace.freed = True
        trace.broken = f"the saved values of {freed.op.name} were given back by backward()"
        return trace
    seed = None if loss.shape == () else np.ones(loss.shape, loss.dtype)
    with levels.suspended(), _Witness(quantities, operations):
        try:
            found = walk(
                [(root, start_cotangent("why", loss, seed, False))], retain_graph=True, create_graph=False,
                everywhere=True,
            )  # fmt: skip
        except Exception as error:  # whatever the rule of a custom op may raise: that is the answer then
            trace.broken = f"the backward pass fails: {str(error).splitlines()[0] if str(error) else error!r}"
            return trace
    for node in nodes:
        quantity = quantities[node.seq]
        if node in found:
            quantity.gradient = facts_of(found[node]) if node.hooks is not None or not quantity.received else None
            quantity.gradient = quantity.gradient or quantity.arrived
            if node.op is None:
                trace.arrays[node.seq] = found[node]
        if quantity.producer is not None and quantity.producer.incoming is None:
            quantity.producer.incoming = quantity.gradient
    return trace


def _quantity(node: Any, names: Mapping[int, str]) -> Quantity:
    several = isinstance(node.shape, tuple) and any(isinstance(side, tuple) for side in node.shape)
    shape = () if several else tuple(node.shape)
    quantity = Quantity(node.seq, node.seq, shape, dtype_name(node.dtype), names.get(node.seq, "") or _label(node))
    if isinstance(node, Variable):  # a scalar Value is its own node, and holds its number
        quantity.value = node.array
    elif node.op is None:
        tensor = node.tensor()
        quantity.value = None if tensor is None else tensor.array
    return quantity


def _label(node: Any) -> str:
    return str(getattr(node, "label", "") or "")


def _place_of(node: Any, places: Mapping[int, Place]) -> Place:
    made = maker_of(node)
    if made.seq in places:
        return places[made.seq]
    return "", next(filter(None, (watcher.line_of(made) for watcher in levels.here.watchers)), None)


def _kept(node: Any, saved: Any, count: int) -> tuple[tuple[Any, ...], Any, Any]:
    """The array in each argument slot, the result, and what else its forward returned, as far as they were kept."""
    op = node.op
    operands = tuple(x() if isinstance(x, ref) else x for x in getattr(node, "operands", ()))
    output = aux = None
    if saved is not None and not isinstance(node, Variable):
        try:
            values = saved if saved.__class__ is tuple else saved.values(node)
        except GlassgradError:  # what unpacks them has its own way to fail, and its own error in a backward pass
            values = None
        if values is not None:
            output = None if op.outputs or op.kind == "item" else values[1]
            aux = values[op.layout["aux"]] if op.aux and "aux" in op.layout else None
            if not operands and op.variadic is None:
                operands = tuple(values[op.layout[name]] for name in op.arguments)
            elif not operands and op.variadic in op.layout:
                operands = tuple(values[op.layout[op.variadic]] or ())
    return operands + (None,) * (count - len(operands)), output, aux
