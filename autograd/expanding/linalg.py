"""Linear algebra in scalar steps, as one does it by hand: elimination, substitution, Gram and Schmidt.

Each function defines an op of the table by row operations, for :mod:`autograd.expanding.definitions`. The choices that
depend on numbers (which row to eliminate with, which sign) are made once, by the numbers that are there.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograd.ops.elementwise import abs as absolute
from autograd.ops.elementwise import log, sqrt
from autograd.ops.linalg import matmul
from autograd.ops.reduce import sum
from autograd.ops.shape import broadcast_to, concat, stack

__all__ = ["cholesky", "det", "inv", "matrix_exp", "qr", "slogdet", "solve", "solve_triangular"]


def _each(function: Callable[..., Any], *stacks: Any) -> Any:
    """The function on each matrix of stacks, which broadcast; the results stacked again."""
    lead = np.broadcast_shapes(*(x.shape[:-2] for x in stacks))
    n = math.prod(lead)
    flat = [broadcast_to(x, (*lead, *x.shape[-2:])).reshape(n, *x.shape[-2:]) for x in stacks]
    results = [function(*(x[k] for x in flat)) for k in range(n)]

    def stacked(parts: list[Any]) -> Any:
        return stack(parts).reshape((*lead, *parts[0].shape))

    if isinstance(results[0], tuple):
        return tuple(stacked(list(parts)) for parts in zip(*results, strict=True))
    return stacked(results)


def solve(a: Any, b: Any) -> Any:
    """Gauss and Jordan: the rows of ``[a b]`` are combined until the identity stands on the left."""

    def one(a: Any, b: Any) -> Any:
        n = a.shape[0]
        rows = [concat([a[i], b[i]]) for i in range(n)]
        for k in range(n):
            _bring_up_pivot(rows, k)
            rows[k] = rows[k] / rows[k][k]
            rows = [row if i == k else row - row[k] * rows[k] for i, row in enumerate(rows)]
        return stack([row[n:] for row in rows])

    return _each(one, a, b)


def inv(x: Any) -> Any:
    """What solves ``x y = 1``."""
    return solve(x, np.eye(x.shape[-1]))


def det(x: Any) -> Any:
    """The product of the pivots of an elimination, with the sign of the exchanges."""
    return _each(lambda a: _product_of_pivots(a)[0], x)


def slogdet(x: Any) -> Any:
    """The sign, a constant, and the logarithms of the pivots added up."""

    def one(a: Any) -> Any:
        y, pivots = _product_of_pivots(a)
        if not pivots:
            return np.ones(()), np.zeros(())
        return np.sign(y.array), sum(stack([log(absolute(pivot)) for pivot in pivots]))

    return _each(one, x)


def _product_of_pivots(a: Any) -> tuple[Any, list[Any]]:
    rows, sign, pivots = [a[i] for i in range(a.shape[0])], 1.0, []
    columns = list(range(len(rows)))
    for k in range(len(rows)):
        sizes = np.abs([row.array[columns[k:]] for row in rows[k:]])
        down, across = divmod(int(np.argmax(sizes)), len(columns) - k)  # the largest of all: what is left last is 0
        for order, step in ((rows, down), (columns, across)):
            if step:
                order[k], order[k + step] = order[k + step], order[k]
                sign = -sign
        pivot = rows[k][columns[k]]
        pivots.append(pivot)
        if pivot.array != 0:
            rows[k + 1 :] = [row - row[columns[k]] / pivot * rows[k] for row in rows[k + 1 :]]
    y = pivots[0] * sign if pivots else np.ones(())  # the determinant of no rows
    for pivot in pivots[1:]:
        y = y * pivot
    return y, pivots


def _bring_up_pivot(rows: list[Any], k: int) -> None:
    """Exchange rows so that the largest number of column k stands in row k."""
    best = k + int(np.argmax([abs(row.array[k]) for row in rows[k:]]))
    rows[k], rows[best] = rows[best], rows[k]


def solve_triangular(a: Any, b: Any, upper: bool, unit: bool) -> Any:
    """Substitution, from the row with one unknown onwards."""

    def one(a: Any, b: Any) -> Any:
        n = a.shape[0]
        found: dict[int, Any] = {}
        for i in reversed(range(n)) if upper else range(n):
            rest = b[i]
            for j, x in found.items():
                rest = rest - a[i, j] * x
            found[i] = rest if unit else rest / a[i, i]
        return stack([found[i] for i in range(n)])

    return _each(one, a, b)


def cholesky(x: Any) -> Any:
    """Column after column: the root of what is left of the diagonal, then the rest of the column divided by it."""

    def one(a: Any) -> Any:
        n = a.shape[0]
        a = (a + a.T) / 2  # the op reads the symmetric part
        columns: list[Any] = []
        for k in range(n):
            rest = a[:, k]
            for column in columns:
                rest = rest - column[k] * column
            column = rest[k:] / sqrt(rest[k])
            columns.append(concat([np.zeros(k), column]) if k else column)
        return stack(columns, axis=1)

    return _each(one, x)


def qr(x: Any) -> Any:
    """Gram and Schmidt, with the signs that the op has."""

    def one(a: Any) -> Any:
        signs = np.sign(np.diagonal(np.linalg.qr(a.array)[1]))
        units: list[Any] = []
        for k, sign in enumerate(signs):
            rest = a[:, k]
            for unit in units:
                rest = rest - sum(unit * a[:, k]) * unit
            units.append(rest / (sqrt(sum(rest * rest)) * sign))
        q = stack(units, axis=1)
        r = [
            [sum(unit * a[:, j]) if j >= i else np.zeros(()) for j in range(a.shape[1])] for i, unit in enumerate(units)
        ]
        return q, stack([stack(row) for row in r])

    return _each(one, x)


def matrix_exp(x: Any) -> Any:
    """The power series of ``x / 2^s``, then ``s`` squarings."""
    n = x.shape[-1]
    size = np.abs(x.array).sum(-1).max(initial=0.0)
    squarings = max(0, math.ceil(math.log2(size)) + 2) if size > 0 else 0
    x = x / 2.0**squarings
    y: Any = np.eye(n)
    for k in range(14, 0, -1):  # (1/4)^15 / 15! is below rounding
        y = matmul(x, y) / k + np.eye(n)
    for _ in range(squarings):
        y = matmul(y, y)
    return y
