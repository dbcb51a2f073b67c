"""The product over axes: its gradient is the product of the others, which zeros do no harm."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.ops.axes import Axis, count_over, keep_axes, normalize_axes
from autograd.ops.halves import in_single
from autograd.ops.indexing import getitem
from autograd.ops.reduce import over_axes, samples_with_empty, sum
from autograd.ops.scan import cumprod
from autograd.ops.shape import concat, flip, transpose
from autograd.primitive import per_input_element, primitive

__all__ = ["prod"]


def exclusive_product(x: Any, axis: int) -> Any:
    """For each element the product of all before it along an axis, 1 for the first."""
    from_start = cumprod(x, axis)
    one = getitem(from_start, (slice(None),) * axis + (slice(0, 1),)) * 0 + 1
    return concat([one, getitem(from_start, (slice(None),) * axis + (slice(0, x.shape[axis] - 1),))], axis)


def _prod_vjp(g: Any, x: Any, axis: tuple[int, ...], keepdims: bool) -> Any:
    return keep_axes(g, axis, keepdims) * _product_of_others(x, axis)


def _product_of_others(x: Any, axis: tuple[int, ...]) -> Any:
    """For each element the product of the others: those before it times those after it, so zeros do no harm."""
    if not axis:
        return 0 * x + 1
    rest = [i for i in range(x.ndim) if i not in axis]
    order = (*rest, *axis)
    moved = transpose(x, order)
    flat = moved.reshape((*moved.shape[: len(rest)], count_over(x.shape, axis)))
    if not flat.shape[-1]:
        return x
    last = len(rest)
    others = exclusive_product(flat, last) * flip(exclusive_product(flip(flat, last), last), last)
    return transpose(others.reshape(moved.shape), tuple(sorted(range(len(order)), key=order.__getitem__)))


_prod = primitive(
    "prod",
    over_axes(np.prod),
    kind="reduction",
    vjp=[_prod_vjp],
    jvp=lambda primals, tangents, axis, keepdims: sum(
        tangents[0] * _product_of_others(primals[0], axis), axis, keepdims
    ),
    latex=r"\textstyle\prod_{{A}} {0}",
    vjp_latex=[r"\operatorname{broadcast}_{A}(\bar y) \odot u, \quad u_{i} = \textstyle\prod_{j \ne i} x_{j}"],
    flops=per_input_element(1),
    samples=samples_with_empty,
)


@in_single
def prod(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """The product over axes (all of them by default). Its gradients are right with any number of zeros."""
    return _prod(x, axis=normalize_axes("prod", axis, x.ndim, x.shape), keepdims=keepdims)
