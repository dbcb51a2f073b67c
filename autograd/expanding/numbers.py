"""Where the numbers in a recorded graph are found: what each op was applied to, as far as anything still holds it."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

from autograd.backend import to_numpy
from autograd.dispatch import describe
from autograd.errors import GradientError
from autograd.primitive import ITEM
from autograd.tape import Held, Leaf, Node, arrays_in, maker_of, owner_of, writes

__all__ = ["Numbers", "argument_name", "places_in"]

_MISSING: Any = object()
_VIEWS = frozenset({"getitem", "permute_dims", "reshape"})


def argument_name(op: Any, place: int) -> str:
    """What an op calls its argument at ``place``."""
    return f"{op.variadic}{place}" if op.variadic is not None else str(op.arguments[place])


def places_in(array: Any, view: Any) -> list[int] | None:
    """Where in ``array`` each element of a view of it lies, as flat positions; None if it is no view of it."""
    if not isinstance(array, np.ndarray) or not isinstance(view, np.ndarray) or owner_of(array) is not owner_of(view):
        return None
    if array.dtype != view.dtype or not array.size:
        return None
    places = dict(zip(_addresses(array), range(array.size), strict=True))
    found = [places.get(address, -1) for address in _addresses(view)]
    return None if -1 in found else found


def _addresses(array: Any) -> list[int]:
    """Where in memory each element lies, in the order of flat positions."""
    at = np.array(array.__array_interface__["data"][0])
    for n, stride in zip(array.shape, array.strides, strict=True):
        at = at[..., None] + np.arange(n) * stride
    return list(map(int, at.reshape(-1)))


class Numbers:
    """The arrays that stood at the nodes of a graph.

    An operand is what a recorder kept, or what the op saved for backward, or the array of a leaf Tensor that is alive,
    or what an input comes to when its own op is evaluated again.
    """

    def __init__(self) -> None:
        self._of_node: dict[Node, Any] = {}
        self._saved: dict[Node, Any] = {}
        self._uses: dict[Node, list[tuple[Node, int]]] = {}

    def enter(self, node: Node, array: Any) -> None:
        """Say what stands at a node."""
        self._of_node[node] = array

    def used(self, node: Node) -> None:
        """Note that an op was applied to its inputs: it may hold them, and they must not have been written since."""
        for place, source in enumerate(node.inputs):
            if source is not None:
                self._uses.setdefault(source, []).append((node, place))
        for name, value in node.params.items():  # an index may be an array
            _check_not_overwritten(node, value, node.seq, name)

    def operand(self, node: Node, place: int) -> Any:
        """What the op of ``node`` was applied to at ``place``: an array, a number, or None."""
        value = self._operand_held(node, place)
        source = node.inputs[place]
        if value is _MISSING and source is not None:
            return self.of(source)
        if value is _MISSING:
            raise _gone(node, place)
        return value

    def absent(self, node: Node, place: int) -> bool:
        """Whether an argument was left out (None).

        Without a recorder the tape keeps neither it nor a constant in its place; then the result tells, if it is known.
        """
        if node.inputs[place] is not None:
            return False
        value = self._operand_held(node, place)
        if value is not _MISSING:
            return value is None
        op: Any = node.op
        try:
            values = [None if i == place else self.operand(node, i) for i in range(len(node.inputs))]
            found = op.forward(*values, **node.params)
        except (GradientError, TypeError, AttributeError):  # other numbers are gone, or it cannot be left out
            return False
        return not op.aux and not op.outputs and self._comes_to(node, found)

    def _comes_to(self, node: Node, found: Any) -> bool:
        """Whether the value of a node is known to be ``found``: by itself, or as another op moved all its elements."""
        while True:
            known = self._of_node.get(node, _MISSING)
            known = self._held(node) if known is _MISSING else known
            if known is not _MISSING:
                known = to_numpy(known)
                rounding = 4 * float(np.spacing(np.abs(known).max(initial=0)))
                return bool(np.allclose(found, known, rtol=0, atol=rounding))
            users: list[Any] = [user for user, _ in self._uses.get(node, ())]
            view = next((user for user in users if user.op.name in _VIEWS), None)
            if view is None:
                return False
            places = np.arange(found.size).reshape(found.shape)
            if np.unique(view.op.forward(places, **view.params)).size < found.size:
                return False
            node, found = view, view.op.forward(found, **view.params)

    def of(self, node: Node) -> Any:
        """The array that stands at ``node``, on the host."""
        stack = [node]
        while stack:
            top = stack[-1]
            if top in self._of_node:
                stack.pop()
            elif top.op is ITEM:
                maker = maker_of(top)
                if maker in self._of_node:
                    self._of_node[top] = self._of_node[maker][top.params["index"]]
                else:
                    stack.append(maker)
            elif (held := self._held(top)) is not _MISSING:
                self._of_node[top] = held
            else:
                waiting = self._evaluate(top)
                stack.extend(waiting)
        array = self._of_node[node]
        _check_not_overwritten(node, array, min((user.seq for user, _ in self._uses.get(node, ())), default=node.seq))
        return to_numpy(array)

    def _operand_held(self, node: Node, place: int) -> Any:
        """An operand that something holds; _MISSING where it must be computed again."""
        op: Any = node.op
        source = node.inputs[place]
        recorded = getattr(node, "operands", None)
        if recorded is not None:
            value = recorded[place]
            if isinstance(value, weakref.ref):
                value = value()
                if value is None:
                    return _MISSING
        elif source is not None and source in self._of_node:
            value = self._of_node[source]
        else:
            saved = self._saved_of(node)
            if saved is None:
                return _MISSING
            if op.variadic is not None:
                arrays = saved[op.layout[op.variadic]]
                value = None if arrays is None else arrays[place]
            else:
                value = saved[op.layout[op.arguments[place]]]
            if value is None:
                return _MISSING
        _check_not_overwritten(node, value, node.seq, argument_name(op, place))
        return to_numpy(value) if hasattr(value, "dtype") else value

    def _held(self, node: Node) -> Any:
        """The value of a node that something holds; _MISSING where it must be computed again."""
        for user, place in self._uses.get(node, ()):
            if (value := self._operand_held(user, place)) is not _MISSING:
                return value
        if node.op is None:
            tensor = node.tensor() if node.__class__ is Leaf else None
            if tensor is None:
                raise GradientError(
                    f"expand: the leaf Tensor of shape {node.shape} is gone, and nothing else kept its numbers.\n"
                    "  Keep the Tensor, or run the forward pass under `with ag.record():`, which keeps them."
                )
            return tensor.array
        saved = self._saved_of(node)
        return _MISSING if saved is None or saved[1] is None else saved[1]

    def _saved_of(self, node: Node) -> Any:
        """The saved values of a node; None where there are none any more."""
        if node not in self._saved:
            saved = node.saved
            if isinstance(saved, Held):
                try:
                    saved = saved.values(node)
                except GradientError:  # given back by a backward pass
                    saved = None
            self._saved[node] = saved
        return self._saved[node]

    def _evaluate(self, node: Node) -> list[Node]:
        """Evaluate the op of a node again; or say which of its inputs have to be found first."""
        op: Any = node.op
        values, waiting = [], []
        for place, source in enumerate(node.inputs):
            value = self._operand_held(node, place)
            if value is _MISSING:
                if source is None:
                    raise _gone(node, place)
                waiting.append(source)
            values.append(value)
        if not waiting:
            y = op.forward(*values, **node.params)
            self._of_node[node] = y[0] if op.aux else y
        return waiting


def _gone(node: Node, place: int) -> GradientError:
    op: Any = node.op
    return GradientError(
        f"expand: {op.name}: the numbers of argument {argument_name(op, place)} were not kept (op #{node.seq}, of "
        f"shape {node.shape}): it asked for no gradient, or was left out, or a backward pass has given them back.\n"
        "  Run the forward pass under `with ag.record():`, which keeps them."
    )


def _check_not_overwritten(node: Node, value: Any, seq: int, name: str = "") -> None:
    if seq >= writes.last:
        return
    for array in arrays_in(value):
        if writes.after(array, seq):
            role = f"its argument {name}" if name else "its value"
            raise GradientError(
                f"expand: {node!r}: {role}, {describe(array)}, was written in place after the op was recorded; the "
                "numbers that it was computed from are gone.\n"
                "  Expand before the write (an optimizer's step is one), or run the forward pass again."
            )
