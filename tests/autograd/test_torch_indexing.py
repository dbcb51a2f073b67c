"""PyTorch as the oracle of what picks, writes, joins and chooses: rows of the table of test_torch_hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

import autograd as ag
from autograd.testing import index_expressions
from tests.autograd.torch_oracle import Draw, Fixed, Table, against_pytorch, dim_pair, plain

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests")
F = torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch on its own plans and history
row = Table()

# One row, one line: the formatter would make a page of it.
# fmt: off

# ----------------------------------------------------------------------------------------------------- indexing


def indexed(d: Draw) -> tuple[Any, ...]:
    """NumPy says which elements an index picks; PyTorch gathers them."""
    x = d.xs(1)
    index = d(index_expressions(x.shape))
    return x, index, np.asarray(np.arange(x.size).reshape(x.shape)[index])


def assigned(d: Draw) -> tuple[Any, ...]:
    """Which write to an element is the last, by NumPy; -1 where there is none."""
    x, index, places = indexed(d)
    writer = np.full(x.shape, -1)
    writer[index] = np.arange(places.size).reshape(places.shape)
    return x, index, d.x(*places.shape), writer


def along(d: Draw, unique: bool = False) -> tuple[Any, ...]:
    """x, an axis, an index along it, and sources of the index's shape."""
    x = d.xs(1)
    axis = d.axis(x) % x.ndim
    shape = tuple(d.int(1, n if i != axis or unique else n + 2) for i, n in enumerate(x.shape))
    index = d.picks(shape, x.shape[axis])
    if unique:
        index = np.argsort(d.rng.random(x.shape), axis)[tuple(slice(n) for n in shape)]
    return x, axis, index, d.x(*shape)


def slices(d: Draw, unique: bool = False) -> tuple[Any, ...]:
    """x, an axis, a vector of indices along it, and sources."""
    x = d.xs(1)
    axis = d.axis(x) % x.ndim
    n = d.int(1, x.shape[axis] + (0 if unique else 2))
    index = d.rng.permutation(x.shape[axis])[:n] if unique else d.picks(n, x.shape[axis])
    return x, axis, index, d.x(*(n if i == axis else m for i, m in enumerate(x.shape)))


def masked(d: Draw) -> tuple[Any, ...]:
    x = d.xs(1)
    return x, d.mask(*d.one(x.shape, x.shape[1:], (1, *x.shape[1:])))


row("getitem", lambda x, i, _: x[plain(i)] ** 2, lambda x, _, p: x.reshape(-1)[p] ** 2, indexed, "dD")
row("setitem", lambda x, i, v, _: ag.setitem(x, plain(i), v) ** 2,
    lambda x, _, v, w: (torch.where(w >= 0, v.reshape(-1)[w], x) if v.numel() else x + 0 * v.sum()) ** 2, assigned, "dD")
ADVANCED = [
    (np.array([0, 1]), np.array([3, 3])), (slice(0, 2), np.array([[1, 1], [0, 2]])), (np.array([True, False, True]), 1),
    (np.array([[0, 2]]), np.array([[1], [3]])), (None, np.array([2, 0]), Ellipsis, np.array([1, 1])),
]
ACROSS = lambda d: (d.x(3, 4), i := d(st.sampled_from(ADVANCED)), np.arange(12).reshape(3, 4)[i])  # noqa: E731
row("getitem: several arrays", lambda x, i, _: x[plain(i)] ** 2, lambda x, _, p: x.reshape(-1)[p] ** 2, ACROSS, "dD")
row("take_along_axis", lambda x, a, i, _: ag.take_along_axis(x, i, a), lambda x, a, i, _: torch.take_along_dim(x, i, a),
    lambda d: (x := d.xs(1), a := d.int(0, x.ndim - 1), (x, a, d.picks((*x.shape[:a], 3, *x.shape[a + 1 :]), x.shape[a]), 0))[2], "dD")
