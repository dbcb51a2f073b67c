"""What stands behind one element of each kind of op: which elements of its arguments, and the formula on them.

Few ops need a rule of their own. An elementwise op is applied to the elements at the same place. An op that moves
elements is run on positions in place of numbers, which shows where each came from. An op that is linear in its argument
tells its coefficients when the gradient of one element is taken; so does one that selects. Contractions are sums of
products. The rest is defined by other ops (:mod:`autograd.expanding_definitions`).
"""

from __future__ import annotations

import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from autograd.backend import Array
from autograd.backward import walk
from autograd.dispatch import OPS, bound
from autograd.errors import ArgumentError
from autograd.levels import suspended
from autograd.mode import enable_grad
from autograd.ops.convolution import windows
from autograd.tape import Leaf

__all__ = ["Element", "Key", "Opened", "Rule", "rule_of"]

Key = tuple[Any, int, int]  # what holds an element (a node, a constant), which of its outputs, and the flat position


class Element(NamedTuple):
    """How an element is computed: ``combine(*parts)``, or the one part itself where ``combine`` is None.

    ``parts``  keys of other elements, and plain numbers
    ``cost``   how many Values ``combine`` makes
    """

    parts: Sequence[Any]
    combine: Callable[..., Any] | None = None
    cost: int = 0


Rule = Callable[[int, int], Element]  # from the output (0 where there is one) and the flat position in it


class Opened(Protocol):
    """One op of the graph, as its rule sees it."""

    node: Any
    op: Any
    params: dict[str, Any]

    def count(self) -> int:
        """How many arguments it was applied to."""

    def shape(self, place: int) -> tuple[int, ...]:
        """The shape of an argument."""

    def numbers(self, place: int) -> Any:
        """The array (or number) of an argument; None for one that was left out."""

    def absent(self, place: int) -> bool:
        """Whether an optional argument was left out."""

    def is_data(self, place: int) -> bool:
        """Whether an argument holds real numbers that a derivative may be taken by."""

    def part(self, place: int, flat: int) -> Any:
        """The element of an argument, to stand among the parts."""


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
    places = [None if opened.absent(i) else _stretched(opened.shape(i), shape) for i in range(opened.count())]

    def element(output: int, flat: int) -> Element:
        at = np.unravel_index(flat, shape)
        parts = [None if p is None else opened.part(i, int(p[at])) for i, p in enumerate(places)]
        return Element(parts, lambda *values: op(*values, **params), 1)

    return element


def _same(opened: Opened) -> Rule:
    """The number as it is."""
    return lambda output, flat: Element([opened.part(0, flat)])


def _zero(opened: Opened) -> Rule:
    return lambda output, flat: Element([0.0])


def _positions(shape: tuple[int, ...]) -> Array:
    return np.arange(math.prod(shape)).reshape(shape)


def _stretched(small: tuple[int, ...], large: tuple[int, ...]) -> Array:
    """The positions of an argument, seen in the shape of the result."""
    return np.broadcast_to(_positions(small), large)


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
            found = walk(
                [(y.node, unit)], retain_graph=True, create_graph=False, targets=list(self._leaves.values())
            )
        parts: list[Any] = []
        coefficients: list[float] = []
        for i, leaf in self._leaves.items():
            row = np.asarray(found[leaf]).reshape(-1) if leaf in found else np.zeros(0)
            for j in np.flatnonzero(row).tolist():
                parts.append(self._opened.part(i, j))
                coefficients.append(float(row[j]))
        return weighed_sum(parts, coefficients)


def weighed_sum(parts: Sequence[Any], coefficients: Sequence[float]) -> Element:
    """The sum of the parts times their coefficients; what all have in common is multiplied once."""
    if not parts:
        return Element([0.0])
    if len(set(coefficients)) > 1:
        return Element(
            parts,
            lambda *values: added(v if c == 1 else v * c for v, c in zip(values, coefficients, strict=True)),
            2 * len(parts) - 1,
        )
    factor = coefficients[0]
    if factor == 1:
        return Element(parts, lambda *values: added(values), len(parts) - 1) if len(parts) > 1 else Element(parts)
    if (n := round(1 / factor)) > 1 and math.isclose(n * factor, 1, rel_tol=1e-12):
        return Element(parts, lambda *values: added(values) / n, len(parts))
    return Element(parts, lambda *values: added(values) * factor, len(parts))


