"""A graph with its gradients as a diagnosis reads it, live or recorded: values, ops, and what passed each edge."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from autograd.watching import Line
from viz.diagnosis.facts import Facts, facts_of

__all__ = ["Operation", "Passage", "Quantity", "Trace"]


@dataclass(eq=False, slots=True)
class Quantity:
    """A value of the graph.

    ``id``        its number in the recording; the creation number of its node in a live graph
    ``seq``       the creation number of its node, if there is one
    ``value``     the array itself, or its summary, as far as it is known
    ``arrived``   what all contributions made together; None where nothing arrived, which is not 0
    ``gradient``  what was passed on from there: another thing where a hook changed it
    """

    id: int
    seq: int | None
    shape: tuple[int, ...]
    dtype: str
    name: str = ""
    requires_grad: bool = True
    producer: Operation | None = None
    value: Any = None
    arrived: Facts | None = None
    gradient: Facts | None = None
    received: list[Passage] = field(default_factory=list)
    uses: list[tuple[Operation, int]] = field(default_factory=list)

    def facts(self) -> Facts | None:
        """The numbers of the value, as far as they are known."""
        return facts_of(self.value)

    def title(self) -> str:
        """What to call the value in a sentence."""
        if self.name:
            return self.name
        shape = f"of shape {self.shape}" if self.shape else "that is one number"
        made = f"the result of {self.producer.op}" if self.producer else "the leaf" if self.requires_grad else "a value"
        return f"{made} {shape}"


@dataclass(eq=False, slots=True)
class Operation:
    """An op of the graph: what it was applied to, and what its backward rule was given.

    ``id``         its number in the recording; the creation number of its node in a live graph
    ``arguments``  the value in each slot; None for what is a constant number, or (in a live graph) any constant
    ``operands``   the array, or the summary, in each slot, constants too; None where it is not known
    ``incoming``   the gradient of its result; None where the backward pass did not come through here
    ``aux``        what its forward keeps for its rule besides the result, such as the probabilities of a cross-entropy
    """

    id: int
    op: str
    kind: str
    params: dict[str, Any]
    seq: int | None = None
    scope: str = ""
    line: Line | None = None
    arguments: tuple[Quantity | None, ...] = ()
    operands: tuple[Any, ...] = ()
    results: tuple[Quantity, ...] = ()
    incoming: Facts | None = None
    passages: list[Passage] = field(default_factory=list)
    aux: Any = None

    @property
    def result(self) -> Quantity:
        """The value that it made, or the first of several."""
        return self.results[0]

    def operand(self, slot: int) -> Facts | None:
        """The numbers in one argument slot, as far as they are known."""
        known = self.operands[slot] if slot < len(self.operands) else None
        if known is None and slot < len(self.arguments) and (argument := self.arguments[slot]) is not None:
            known = argument.value  # some other op kept it
        return facts_of(known)

    def place(self) -> str:
        """Where in the program the op stands, in words."""
        text = self.op
        if self.scope:
            text += f" in {self.scope}"
        if self.line is not None:
            text += f" ({self.line.short})"
        elif not self.scope and self.results:
            text += f" of shape {self.result.shape}" if self.result.shape else ""
        return text


@dataclass(eq=False, slots=True)
class Passage:
    """A gradient on its way: from the result of an op to the value in one of its argument slots."""

    operation: Operation
    slot: int
    to: Quantity
    gradient: Facts


@dataclass(eq=False, slots=True)
class Trace:
    """All values and ops between leaves and a loss.

    ``live``    whether it was made of a graph that is still there: then ids are creation numbers
    ``root``    the value where the backward pass began; None where none was recorded
    ``broken``  why there are no gradients, where there are none; ``freed``: because a backward pass gave the graph back
    ``arrays``  the gradients of the leaves themselves, by the id of the value; of a live graph
    """

    quantities: dict[int, Quantity]
    operations: list[Operation]
    root: Quantity | None
    live: bool
    broken: str = ""
    freed: bool = False
    arrays: dict[int, Any] = field(default_factory=dict)

    def leaves(self) -> Iterator[Quantity]:
        """The values that no op made and that want a gradient."""
        return (q for q in self.quantities.values() if q.producer is None and q.requires_grad)
