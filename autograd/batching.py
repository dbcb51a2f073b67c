"""Batching rules of ops for which vmap cannot derive one from their kind.

A rule takes ``(op, args, params, level)`` and gives the result for the whole batch and the axis of the examples in it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograd import ops
from autograd.backend import is_array
from autograd.dispatch import OPS
from autograd.interpreters import batched_at, wrapped
from autograd.levels import Level
from autograd.ops.rows import last_writes
from autograd.ops.scattering import _scatter_extreme as scatter_extreme
from autograd.ops.searching import search
from autograd.tape import module_of

__all__: list[str] = []

Result = tuple[Any, int]
_POOLS = (("max_pool", ""), ("max_pool", "_indices"), ("avg_pool", ""), ("avg_pool", "_gradient"))


def rule(*names: str) -> Callable[[Callable[..., Result]], Callable[..., Result]]:
    """Make a function the batching rule of the named ops."""

    def enter(function: Callable[..., Result]) -> Callable[..., Result]:
        for name in names:
            OPS[name].batch = function
        return function

    return enter


for _name in ("softmax", "log_softmax", "flip", "roll", "linear_recurrence", "argsort"):
    OPS[_name].batch = "axis"
for _name in (
    "inv", "det", "slogdet", "solve", "solve_triangular", "pinv", "cholesky", "qr", "eigh", "eig", "svd", "matrix_exp",
    "tril", "triu", "diagonal", "diag_embed", "order_statistic", "dropout", "to_device",
):  # fmt: skip
    OPS[_name].batch = "leading"


@rule("reshape", "broadcast_to")
def _to_shape(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    x, shape = batched_at(args[0], level), params["shape"]
    if op.name == "broadcast_to":
        x = ops.reshape(x, (level.size, *(1,) * (len(shape) - (x.ndim - 1)), *x.shape[1:]))
    return op(x, shape=(level.size, *shape)), 0


@rule("permute_dims")
def _permute(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    return op(batched_at(args[0], level), axes=(0, *(a + 1 for a in params["axes"]))), 0


@rule("pad")
def _pad(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    return op(batched_at(args[0], level), widths=((0, 0), *params["widths"]), value=params["value"]), 0


@rule("concat")
def _concat(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    return op(*(batched_at(a, level) for a in args), axis=params["axis"] + 1), 0


@rule("split")
def _split(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    return op(batched_at(args[0], level), points=params["points"], axis=params["axis"] + 1), 0


@rule("sliding_windows", "overlap_add")
def _windows(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    return op(batched_at(args[0], level), **params | {"axis": params["axis"] + 1}), 0


@rule("argmax", "argmin")
def _argument(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    x, axis, keepdims = batched_at(args[0], level), params["axis"], params["keepdims"]
    if axis is not None:
        return op(x, axis=axis + 1, keepdims=keepdims), 0
    y = op(ops.reshape(x, (level.size, -1)), axis=1, keepdims=False)
    return ops.reshape(y, (level.size, *(1,) * (x.ndim - 1))) if keepdims else y, 0


# ---------------------------------------------------------------------------------------------- indexing


def _behind(index: Any) -> tuple[Any, int]:
    """The index of one example as an index of the batch, and the axis where the examples then stand in the result.

    That is in front, unless index arrays stand apart: NumPy lays out their axes before all others.
    """
    parts = index if isinstance(index, tuple) else (index,)
    arrays = [p for p in parts if is_array(p) or isinstance(p, (bool, np.bool_))]
    place = 0
    if arrays:
        advanced = [i for i, p in enumerate(parts) if is_array(p) or isinstance(p, (int, np.integer, np.bool_))]
        if advanced != list(range(advanced[0], advanced[0] + len(advanced))):
            shapes = [p.shape if getattr(p, "dtype", np.dtype(bool)).kind != "b" else (int(np.sum(p)),) for p in arrays]
            place = len(np.broadcast_shapes(*shapes))
    return (slice(None), *parts), place


@rule("getitem")
def _getitem(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    index, place = _behind(params["index"])
    return op(batched_at(args[0], level), index=index), place


@rule("scatter")
def _scatter(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    index, place = _behind(params["index"])
    return op(batched_at(args[0], level, place), index=index, shape=(level.size, *params["shape"])), 0


@rule("setitem")
def _setitem(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    index, place = _behind(params["index"])
    x, v = args
    target = np.broadcast_to(0, x.shape)[params["index"]].shape
    if wrapped(v, level):
        v = batched_at(v, level)
        v = ops.reshape(v, (level.size, *(1,) * (len(target) - (v.ndim - 1)), *v.shape[1:]))
    elif place and np.ndim(v) > len(target) - place:
        v = ops.broadcast_to(v, (level.size, *target))  # its axes stand on both sides of the examples
    if place and np.ndim(v) > len(target):
        v = ops.moveaxis(v, 0, place)
    return op(batched_at(x, level), v, index=index), 0


@rule("take_along_axis")
def _take_along(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    return op(*(batched_at(a, level) for a in args), axis=params["axis"] + 1), 0


@rule("put_along_axis_add")
def _put_along(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    values = [batched_at(a, level) for a in args]
    return op(*values, shape=(level.size, *params["shape"]), axis=params["axis"] + 1), 0


# --------------------------------------------------------------------------------------------- contractions


@rule("matmul")
def _matmul(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    a, b = args
    row, column = len(a.shape) == 1, len(b.shape) == 1
    ndim = max(len(a.shape), len(b.shape), 2)

    def stacked(x: Any, vector: bool, axis: int) -> Any:
        value = batched_at(x, level) if wrapped(x, level) else x
        if vector:
            value = ops.expand_dims(value, axis)
        if not wrapped(x, level):
            return value
        return ops.reshape(value, (level.size, *(1,) * (ndim - (value.ndim - 1)), *value.shape[1:]))

    y = ops.matmul(stacked(a, row, -2), stacked(b, column, -1))
    return ops.squeeze(y, tuple(axis for axis, drop in ((-2, row), (-1, column)) if drop)) if row or column else y, 0


# ---------------------------------------------------------------------------------------------- rows of a table


def _offset(indices: Any, level: Level, rows: int) -> Any:
    """The indices of all examples as indices of their tables joined in one."""
    values = batched_at(indices, level)
    starts = module_of(values).arange(level.size) * rows
    return values + starts.reshape(-1, *(1,) * (values.ndim - 1))


def _joined(x: Any, level: Level) -> Any:
    """The tables of all examples as one, ``(examples * rows, ...)``."""
    x = batched_at(x, level)
    return ops.reshape(x, (level.size * x.shape[1], *x.shape[2:]))


@rule("take_rows")
def _take_rows(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    x, indices = args
    if not wrapped(x, level):
        return op(x, batched_at(indices, level)), 0
    if not wrapped(indices, level):
        return op(batched_at(x, level, 1), indices), indices.ndim
    return op(_joined(x, level), _offset(indices, level, x.shape[0])), 0


@rule("add_rows")
def _add_rows(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    v, indices = args
    rows = params["rows"]
    if not wrapped(indices, level):
        return op(batched_at(v, level, indices.ndim), indices, rows=rows), 1
    y = op(batched_at(v, level), _offset(indices, level, rows), rows=rows * level.size)
    return ops.reshape(y, (level.size, rows, *y.shape[1:])), 0


@rule("put_rows")
def _put_rows(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    x, v, indices = args
    y = op(_joined(x, level), batched_at(v, level), _offset(indices, level, x.shape[0]))
    return ops.reshape(y, (level.size, *x.shape)), 0


def _last_writes(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    return op(_offset(args[0], level, params["rows"]), rows=params["rows"] * level.size), 0


last_writes.batch = _last_writes  # it and the next ones are not in the table


def _scatter_extreme(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    return op(*(batched_at(a, level) for a in args), **params | {"axis": params["axis"] + 1}), 0


scatter_extreme.batch = _scatter_extreme


def _search(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    """In one vector at once; where each example has its own vector, by counting what is smaller."""
    a, v = args
    if not wrapped(a, level):
        return op(a, batched_at(v, level), **params), 0
    a, v = batched_at(a, level), batched_at(v, level)
    a, v = ops.reshape(a, (level.size, *(1,) * (v.ndim - 1), a.shape[-1])), ops.expand_dims(v, -1)
    return ops.sum(a <= v if params["right"] else a < v, -1), 0


search.batch = _search


@rule("linear")
def _linear(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    x, weight, bias = args
    if not wrapped(weight, level) and not wrapped(bias, level):
        return op(batched_at(x, level), weight, bias), 0
    x = batched_at(x, level)
    vector = x.ndim == 2
    x = ops.expand_dims(x, 1) if vector else x
    inner = x.shape[1:-1]
    rows = ops.reshape(x, (level.size, int(np.prod(inner)), x.shape[-1]))
    y = ops.matmul(rows, ops.matrix_transpose(batched_at(weight, level)))
    if bias is not None:
        y = y + ops.expand_dims(batched_at(bias, level), 1)
    y = ops.reshape(y, (level.size, *inner, y.shape[-1]))
    return (ops.squeeze(y, 1) if vector else y), 0


@rule("einsum")
def _einsum(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    left, _, output = params["subscripts"].partition("->")
    letter = next(c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" if c not in params["subscripts"])
    terms, values = [], []
    for term, a in zip(left.split(","), args, strict=True):
        inside = wrapped(a, level)
        terms.append(letter + term if inside else term)
        values.append(batched_at(a, level) if inside else a)
    return op(*values, subscripts=",".join(terms) + "->" + letter + output), 0


@rule("mse_loss")
def _mse(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    error = ops.square(batched_at(args[0], level) - batched_at(args[1], level))
    if params["reduction"] == "none":
        return error, 0
    axes = tuple(range(1, error.ndim))
    return (ops.sum if params["reduction"] == "sum" else ops.mean)(error, axes), 0


@rule("softmax_cross_entropy")
def _cross_entropy(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    logits, labels = (batched_at(a, level) for a in args)
    n = logits.shape[1]
    losses = op(ops.reshape(logits, (level.size * n, logits.shape[2])), ops.reshape(labels, (level.size * n,)))
    return ops.reshape(losses, (level.size, n)), 0


@rule(*(f"{kind}{n}d{end}" for n in (1, 2, 3) for kind, end in _POOLS))
def _pool(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    x = batched_at(args[0], level)
    y = op(ops.reshape(x, (level.size * x.shape[1], *x.shape[2:])), **params)
    return ops.reshape(y, (level.size, x.shape[1], *y.shape[1:])), 0


@rule(*(f"conv{n}d{end}" for n in (1, 2, 3) for end in ("", "_input_gradient")))
def _convolution(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    """The images of all examples as one batch; if kernels differ by example, a group of channels for each."""
    x, weight = args[:2]
    bias = args[2] if len(args) > 2 else None
    rest = (None,) if len(args) > 2 else ()
    values = batched_at(x, level)
    b, n = values.shape[:2]
    if not wrapped(weight, level):
        y = op(ops.reshape(values, (b * n, *values.shape[2:])), weight, *rest, **params)
        y = ops.reshape(y, (b, n, *y.shape[1:]))
    else:
        kernels = batched_at(weight, level)
        images = ops.reshape(ops.moveaxis(values, 0, 1), (n, b * values.shape[2], *values.shape[3:]))
        kernels = ops.reshape(kernels, (b * kernels.shape[1], *kernels.shape[2:]))
        y = op(images, kernels, *rest, **params | {"groups": params["groups"] * b})
        y = ops.moveaxis(ops.reshape(y, (n, b, y.shape[1] // b, *y.shape[2:])), 1, 0)
    if bias is not None:
        wide = batched_at(bias, level) if wrapped(bias, level) else ops.expand_dims(bias, 0)
        y = y + ops.reshape(wide, (wide.shape[0], 1, wide.shape[1], *(1,) * (y.ndim - 3)))
    return y, 0


@rule("conv1d_weight_gradient", "conv2d_weight_gradient", "conv3d_weight_gradient")
def _kernel_gradient(op: Any, args: Sequence[Any], params: dict[str, Any], level: Level) -> Result:
    """A group of channels for each example."""
    x, d = (batched_at(a, level) for a in args)
    b, n = x.shape[:2]

    def side_by_side(values: Any) -> Any:
        return ops.reshape(ops.moveaxis(values, 0, 1), (n, b * values.shape[2], *values.shape[3:]))

    y = op(side_by_side(x), side_by_side(d), **params | {"groups": params["groups"] * b})
    return ops.reshape(y, (b, y.shape[0] // b, *y.shape[1:])), 0