row("gather", lambda *a: ag.gather(*a[:3]), lambda *a: torch.gather(*a[:3]), along, "dD")
row("scatter_set", ag.scatter, torch.scatter, lambda d: along(d, unique=True), "dD")
row("scatter_add", ag.scatter_add, torch.scatter_add, along, "dD")
row("scatter_reduce", ag.scatter_reduce, lambda x, a, i, s, how, own: x.scatter_reduce(a, i, s, how, include_self=own),
    lambda d: (*along(d), d.one("sum", "mean", "amax", "amin"), d.bool()))
row("scatter_reduce: prod", ag.scatter_reduce, lambda x, a, i, s, how, own: x.scatter_reduce(a, i, s, how, include_self=own),
    lambda d: (*along(d), "prod", d.bool()), second=False)
row("index_select", lambda *a: ag.index_select(*a[:3]), lambda *a: torch.index_select(*a[:3]), slices, "dD")
row("index_add", ag.index_add, lambda *a: torch.index_add(*a[:4], alpha=a[4]), lambda d: (*slices(d), d.one(1.0, -0.5)), "dD")
row("index_copy", ag.index_copy, torch.index_copy, lambda d: slices(d, unique=True), "dD")
row("index_fill", ag.index_fill, torch.index_fill, lambda d: (*slices(d)[:3], 0.5), "dD")
row("masked_fill", ag.masked_fill, torch.masked_fill, lambda d: (*masked(d), 0.5), "dD")
row("masked_select", ag.masked_select, torch.masked_select, masked, "dD")
row("masked_scatter", lambda x, m, s: ag.masked_scatter(x, s, m), lambda x, m, s: x.masked_scatter(m, s),
    lambda d: (x := d.xs(1), d.mask(*x.shape), d.x(x.size)), "dD")
row("setitem: put", ag.put, lambda x, i, v: x.put(i, v), lambda d: (x := d.xs(1), d.rng.permutation(x.size)[:2], d.x(min(2, x.size))))
row("embedding", ag.embedding, F.embedding, lambda d: (d.picks(d.shape(), 4), d.x(4, 3), d.one(None, 1)))
for mode in ("sum", "mean", "max"):
    row(f"embedding_bag: {mode}", lambda *a, m=mode: ag.embedding_bag(*a, m), lambda *a, m=mode: F.embedding_bag(*a, mode=m),
        lambda d: (n := d.int(2, 5), (d.picks(n, 4), d.x(4, 3), np.array([0, d.int(0, n)])))[1], second=False)
    row(f"embedding_bag: {mode}, padded", lambda i, w, o, p, m=mode: ag.embedding_bag(i, w, o, m, padding_idx=p),
        lambda i, w, o, p, m=mode: F.embedding_bag(i, w, o, mode=m, padding_idx=p),
        lambda d: (n := d.int(2, 5), (d.picks(n, 4), d.x(4, 3), np.array([0, d.int(0, n)]), d.int(-4, 3)))[1], second=False)

    for pad in (0, -1):
        row(f"embedding_bag: {mode} of all but {pad}", lambda *a, m=mode, p=pad: ag.embedding_bag(*a, m, padding_idx=p),
            lambda *a, m=mode, p=pad: F.embedding_bag(*a, mode=m, padding_idx=p),
            lambda d: (n := d.int(2, 5), (d.picks(n, 4), d.x(4, 3), np.array([0, d.int(0, n)])))[1], second=False)
        row(f"embedding_bag: matrix, {mode} of all but {pad}", lambda *a, m=mode, p=pad: ag.embedding_bag(*a, None, m, padding_idx=p),
            lambda *a, m=mode, p=pad: F.embedding_bag(*a, mode=m, padding_idx=p),
            lambda d: (d.picks((2, d.int(1, 3)), 4), d.x(4, 3)), second=False)
row("embedding_bag: weights", lambda i, x, o, w: ag.embedding_bag(i, x, o, "sum", w, padding_idx=1),
    lambda i, x, o, w: F.embedding_bag(i, x, o, mode="sum", per_sample_weights=w, padding_idx=1),
    lambda d: (n := d.int(2, 5), (d.picks(n, 4), d.x(4, 3), np.array([0, d.int(0, n)]), d.x(n)))[1], second=False)


