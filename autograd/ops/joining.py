"""Ops that join arrays along an axis and cut them again, under NumPy's and PyTorch's names; and products of sets."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np

from autograd.composite import composite
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.axes import normalize_axis
from autograd.ops.indexing import getitem, take
from autograd.ops.rearrange import at_least, meshgrid
from autograd.ops.shape import concat, reshape, split, squeeze, stack
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec

__all__ = [
    "array_split", "cartesian_prod", "chunk", "column_stack", "combinations", "dsplit", "dstack", "hsplit", "hstack",
    "narrow", "row_stack", "unbind", "unstack", "vsplit", "vstack",
]  # fmt: skip

_unequal = [
    ErrorSample((np.ones((2, 3)), np.ones((3, 2))), ShapeError, r"xs\[1\] is .* must agree in every axis but axis"),
    ErrorSample((), ShapeError, "got no arrays"),
]


def hstack(xs: Sequence[Any]) -> Any:
    """Join along the second axis (the first, for vectors)."""
    xs = [at_least(1, x) for x in xs]
    return concat(xs, 0 if xs and xs[0].ndim == 1 else 1)


@composite(
    r"\operatorname{{hstack}}({0}, \dots)",
    [sample(spec(2, 3), spec(2, 1)), sample(spec(2), spec(3)), sample(spec(), spec())],
    errors=_unequal,
    reference=lambda *xs: np.hstack(xs),
)
def _hstack(*xs: Any) -> Any:
    return hstack(xs)


def vstack(xs: Sequence[Any]) -> Any:
    """Join along the first axis; vectors are rows."""
    return concat([at_least(2, x) for x in xs], 0)


@composite(
    r"\operatorname{{vstack}}({0}, \dots)",
    [sample(spec(2, 3), spec(1, 3)), sample(spec(3), spec(3)), sample(spec(0, 2), spec(2))],
    errors=_unequal,
    reference=lambda *xs: np.vstack(xs),
)
def _vstack(*xs: Any) -> Any:
    return vstack(xs)


row_stack = vstack


def dstack(xs: Sequence[Any]) -> Any:
    """Join along the third axis."""
    return concat([at_least(3, x) for x in xs], 2)


@composite(
    r"\operatorname{{dstack}}({0}, \dots)",
    [sample(spec(2, 3), spec(2, 3)), sample(spec(3), spec(3)), sample(spec(2, 3, 1), spec(2, 3, 2))],
    errors=_unequal,
    reference=lambda *xs: np.dstack(xs),
)
def _dstack(*xs: Any) -> Any:
    return dstack(xs)


def column_stack(xs: Sequence[Any]) -> Any:
    """Join along the second axis; vectors are columns."""
    return concat([reshape(x, -1, 1) if x.ndim < 2 else x for x in xs], 1)


@composite(
    r"\operatorname{{column\_stack}}({0}, \dots)",
    [sample(spec(2), spec(2, 2)), sample(spec(3), spec(3)), sample(spec(), spec())],
    errors=_unequal,
    reference=lambda *xs: np.column_stack(xs),
)
def _column_stack(*xs: Any) -> Any:
    return column_stack(xs)


@composite(
    r"\operatorname{{split}}({0})",
    [
        sample(spec(2, 5), indices_or_sections=3, axis=-1),
        sample(spec(5), indices_or_sections=(1, 4)),
        sample(spec(2), indices_or_sections=3),
        sample(spec(0, 2), indices_or_sections=2),
    ],
    errors=[ErrorSample((np.ones(3),), ShapeError, "0 parts; give one at least", {"indices_or_sections": 0})],
)
def array_split(x: Any, indices_or_sections: int | Sequence[int], axis: int = 0) -> tuple[Any, ...]:
    """:func:`split` into parts that need not be equal: the first ones are longer by one."""
    if isinstance(indices_or_sections, (int, np.integer)):
        axis = normalize_axis("array_split", axis, x.ndim, x.shape)
        n, sections = x.shape[axis], int(indices_or_sections)
        if sections < 1:
            raise ShapeError(f"array_split: {sections} parts; give one at least.")
        sizes = [n // sections + (i < n % sections) for i in range(sections)]
        indices_or_sections = list(np.cumsum(sizes)[:-1])
    return split(x, indices_or_sections, axis)


@composite(
    r"\operatorname{{split}}({0})",
    [sample(spec(2, 5), chunks=2, axis=-1), sample(spec(5), chunks=9), sample(spec(0, 2), chunks=2)],
    errors=[ErrorSample((np.ones(3),), ArgumentError, "chunks must be 1 or more, not 0", {"chunks": 0})],
)
def chunk(x: Any, chunks: int, axis: int = 0) -> tuple[Any, ...]:
    """At most ``chunks`` parts of equal length, the last one shorter (PyTorch's function)."""
    axis = normalize_axis("chunk", axis, x.ndim, x.shape)
    if chunks < 1:
        raise ArgumentError(f"chunk: chunks must be 1 or more, not {chunks}.")
    n = x.shape[axis]
    size = -(-n // chunks) or 1
    return split(x, list(range(size, n, size)), axis)


@composite(
    "{0}_i",
    [sample(spec(2, 3), axis=-1), sample(spec(3)), sample(spec(2, 0))],
    errors=[ErrorSample((np.ones(()),), ShapeError, "axis 0 is out of range")],
)
def unstack(x: Any, axis: int = 0) -> tuple[Any, ...]:
    """The slices along an axis, without it."""
    axis = normalize_axis("unstack", axis, x.ndim, x.shape)
    return tuple(squeeze(part, axis) for part in split(x, x.shape[axis], axis)) if x.shape[axis] else ()


unbind = unstack


@composite(
    "{0}[i:i+n]",
    [
        sample(spec(2, 5), axis=-1, start=1, length=3),
        sample(spec(5), axis=0, start=-2, length=2),
        sample(spec(3), axis=0, start=3, length=0),
    ],
    errors=[
        ErrorSample(
            (np.ones(3),),
            ShapeError,
            "4 elements from 0 on do not lie within the 3 of axis 0",
            {"axis": 0, "start": 0, "length": 4},
        )
    ],
)
def narrow(x: Any, axis: int, start: int, length: int) -> Any:
    """``length`` elements of an axis from ``start`` on; a view."""
    axis = normalize_axis("narrow", axis, x.ndim, x.shape)
    n = x.shape[axis]
    if not (-n <= start <= n and 0 <= length <= n - (start % n if start < 0 else start)):
        raise ShapeError(f"narrow: {length} elements from {start} on do not lie within the {n} of axis {axis}.")
    start = start + n if start < 0 else start
    return getitem(x, (slice(None),) * axis + (slice(start, start + length),))


# ------------------------------------------------------------------------------------- along the axis of a direction


def _split_along(op: str, least: int, x: Any, indices_or_sections: Any, axis: int) -> tuple[Any, ...]:
    if x.ndim < least:
        raise ShapeError(f"{op}: x is {tuple(x.shape)}; it needs {least} axes at least. Use split with axis=.")
    return split(x, indices_or_sections, axis)


_part_errors = [ErrorSample((np.ones(()),), ShapeError, "axes at least", {"indices_or_sections": 2})]


@composite(r"\operatorname{{split}}({0})", [sample(spec(2, 4), indices_or_sections=2)], errors=_part_errors)
def hsplit(x: Any, indices_or_sections: int | Sequence[int]) -> tuple[Any, ...]:
    """:func:`split` along the second axis (the first, for a vector)."""
    return _split_along("hsplit", 1, x, indices_or_sections, 0 if x.ndim == 1 else 1)


@composite(r"\operatorname{{split}}({0})", [sample(spec(4, 2), indices_or_sections=(1, 3))], errors=_part_errors)
def vsplit(x: Any, indices_or_sections: int | Sequence[int]) -> tuple[Any, ...]:
    """:func:`split` along the first axis."""
    return _split_along("vsplit", 2, x, indices_or_sections, 0)


@composite(r"\operatorname{{split}}({0})", [sample(spec(1, 2, 4), indices_or_sections=2)], errors=_part_errors)
def dsplit(x: Any, indices_or_sections: int | Sequence[int]) -> tuple[Any, ...]:
    """:func:`split` along the third axis."""
    return _split_along("dsplit", 3, x, indices_or_sections, 2)


# ---------------------------------------------------------------------------------------------------- products of sets


def _vectors(op: str, xs: Sequence[Any]) -> None:
    for i, x in enumerate(xs):
        if x.ndim != 1:
            raise ShapeError(
                f"{op}: argument {i} is {tuple(x.shape)}; vectors are wanted. Flatten it with reshape(-1)."
            )


@composite(
    r"{0} \times \dots",
    [sample(spec(2), spec(3)), sample(spec(2))],
    errors=[ErrorSample((np.ones((2, 2)),), ShapeError, "vectors are wanted")],
)
def cartesian_prod(*xs: Any) -> Any:
    """All tuples with one element of each vector, as rows (the vector itself for one vector)."""
    _vectors("cartesian_prod", xs)
    if len(xs) == 1:
        return xs[0]
    return stack([reshape(grid, -1) for grid in meshgrid(*xs, indexing="ij")], 1)


@composite(
    r"\binom{{{0}}}{{r}}",
    [sample(spec(4), r=2), sample(spec(3), r=2, with_replacement=True)],
    errors=[ErrorSample((np.ones((2, 2)),), ShapeError, "vectors are wanted")],
)
def combinations(x: Any, r: int = 2, with_replacement: bool = False) -> Any:
    """All choices of ``r`` elements of a vector, in order, as rows."""
    _vectors("combinations", [x])
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    return take(x, np.array(list(choose(range(x.shape[0]), r)), dtype=np.int64).reshape(-1, r), 0)
