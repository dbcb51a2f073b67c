"""What stands behind one element of each kind of op: which elements of its arguments, and the formula on them.

Few ops need a rule of their own. An elementwise op is applied to the elements at the same place. An op that moves
elements is run on positions in place of numbers, which shows where each came from. An op that is linear in its argument
tells its coefficients when the gradient of one element is taken; so does one that selects. Contractions are sums of
products. The rest is defined by other ops (:mod:`autograd.expanding.definitions`).
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.backend import Array
from autograd.backward import walk
from autograd.dispatch import OPS, bound
from autograd.expanding import contractions
from autograd.expanding.element import Element, Opened, Rule, added, positions, weighed_sum
from autograd.levels import suspended
from autograd.mode import enable_grad
from autograd.tape import Leaf, Variable

__all__ = ["only_moves", "rule_of"]


def only_moves(op: Any) -> bool:
    """Whether each element of the result is an element of an argument (or a constant), so that it makes no Value."""
    return op is not None and op.name in _MOVES


def rule_of(opened: Opened) -> Rule | None:
    """The rule for an op; None if there is none."""
    op = opened.op
    if (special := _BY_NAME.get(op.name)) is not None:
        return special(opened)
    if op.outputs and op.kind != "view":
        return None
    if op.kind in _BY_KIND:
        return _BY_KIND[op.kind](opened)
    return _linear(opened) if op.jvp == "linear" else None


# ------------------------------------------------------------------------------------------------------ elementwise


def _elementwise(opened: Opened) -> Rule:
    """The op itself, on the elements that broadcasting brings together."""
    op, params, shape = opened.op, opened.params, opened.node.shape
    of_values = _OF_VALUES.get(op.name)

    def combine(*values: Any) -> Any:
        if of_values is not None and any(isinstance(v, Variable) for v in values):
            return of_values(*values)
        return op(*values, **params)

    places = [None if opened.absent(i) else _stretched(opened.shape(i), shape) for i in range(opened.count())]

    def element(output: int, flat: int) -> Element:
        parts = [None if p is None else opened.part(i, int(p[flat])) for i, p in enumerate(places)]
        return Element(parts, combine, 1)

    return element


# What a scalar Value computes by itself, at a fraction of the time that an op of the table takes.
_OF_VALUES: dict[str, Callable[..., Any]] = {
    "add": operator.add, "subtract": operator.sub, "multiply": operator.mul, "divide": operator.truediv,
    "negative": operator.neg,
    **{name: operator.methodcaller(name) for name in ("exp", "log", "tanh", "relu", "sigmoid", "sin", "cos", "sqrt")},
}  # fmt: skip


def _same(opened: Opened) -> Rule:
    """The number as it is."""
    return lambda output, flat: Element([opened.part(0, flat)])


def _zero(opened: Opened) -> Rule:
    return lambda output, flat: Element([0.0])


def _stretched(small: tuple[int, ...], large: tuple[int, ...]) -> Array:
    """For each flat position of the result, that of the element of an argument which broadcasting brings there."""
    return np.broadcast_to(positions(small), large).reshape(-1)


# ------------------------------------------------------------------------------------- movement, and what is linear


def _moved(opened: Opened) -> Rule:
    """Where an op that moves elements took each from; where it adds several up, their sum.

    It is run on positions, on positions that are all shifted by one amount, and on positions in another order. What is
    a copy follows both; what is a constant (of padding) follows neither.
    """
    op, places = opened.op, range(opened.count())
    data = [i for i in places if opened.is_data(i)]
    sizes = [math.prod(opened.shape(i)) for i in data]
    starts = [0, *itertools.accumulate(sizes)]
    total = max(starts[-1], 1)
    order = np.random.default_rng(0).permutation(total)
    others = {i: opened.numbers(i) for i in places if i not in data}

    def run(labels: Array) -> Sequence[Array]:
        arrays = dict(others)
        for i, start, size in zip(data, starts, sizes, strict=False):
            arrays[i] = labels[start : start + size].reshape(opened.shape(i))
        y = op.forward(*(arrays[i] for i in places), **opened.params)
        return [np.asarray(part).reshape(-1) for part in (y if op.outputs else (y,))]

    labels = np.arange(total, dtype=np.float64)
    plain, shifted, shuffled = run(labels), run(labels + total), run(order.astype(np.float64))
    linear = _Rows(opened, real=False)

    def element(output: int, flat: int) -> Element:
        label = plain[output][flat]
        change = shifted[output][flat] - label
        if change == 0:
            return Element([float(label)])
        source = int(label) if change == total and label == int(label) else -1
        if 0 <= source < total and shuffled[output][flat] == order[source]:
            which = int(np.searchsorted(starts, source, side="right")) - 1
            return Element([opened.part(data[which], source - starts[which])])
        return linear.element(output, flat)

    return element


class _Rows:
    """Rows of the Jacobian of an op: its coefficients, where it is linear in its arguments or selects among them."""

    def __init__(self, opened: Opened, real: bool):
        self._opened = opened
        self._real = real
        self._outputs: Sequence[Any] = ()
        self._leaves: dict[int, Any] = {}

    def _record(self) -> None:
        opened = self._opened
        args: list[Any] = []
        for i in range(opened.count()):
            if opened.is_data(i):  # a linear op has the same coefficients everywhere, so it needs no numbers
                numbers = opened.numbers(i) if self._real else np.zeros(opened.shape(i))
                tensor = bound(np.asarray(numbers, np.float64), None)
                tensor.node = self._leaves[i] = Leaf(tensor)
                args.append(tensor)
            else:
                args.append(opened.numbers(i))
        with suspended(transforms=True), enable_grad():
            y = opened.op(*args, **opened.params)
        self._outputs = y if isinstance(y, tuple) else (y,)

    def element(self, output: int, flat: int) -> Element:
        """The element as a weighed sum of elements of the arguments."""
        if not self._outputs:
            self._record()
        y = self._outputs[output]
        unit = np.zeros(y.shape)
        unit.reshape(-1)[flat] = 1.0
        with suspended(transforms=True):
            found = walk([(y.node, unit)], retain_graph=True, create_graph=False, targets=list(self._leaves.values()))
        parts: list[Any] = []
        coefficients: list[float] = []
        for i, leaf in self._leaves.items():
            row = np.asarray(found[leaf]).reshape(-1) if leaf in found else np.zeros(0)
            for j in np.flatnonzero(row).tolist():
                parts.append(self._opened.part(i, j))
                coefficients.append(float(row[j]))
        return weighed_sum(parts, coefficients)


def _linear(opened: Opened) -> Rule:
    return _Rows(opened, real=False).element


def _selected(opened: Opened) -> Rule:
    """The element that was selected; the mean of those that are tied, if the op shares its gradient among them."""
    return _Rows(opened, real=True).element


# ------------------------------------------------------------------------------------------------------- reductions


def _groups(opened: Opened) -> Array:
    """For each element of a reduction, the flat positions that it stands for."""
    shape, axes = opened.shape(0), opened.params["axis"]
    rest = [i for i in range(len(shape)) if i not in axes]
    moved = positions(shape).transpose(*rest, *axes)
    return moved.reshape(math.prod(shape[i] for i in rest), math.prod(shape[i] for i in axes))


def _reduced(combine: Callable[[Any, Any], Any], empty: float) -> Callable[[Opened], Rule]:
    """Element after element into one."""

    def prepare(opened: Opened) -> Rule:
        groups = _groups(opened)

        def element(output: int, flat: int) -> Element:
            parts = [opened.part(0, j) for j in groups[flat].tolist()]
            if len(parts) < 2:
                return Element(parts or [empty])
            return Element(parts, lambda *values: functools.reduce(combine, values), len(parts) - 1)

        return element

    return prepare


def _averaged(opened: Opened) -> Rule:
    groups = _groups(opened)

    def element(output: int, flat: int) -> Element:
        members = groups[flat].tolist()
        return weighed_sum([opened.part(0, j) for j in members], [1 / len(members)] * len(members))

    return element


def _extreme(name: str) -> Callable[[Opened], Rule]:
    """The greater (or lesser) of two, again and again; elements that are tied for it are averaged first.

    So each of the tied ones has an equal share of the gradient, as in the op; one by one they would not.
    """

    def prepare(opened: Opened) -> Rule:
        groups, pick = _groups(opened), OPS[name]
        x = np.asarray(opened.numbers(0)).reshape(-1)

        def element(output: int, flat: int) -> Element:
            members = groups[flat]
            values = x[members]
            best = values.max() if name == "maximum" else values.min()
            tied = members[values == best].tolist()
            others = members[values != best].tolist()
            parts = [opened.part(0, j) for j in tied + others]

            def combine(*values: Any) -> Any:
                n = len(tied)
                mean = added(values[:n]) / n if n > 1 else values[0]
                return functools.reduce(pick, values[max(n, 1) :], mean)

            return Element(parts, combine if len(parts) > 1 else None, len(parts))

        return element

    return prepare


# ------------------------------------------------------------------------------------------------------------ scans


def _scanned(join: Callable[..., Any]) -> Callable[[Opened], Rule]:
    """Each element from the one before it: ``join(before, *arguments)``."""

    def prepare(opened: Opened) -> Rule:
        axis, shape, count = opened.params["axis"], opened.node.shape, opened.count()
        step = math.prod(shape[axis + 1 :]) if axis != -1 else 1
        places = [_stretched(opened.shape(i), shape) for i in range(count)]

        def element(output: int, flat: int) -> Element:
            parts = [opened.part(i, int(p[flat])) for i, p in enumerate(places)]
            if flat // step % shape[axis] == 0:
                return Element(parts[-1:])
            return Element([(opened.node, 0, flat - step), *parts], join, count)

        return element

    return prepare


_MOVES = frozenset({
    "astype", "broadcast_to", "concat", "copy", "diag_embed", "diagonal", "flip", "getitem", "pad", "permute_dims",
    "put_rows", "reshape", "roll", "setitem", "sliding_windows", "split", "take_along_axis", "take_rows", "to_device",
    "tril", "triu",
})  # fmt: skip

_BY_KIND: dict[str, Callable[[Opened], Rule]] = {
    "elementwise": _elementwise, "random": _elementwise, "view": _moved, "gather": _moved,
}  # fmt: skip

_BY_NAME: dict[str, Callable[[Opened], Rule]] = {
    **dict.fromkeys(("astype", "copy", "real", "conj", "to_device"), _same),
    "imag": _zero,
    "sum": _reduced(operator.add, 0.0),
    "prod": _reduced(operator.mul, 1.0),
    "mean": _averaged,
    "max": _extreme("maximum"),
    "min": _extreme("minimum"),
    **dict.fromkeys(("order_statistic", "found", "cummax", "scatter_extreme"), _selected),
    **{f"max_pool{n}d": _selected for n in (1, 2, 3)},
    "cumsum": _scanned(operator.add),
    "cumprod": _scanned(operator.mul),
    "logcumsumexp": _scanned(OPS["logaddexp"]),
    "linear_recurrence": _scanned(lambda before, a, b: a * before + b),
    "matmul": contractions.matmul,
    "linear": contractions.linear_layer,
    "einsum": contractions.einsum,
    **{f"conv{n}d": contractions.convolution for n in (1, 2, 3)},
    **{f"conv{n}d_input_gradient": contractions.convolution_of_input for n in (1, 2, 3)},
    **{f"conv{n}d_weight_gradient": contractions.convolution_of_weight for n in (1, 2, 3)},
}
