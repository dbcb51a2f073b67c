"""The tape: nodes that remember which op made a value, from what, and what the op's rules need to go back.

A node holds no Tensor and a Tensor holds its node, so a graph never contains a reference cycle: when the loss is
dropped, its graph and all memory go at once, without the garbage collector.
"""

from __future__ import annotations

import itertools
import weakref
from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from autograd import levels
from autograd.backend import array_module, is_array
from autograd.errors import ArgumentError, GradientError
from autograd.watching import Line, source_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from autograd.backend import Array
    from autograd.primitive import Primitive

__all__ = [
    "FREED", "SLOTS", "Held", "Leaf", "Node", "Variable", "ancestors", "arrays_in", "by_age", "constant", "innermost",
    "maker_of", "mark_written", "module_of", "next_seq", "owner_of", "refuse_gradient",
]  # fmt: skip

next_seq: Callable[[], int] = itertools.count(1).__next__  # one clock for nodes and for writes to memory; atomic


class Held:
    """What ``Node.saved`` is when the values are not simply there."""

    def values(self, node: Node) -> tuple[Any, ...]:
        """The saved values, laid out as ``node.op.layout`` says."""
        raise NotImplementedError


class _Freed(Held):
    """What ``Node.saved`` is once a backward pass has given its memory back."""

    def values(self, node: Node) -> tuple[Any, ...]:
        """There are none any more."""
        raise GradientError(
            f"backward: the saved values of {node!r} were given back by an earlier backward pass.\n"
            "  To go through the same graph twice, call the first one with retain_graph=True; "
            "or compute the loss again before the second."
        )

    def __repr__(self) -> str:
        return "FREED"


FREED: Any = _Freed()


class Node:
    """One recorded op.

    ``op``      the primitive; None for a leaf
    ``inputs``  the node of each array argument; None where that argument needs no gradient
    ``saved``   the arrays that the rules named, laid out as ``op.layout`` says; a :class:`Held` where they are not
                simply there: :data:`FREED` after backward
    ``params``  the static arguments (axis, stride, ...)
    ``seq``     creation number: every input has a smaller one, so decreasing order is a valid backward order
    ``shape``, ``dtype``  of the value (a tuple of them for an op with several outputs)
    ``hooks``   functions that see, and may replace, the gradient of the value; None where there are none
    ``operands``  the arrays and numbers that the op was applied to. Only a recorder sets it (else it is unset and costs
                nothing); they stay through backward, for as long as the graph. In place of a large array that another
                op made stands a weak reference
    """

    __slots__ = ("dtype", "hooks", "inputs", "op", "operands", "params", "saved", "seq", "shape")

    op: Primitive | None
    inputs: tuple[Node | None, ...]
    saved: Any
    params: dict[str, Any]
    seq: int
    shape: tuple[int, ...]
    dtype: np.dtype
    hooks: dict[int, Callable[[Any], Any]] | None
    operands: tuple[Any, ...]

    def __repr__(self) -> str:
        return f"<{self.op.name if self.op else 'leaf'} #{self.seq} {self.shape} {self.dtype}>"


def ancestors(roots: Iterable[Any]) -> list[Any]:
    """The nodes that ``roots`` were computed from, themselves included, inputs before what uses them.

    No recursion: chains may be long.
    """
    seen = set(roots)
    stack = list(seen)
    while stack:
        for parent in stack.pop().inputs:
            if parent is not None and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return by_age(seen)


def by_age(nodes: Iterable[Any]) -> list[Any]:
    """The nodes in order of creation: inputs before what uses them."""
    return sorted(nodes, key=_seq_of)


_seq_of = attrgetter("seq")


def maker_of(node: Any) -> Any:
    """The node of the op that made a value; a value among several has a node of its own, for its place."""
    return node.inputs[0] if node.op is not None and node.op.kind == "item" else node


class Leaf(Node):
    """Where gradients end: stands for a Tensor that the user asked gradients of."""

    __slots__ = ("tensor",)

    tensor: Callable[[], Any]  # a weak reference: a Tensor owns its gradient, its graph does not own the Tensor

    def __init__(self, tensor: Variable):
        self.op = None
        self.inputs = ()
        self.saved = None
        self.params = {}
        self.seq = next_seq()
        self.shape = tensor.array.shape
        self.dtype = tensor.array.dtype
        self.hooks = None
        self.tensor = weakref.ref(tensor)


class Variable:
    """What dispatch needs to know of a Tensor: a value, and the node that made it (None for a constant)."""

    __slots__ = ("__weakref__", "_grad", "array", "node")

    array: Array
    node: Node | None
    _grad: Any


class Slot(Protocol):
    """Where an object keeps one of its ``__slots__``."""

    def __get__(self, instance: Any, owner: Any = None) -> Any: ...

    def __set__(self, instance: Any, value: Any) -> None: ...


