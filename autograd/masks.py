"""Which elements of a cotangent got no gradient: "no gradient" is not "zero gradient".

They start at an op that selects (``where``, indexing, ``max``): what was not chosen gets a cotangent of 0, and 0 times
an infinity further up would be NaN. A mask says which elements were reached. An elementwise op passes it on; for a
linear op (a view, a sum) its rule, applied to the mask, says where its elements went. So it is for a product of
several (a matrix product, a convolution) if an infinity or a NaN stands among its factors. Where all are finite nothing
can leak there, and the mask ends: to follow it further would cost as much as the product, for each one under a pooling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd.backend import Array, array_module, is_differentiable
from autograd.ops.elementwise import where
from autograd.ops.logic import isfinite
from autograd.tape import Variable, arrays_in, innermost

__all__ = ["guarded", "is_of_use", "is_product", "multiplies_infinity", "reached"]


def carries(op: Any) -> bool:
    """Whether a mask on the result of an op says something of its arguments."""
    return op.kind in ("elementwise", "view", "gather") or op.jvp == "linear" or is_product(op)


def is_of_use(node: Any) -> bool:
    """Whether a mask on the result of a node could change anything; asked before there is one, which has its price."""
    op = node.op
    if op is None or not carries(op):
        return False
    known = node.saved is None or node.saved.__class__ is tuple
    return not (is_product(op) and known) or multiplies_infinity(op, node.saved)


def is_product(op: Any) -> bool:
    """Whether an op multiplies its arguments and adds up, so that each rule is linear in the other factor."""
    return op.jvp == "multilinear" or op.name in ("linear", "conv1d", "conv2d", "conv3d")  # these add a bias


def multiplies_infinity(op: Any, saved: Any) -> bool:
    """Whether a product has an infinity or a NaN among its factors, which would make NaN of a zero."""
    return saved is not None and any(
        is_differentiable(x.dtype) and not array_module(x).isfinite(x).all()
        for place in _places(op)
        for x in arrays_in(saved[place])
    )


def reached(op: Any, inputs: Sequence[Any], parent: Any, mask: Array | None, g: Any, saved: Any, params: Any) -> Any:
    """How much of each element of the parent is reached through a node; None where all of it is.

    ``mask``  which elements of the node's own cotangent ``g`` were reached; None for all
    """
    if mask is not None and op.kind == "elementwise" and not op.selects:
        return mask
    places = [i for i, x in enumerate(inputs) if x is parent]
    if len(places) != 1 or not (op.selects or (mask is not None and carries(op))):
        return None  # where(c, x, x) reaches every element of x
    if op.joint is not None and (op.outputs or op.selects):
        return None
    if not op.selects and is_product(op):
        saved = _changed(op, saved, lambda x: array_module(x).ones_like(x))
    weights = _ones(g) if mask is None else mask.astype(np.float32)
    if not (op.selects or op.kind in ("view", "gather")):
        # Of a difference of two that were reached nothing may be left; of random weights something is.
        rng = np.random.default_rng(0)
        weights = weights * array_module(weights).asarray(rng.uniform(0.5, 1.5, weights.shape))
    return _pulled(op, places[0], len(inputs), weights, saved, params)


def guarded(
    op: Any, inputs: Sequence[Any], gradients: list[Any], mask: Array, g: Any, saved: Any, params: Any
) -> list[Any]:
    """The gradients of a product of several, where infinite factors of what was not reached give nothing."""
    finite = _changed(op, saved, lambda x: where(isfinite(innermost(x)), x, 0))
    infinite = _changed(op, saved, lambda x: (~isfinite(innermost(x))).astype(np.float32))
    found = []
    for i, gi in enumerate(gradients):
        if gi is not None:
            meant = _pulled(op, i, len(inputs), mask.astype(np.float32), infinite, params) > 0
            gi = where(meant, gi, _pulled(op, i, len(inputs), g, finite, params))
        found.append(gi)
    return found


def _pulled(op: Any, place: int, count: int, g: Any, saved: Any, params: Any) -> Any:
    """What the op's rule gives for one argument."""
    if op.joint is None:
        return op.rules[place](g, saved, params)
    needs = tuple(i == place for i in range(count))
    return op.joint(g, (needs, *(saved or ())[1:]), params)[place]


def _places(op: Any) -> list[int]:
    """Where the operands of an op stand among its saved values."""
    return [op.layout[name] for name in (*op.arguments, op.variadic) if name in op.layout]


def _changed(op: Any, saved: Any, change: Callable[[Any], Any]) -> Any:
    """The saved values with other operands."""
    values = list(saved)
    for place in _places(op):
        operand = values[place]
        if operand is not None:
            values[place] = tuple(map(change, operand)) if isinstance(operand, tuple) else change(operand)
    return values


def _ones(g: Any) -> Any:
    if isinstance(g, list):
        return [None if part is None else _ones(part) for part in g]
    return np.ones_like(g.array) if isinstance(g, Variable) and not hasattr(g, "level") else np.ones(g.shape, g.dtype)