# -------------------------------------------------------------------------------------------- joined, edited, chosen


row("cartesian_prod", ag.cartesian_prod, torch.cartesian_prod, lambda d: tuple(d.x(n) for n in d.ints(d.int(1, 3), 1, 3)), "dD")
row("combinations", ag.combinations, torch.combinations, lambda d: (d.x(d.int(3, 5)), d.int(1, 3), d.bool()), "dD")
row("hsplit", ag.hsplit, torch.hsplit, lambda d: (d.one(d.x(4), d.x(2, 4), d.x(2, 4, 2)), d.one(2, (1, 3))), "dD")
row("vsplit", ag.vsplit, torch.vsplit, lambda d: (d.x(4, *d.shape(1, 2)), d.one(2, (1, 3))), "dD")
row("dsplit", ag.dsplit, torch.dsplit, lambda d: (d.x(2, 1, 4), d.one(2, (1, 3))), "dD")
row("append", lambda x, v: ag.append(x, v, 0), lambda x, v: torch.cat([x, v]), lambda d: (x := d.xs(1), d.x(d.int(1, 3), *x.shape[1:])), "dD")
row("append: flattened", ag.append, lambda x, v: torch.cat([x.reshape(-1), v.reshape(-1)]), lambda d: (d.xs(), d.xs()), "dD")


def places_of(d: Draw, n: int, past: int = 0) -> Any:
    """One index along an axis of length n, or several: numbers, a list, a slice, a mask. ``past`` the end by one too."""
    kinds = [d.int(-n, n - 1 + past), list(d.ints(2, -n, n - 1)), slice(d.int(0, n - 1), None, d.int(1, 2))]
    return d.one(*kinds, *([] if past else [d.mask(n)]))


def deleted(d: Draw) -> tuple[Any, ...]:
    """NumPy says what stays; PyTorch gathers it."""
    x = d.xs(1, 2)
    axis = d.one(None, d.axis(x))
    index = places_of(d, x.size if axis is None else x.shape[axis])
    return x, index, axis, np.delete(np.arange(x.size).reshape(x.shape), index, axis)


def inserted(d: Draw) -> tuple[Any, ...]:
    """NumPy says what comes where, of x and after it of the values; PyTorch gathers it."""
    x = d.xs(1)
    axis = d.one(None, d.int(0, x.ndim - 1))
    n = x.size if axis is None else x.shape[axis]
    index = places_of(d, n, 1)
    count = 1 if isinstance(index, int) else len(np.arange(n)[index])
    others = () if axis is None else x.shape[:axis] + x.shape[axis + 1 :]
    slab = others if isinstance(index, int) else () if axis is None else (*x.shape[:axis], count, *x.shape[axis + 1 :])
    values = d.x(*d.one((), slab))
    order = np.insert(np.arange(x.size).reshape(x.shape), index, x.size + np.arange(values.size).reshape(values.shape), axis)
    return x, index, values, axis, order


row("delete", lambda x, i, a, _: ag.delete(x, plain(i), a), lambda x, i, a, p: x.reshape(-1)[p], deleted, "dD")
row("insert", lambda x, i, v, a, _: ag.insert(x, i, v, a), lambda x, i, v, a, p: torch.cat([x.reshape(-1), v.reshape(-1)])[p], inserted, "dD")


def slot(d: Draw) -> tuple[Any, ...]:
    x = d.xs(1)
    axis = d.int(0, x.ndim - 1)
    return x, d.x(*x.shape[:axis], *x.shape[axis + 1 :]), axis, d.int(-x.shape[axis], x.shape[axis] - 1)


def stretch(d: Draw) -> tuple[Any, ...]:
    x = d.xs(1, 2)
    axis, start, step = d.int(0, x.ndim - 1), d.int(0, 1), d.int(1, 2)
    cut = x[(slice(None),) * axis + (slice(start, None, step),)]
    return x, d.x(*cut.shape), axis, start, x.shape[axis], step