SLOTS: tuple[Slot, Slot, Slot] = tuple(Variable.__dict__[name] for name in ("array", "node", "_grad"))
"""What a Tensor holds, under whatever names: values inside vmap and jvp keep other things there."""


class _Writes:
    """When memory that a backward pass may need was last written in place.

    A node that was recorded before the last write to an array which it saved must not use that array. Writes take
    their number from the clock of the nodes, so nodes carry no version: comparing ``node.seq`` with the number of the
    last write is enough, and costs one comparison for a graph that was recorded after it.
    """

    def __init__(self) -> None:
        self.last = 0
        self._stamps: dict[int, tuple[Any, int, Line | None]] = {}

    def mark(self, array: Array) -> None:
        """Note that the memory of ``array`` (and of all its views) was written just now."""
        owner = owner_of(array)
        key = id(owner)
        stamp = next_seq()
        known = self._stamps.get(key)
        reference = known[0] if known else weakref.ref(owner, lambda _: self._stamps.pop(key, None))
        watchers = levels.here.watchers
        line = source_line() if watchers and any(watcher.names_lines for watcher in watchers) else None
        self._stamps[key] = (reference, stamp, line)
        self.last = stamp
        for watcher in watchers:
            watcher.written(owner)

    def stamp(self, array: Array) -> int:
        """The number of the last write to the memory of ``array``; 0 if there was none."""
        known = self._stamps.get(id(owner_of(array)))
        return 0 if known is None else known[1]

    def after(self, array: Array, seq: int) -> bool:
        """Whether the memory of ``array`` was written after creation number ``seq``."""
        return self.stamp(array) > seq

    def forget(self, saved: tuple[Any, ...], since: int) -> None:
        """Take no notice of writes since then to arrays that are as they were saved."""
        for value in saved:
            for array in value if isinstance(value, tuple) else (value,):
                if self.after(array, since):
                    del self._stamps[id(owner_of(array))]

    @contextmanager
    def undone(self, arrays: Sequence[Array]) -> Iterator[None]:
        """Put back what these arrays hold after a block that writes them, as if it had not."""
        before = [(array, array.copy(), self._stamps.get(id(array))) for array in arrays]
        try:
            yield
        finally:
            for array, values, stamp in before:
                array[...] = values
                if stamp is not None:
                    self._stamps[id(array)] = stamp

    def line(self, array: Array) -> Line | None:
        """The line of the program that wrote the memory of ``array`` last, if something was watching."""
        known = self._stamps.get(id(owner_of(array)))
        return known and known[2]


writes = _Writes()


def arrays_in(value: Any) -> Iterator[Array]:
    """The arrays of what a node holds: a saved value or a parameter, which may be a tuple such as an index."""
    if isinstance(value, (tuple, list)):
        for part in value:
            yield from arrays_in(part)
    elif hasattr(value := innermost(value), "dtype") and hasattr(value, "base"):
        yield value


def owner_of(array: Array) -> Array:
    """The array that owns the memory which ``array`` is a view of; it may be of another class (``np.memmap``)."""
    while (base := getattr(array, "base", None)) is not None and (type(base) is type(array) or is_array(base)):
        array = base
    return array


def innermost(x: Any) -> Array:
    """The array of a value: an array, or a Tensor, wrapped or not; inside vmap that of the whole batch.

    It is for checks (is a label out of range?), which every example must pass, and for bounds that hold for all of
    them; never for what differs by example.
    """
    while hasattr(x, "level"):  # inside vmap or jvp
        x = x.primal if hasattr(x, "primal") else x.value
    if isinstance(x, Variable):
        return np.float64(x.array) if isinstance(x.array, float) else x.array
    return x


def constant(x: Any) -> Any:
    """A value that has no gradient (labels, indices, masks): a plain array, or inside vmap one for each example."""
    while hasattr(x, "primal"):
        x = x.primal
    if hasattr(x, "level"):
        return x.detach()
    return x.array if isinstance(x, Variable) else x


def refuse_gradient(op: str, name: str, value: Any, why: str) -> None:
    """Raise where an argument wants a gradient (or has a tangent) that would always be 0."""
    if getattr(value, "requires_grad", False) or hasattr(value, "primal"):
        given = "data" if isinstance(getattr(value, "array", None), float) else "detach()"
        raise ArgumentError(
            f"{op}: {name} requires a gradient, but {why}: the gradient is 0 everywhere. Give {name}.{given}."
        )


def module_of(x: Any) -> Any:
    """The array library, ``numpy`` or ``cupy``, that holds a value: an array, or a Tensor, wrapped or not."""
    return array_module(innermost(x))


def mark_written(tensor: Variable) -> None:
    """Tell the engine that the memory of a Tensor was written in place, past its operators.

    For code, such as an optimizer, that writes ``tensor.array`` directly. A later backward pass that needs the
    overwritten value then raises an error instead of giving a wrong gradient.
    """
    writes.mark(tensor.array)