def added(values: Iterable[Any]) -> Any:
    """The sum, from the first to the last."""
    return functools.reduce(operator.add, values)


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
    moved = _positions(shape).transpose(*rest, *axes)
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
        positions = groups[flat].tolist()
        return weighed_sum([opened.part(0, j) for j in positions], [1 / len(positions)] * len(positions))

    return element


def _extreme(name: str) -> Callable[[Opened], Rule]:
    """The greater (or lesser) of two, again and again; elements that are tied for it are averaged first.

    So each of the tied ones has an equal share of the gradient, as in the op; one by one they would not.
    """

    def prepare(opened: Opened) -> Rule:
        groups, pick = _groups(opened), OPS[name]
        x = np.asarray(opened.numbers(0)).reshape(-1)

        def element(output: int, flat: int) -> Element:
            positions = groups[flat]
            values = x[positions]
            best = values.max() if name == "maximum" else values.min()
            tied = positions[values == best].tolist()
            others = positions[values != best].tolist()
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
            at = np.unravel_index(flat, shape)
            parts = [opened.part(i, int(p[at])) for i, p in enumerate(places)]
            if flat // step % shape[axis] == 0:
                return Element(parts[-1:])
            return Element([(opened.node, 0, flat - step), *parts], join, count)

        return element

    return prepare


# ----------------------------------------------------------------------------------------------------- contractions


def _product_sum(opened: Opened, terms: Iterable[tuple[int, ...]], bias: Any = None) -> Element:
    """The sum over ``terms`` (a position in each argument) of products, and the bias."""
    rows = [[opened.part(i, flat) for i, flat in enumerate(term)] for term in terms]
    parts = [part for row in rows for part in row]
    width = len(rows[0]) if rows else 1
    if bias is not None:
        parts.append(bias)
    if not parts:
        return Element([0.0])

    def combine(*values: Any) -> Any:
        products = [
            functools.reduce(operator.mul, values[k : k + width]) for k in range(0, len(rows) * width, width)
        ]
        return added(products + ([] if bias is None else [values[-1]]))

    return Element(parts, combine, len(rows) * width)


def _matmul(opened: Opened) -> Rule:
    a, b = _positions(opened.shape(0)), _positions(opened.shape(1))
    out = opened.node.shape
    if a.ndim == 1:
        a, out = a[None, :], (*out[:-1], 1, out[-1]) if b.ndim > 1 else (1, *out)
    if b.ndim == 1:
        b, out = b[:, None], (*out, 1)
    a = np.broadcast_to(a, (*out[:-2], *a.shape[-2:]))
    b = np.broadcast_to(b, (*out[:-2], *b.shape[-2:]))

    def element(output: int, flat: int) -> Element:
        *batch, i, j = np.unravel_index(flat, out)
        row, column = a[(*batch, i)].tolist(), b[(*batch, slice(None), j)].tolist()
        return _product_sum(opened, zip(row, column, strict=True))

    return element


def _linear_layer(opened: Opened) -> Rule:
    x, weight = _positions(opened.shape(0)), _positions(opened.shape(1))
    biased = not opened.absent(2)

    def element(output: int, flat: int) -> Element:
        *batch, j = np.unravel_index(flat, opened.node.shape)
        terms = zip(x[tuple(batch)].tolist(), weight[j].tolist(), strict=True)
        return _product_sum(opened, terms, opened.part(2, int(j)) if biased else None)

    return element


def _einsum(opened: Opened) -> Rule:
    left, _, output_labels = opened.params["subscripts"].partition("->")
    inputs = left.split(",")
    places = [_positions(opened.shape(i)) for i in range(len(inputs))]
    sizes: dict[str, int] = {}
    for labels, p in zip(inputs, places, strict=True):
        for label, n in zip(labels, p.shape, strict=True):
            sizes[label] = max(n, sizes.get(label, 1))
    summed = [label for label in sizes if label not in output_labels]

    def element(output: int, flat: int) -> Element:
        at = dict(zip(output_labels, np.unravel_index(flat, opened.node.shape), strict=True))
        terms = []
        for where in itertools.product(*(range(sizes[label]) for label in summed)):
            at.update(zip(summed, where, strict=True))
            terms.append(
                tuple(
                    int(p[tuple(at[label] if n > 1 else 0 for label, n in zip(labels, p.shape, strict=True))])
                    for labels, p in zip(inputs, places, strict=True)
                )
            )
        return _product_sum(opened, terms)

    return element