def diagonal_of(d: Draw) -> tuple[Any, ...]:
    x = d.x(*d.shape(2, 3, 2))
    first, second = dim_pair(d, x)
    offset = d.int(-1, 1)
    return x, d.x(*np.diagonal(x, offset, first, second).shape), offset, first, second


def put_somewhere(d: Draw) -> tuple[Any, ...]:
    x = d.x(*d.shape(2, 3))
    n = d.int(1, 4)
    return x, d.picks(n, x.shape[0]), d.picks(n, x.shape[1]), d.x(*d.one((n,), ()), *x.shape[2:])


row("select_scatter", ag.select_scatter, torch.select_scatter, slot)
row("slice_scatter", ag.slice_scatter, torch.slice_scatter, stretch)
row("diagonal_scatter", ag.diagonal_scatter, torch.diagonal_scatter, diagonal_of, "dD")
row("index_put", lambda x, i, j, v: ag.index_put(x, (i, j), v, True), lambda x, i, j, v: x.index_put((i, j), v, True), put_somewhere, "dD")
row("put_along_axis", lambda x, i, v: ag.put_along_axis(x, i, v, 0), lambda x, i, v: x.scatter(0, i, v),
    lambda d: (x := d.x(3, d.int(1, 3)), i := np.argsort(d.rng.random(x.shape), 0)[: d.int(1, 3)], d.x(*i.shape)), "dD")

row("compress", lambda x, c: ag.compress(c, x, 0), lambda x, c: x[c], lambda d: (x := d.xs(1), d.mask(x.shape[0])), "dD")
row("extract", lambda x, c: ag.extract(c, x), lambda x, c: x[c], lambda d: (x := d.xs(1), d.mask(*x.shape)), "dD")


def chosen(d: Draw) -> tuple[Any, ...]:
    """The index as ours takes it, and as PyTorch does."""
    mode, n, shape = d.one("raise", "wrap", "clip"), d.int(1, 4), d.shape(1, 2)
    index = d.picks(shape, n) if mode == "raise" else d.rng.integers(-5, 6, shape)
    return mode, index, index % n if mode == "wrap" else np.clip(index, 0, n - 1), [d.x(*d.one(shape, shape[1:])) for _ in range(n)]


def selected(d: Draw) -> tuple[Any, ...]:
    n, shape = d.int(1, 3), d.shape(1, 2)
    return [d.mask(*shape) for _ in range(n)], [d.x(*d.one(shape, shape[1:])) for _ in range(n)], d.one(0, 0.5)


def first_true(conditions: Any, choices: Any, default: Any) -> Any:
    found = default
    for c, x in reversed(list(zip(conditions, choices, strict=True))):
        found = torch.where(c, x, found)
    return found


row("choose", lambda mode, i, _, xs: ag.choose(i, xs, mode), lambda mode, _, i, xs: torch.stack([x.expand(i.shape) for x in xs]).gather(0, i[None])[0], chosen, "dD")
row("select", ag.select, first_true, selected, "dD")


# counts and places, which have no gradient
row("histc", ag.histc, torch.histc, lambda d: (Fixed(d.x(50)), d.int(1, 8), *d.one((-1, 1), (0, 0), (0, 2))))
row("tril_indices", lambda n, k, m: tuple(ag.tril_indices(n, k, m)), lambda n, k, m: tuple(torch.tril_indices(n, m, k)), lambda d: (d.int(1, 4), d.int(-2, 2), d.int(1, 4)))
row("argwhere", ag.argwhere, torch.argwhere, lambda d: (d.mask(*d.shape(1)),))
row("flatnonzero", ag.flatnonzero, lambda x: x.reshape(-1).nonzero()[:, 0], lambda d: (d.mask(*d.shape(1)),))

# fmt: on

test_against_pytorch = against_pytorch(row)
