"""Ops whose indices are an array argument: rows of a table picked, added and written.

Indexing with brackets keeps its index as a fact of the op. Where the index differs by example (inside vmap), it is an
argument like any other, and these ops take its place.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.backend import Array, array_module
from autograd.ops.halves import rounded_once
from autograd.primitive import no_flops, primitive
from autograd.samples import array as spec
from autograd.samples import integers, sample

__all__ = ["add_rows", "put_rows", "take_rows"]


@rounded_once
def _add_forward(v: Array, indices: Array, *, rows: int) -> Array:
    out = np.zeros_like(v, shape=(rows, *v.shape[indices.ndim :]))
    array_module(v).add.at(out, indices, v)
    return out


def _put_forward(x: Array, v: Array, indices: Array) -> Array:
    out = x.copy()
    out[indices] = v
    return out


take_rows = primitive(
    "take_rows", lambda x, indices: x[indices], kind="gather", selects=True,
    vjp=[lambda g, indices, x_shape: add_rows(g, indices, rows=x_shape[0]), None],
    jvp=lambda primals, tangents: take_rows(tangents[0], primals[1]), flops=no_flops,
    latex="{0}[{1}]", vjp_latex=[r"\operatorname{scatter}_{i}(\bar y)", None],
    samples=[sample(spec(4, 2), integers(2, 3, high=4)), sample(spec(3), integers(high=3))],
    doc="The rows of ``x (n, ...)`` at ``indices (*s)``: ``(*s, ...)``. Indices run from 0 to n - 1.",
)  # fmt: skip
add_rows = primitive(
    "add_rows", _add_forward, kind="gather",
    vjp=[lambda g, indices: take_rows(g, indices), None],
    jvp=lambda primals, tangents, rows: add_rows(tangents[0], primals[1], rows=rows), flops=no_flops,
    latex=r"\operatorname{{scatter}}_{{{1}}}({0})", vjp_latex=[r"\bar y[i]", None],
    samples=[sample(spec(2, 3, 2), integers(2, 3, high=4), rows=4), sample(spec(), integers(high=3), rows=3)],
    doc="Zeros ``(rows, ...)`` with ``v (*s, ...)`` added at ``indices (*s)``; several at one place add up.",
)  # fmt: skip
put_rows = primitive(
    "put_rows", _put_forward, kind="gather", selects=True,
    vjp=[
        lambda g, v_shape, indices: put_rows(g, np.zeros(v_shape, dtype=g.dtype), indices),
        lambda g, indices: take_rows(g, indices) * _as_wide(last_writes(indices, rows=g.shape[0]), g),
        None,
    ],
    jvp=lambda primals, tangents: put_rows(*(
        0 * p if t is None else t for p, t in zip(primals[:2], tangents[:2], strict=True)), primals[2]),
    flops=no_flops, latex=r"{0} \text{{ with }} {0}[{2}] \leftarrow {1}",
    vjp_latex=[r"\bar y \text{ with } \bar y[i] \leftarrow 0", r"\bar y[i]", None],
    samples=[sample(spec(4, 2), spec(3, 2), integers(3, high=4)), sample(spec(3), spec(), integers(high=3))],
    doc="A copy of ``x (n, ...)`` with ``v (*s, ...)`` at ``indices (*s)``; of several at one place the last stays.",
)  # fmt: skip


def _last_forward(indices: Array, *, rows: int) -> Array:
    xp = array_module(indices)
    order = xp.arange(indices.size).reshape(indices.shape)
    last = xp.full(rows, -1)
    last[indices] = order
    return last[indices] == order


last_writes = primitive(
    "last_writes", _last_forward, kind="gather", register=False,
    doc="Which of several writes to one row is the last.",
)  # fmt: skip


def _as_wide(stays: Any, g: Any) -> Any:
    """What stays, as factors of whole rows."""
    return stays.reshape((*stays.shape, *(1,) * (g.ndim - 1))).astype(g.dtype)