def _convolution(opened: Opened) -> Rule:
    """Each window of the image against the kernel."""
    weight = _positions(opened.shape(1))
    seen = _windowed(opened.shape(0), weight.shape[2:], opened.params)
    biased = not opened.absent(2)
    width, per_group = weight.shape[1], weight.shape[0] // opened.params["groups"]

    def element(output: int, flat: int) -> Element:
        n, o, *place = np.unravel_index(flat, opened.node.shape)
        first = o // per_group * width
        pixels = seen[(n, slice(first, first + width), *place)].reshape(-1).tolist()
        terms = [(p, w) for p, w in zip(pixels, weight[o].reshape(-1).tolist(), strict=True) if p >= 0]
        return _product_sum(opened, terms, opened.part(2, int(o)) if biased else None)

    return element


def _windowed(shape: tuple[int, ...], kernel: tuple[int, ...], params: dict[str, Any]) -> Array:
    """The positions of an image in each window, -1 in the padding: ``(N, C, *out, *kernel)``."""
    return windows(_positions(shape), kernel, params["stride"], params["padding"], params["dilation"], fill=-1)


def _convolution_of_input(opened: Opened) -> Rule:
    """The transposed convolution: every element of ``d`` whose window covers the pixel."""
    d, weight, params = _positions(opened.shape(0)), _positions(opened.shape(1)), opened.params
    width, per_group = weight.shape[1], weight.shape[0] // params["groups"]
    kernel, out = weight.shape[2:], d.shape[2:]

    def element(output: int, flat: int) -> Element:
        n, c, *pixel = map(int, np.unravel_index(flat, opened.node.shape))
        group = c // width
        hits = []  # along each axis: the places in the kernel, and the window, that the pixel lies in
        for q, k, m, s, p, r in zip(
            pixel, kernel, out, params["stride"], params["padding"], params["dilation"], strict=True
        ):
            starts = [(i, q + p - i * r) for i in range(k)]
            hits.append([(i, start // s) for i, start in starts if start % s == 0 and 0 <= start // s < m])
        terms = [
            (int(d[(n, o, *(h[1] for h in hit))]), int(weight[(o, c - group * width, *(h[0] for h in hit))]))
            for o in range(group * per_group, (group + 1) * per_group)
            for hit in itertools.product(*hits)
        ]
        return _product_sum(opened, terms)

    return element


def _convolution_of_weight(opened: Opened) -> Rule:
    """Each window against the cotangent of its place, over images and places."""
    d, params = _positions(opened.shape(1)), opened.params
    seen = _windowed(opened.shape(0), params["kernel"], params)
    seen = seen[(slice(None), slice(None), *map(slice, d.shape[2:]))]
    axes = d.ndim - 2
    width, per_group = opened.shape(0)[1] // params["groups"], d.shape[1] // params["groups"]

    def element(output: int, flat: int) -> Element:
        o, c, *place = np.unravel_index(flat, opened.node.shape)
        pixels = seen[(slice(None), o // per_group * width + c, *(slice(None),) * axes, *place)].reshape(-1).tolist()
        return _product_sum(
            opened, [(p, g) for p, g in zip(pixels, d[:, o].reshape(-1).tolist(), strict=True) if p >= 0]
        )

    return element


def _complex(opened: Opened) -> Rule:
    raise ArgumentError(f"expand: {opened.op.name}: its numbers are complex, and a Value is a real number.")


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
    **dict.fromkeys(("order_statistic", "cummax", "max_pool1d", "max_pool2d", "max_pool3d"), _selected),
    "cumsum": _scanned(operator.add),
    "cumprod": _scanned(operator.mul),
    "logcumsumexp": _scanned(OPS["logaddexp"]),
    "linear_recurrence": _scanned(lambda before, a, b: a * before + b),
    "matmul": _matmul,
    "linear": _linear_layer,
    "einsum": _einsum,
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    **dict.fromkeys(("conv1d_input_gradient", "conv2d_input_gradient", "conv3d_input_gradient"), _convolution_of_input),
    **dict.fromkeys(
        ("conv1d_weight_gradient", "conv2d_weight_gradient", "conv3d_weight_gradient"), _convolution_of_weight
    ),
}
