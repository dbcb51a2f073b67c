"""PyTorch as the oracle of what moves elements and keeps them all: rows of the table of test_torch_hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

import autograd as ag
from autograd.testing import broadcastable_shapes, shapes
from tests.autograd.torch_oracle import Draw, Table, against_pytorch, dim_pair, dims

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests")
F = torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch on its own plans and history
row = Table()

# One row, one line: the formatter would make a page of it.
# fmt: off

# --------------------------------------------------------------------------------------------------------- shape


def widths(d: Draw, n: int, most: int = 2) -> tuple[tuple[int, int], ...]:
    return d(st.lists(st.tuples(st.integers(0, most), st.integers(0, most)), min_size=n, max_size=n).map(tuple))


def backwards(pairs: Any) -> list[int]:
    """PyTorch pads from the last axis on."""
    return [w for pair in reversed(pairs) for w in pair]


def joined(d: Draw, along: int | None) -> tuple[Any, ...]:
    shape = d.shape(1)
    axis = d.int(0, len(shape) - 1)
    sizes = d.ints(3, 1, 3) if along is None else (shape[axis],) * 3
    return [d.x(*shape[:axis], n, *shape[axis + 1 :]) for n in sizes], axis


def at_least(d: Draw, n: int) -> np.ndarray:
    return d.x(*d.shape(n, n + 1))


row("reshape", lambda x: ag.reshape(x, -1, 2) ** 2, lambda x: x.reshape(-1, 2) ** 2, lambda d: (d.x(*d.shape(), 2),), "dD")
row("permute_dims", ag.permute_dims, torch.permute, lambda d: (x := d.xs(side=0), d(st.permutations(range(x.ndim)))), "dD")
row("broadcast_to", ag.broadcast_to, torch.broadcast_to,
    lambda d: (s := d(broadcastable_shapes(2)), (d.x(*s[0]), np.broadcast_shapes(*s)))[1], "dD")
row("concat", ag.concat, torch.cat, lambda d: joined(d, None), "dD")
row("concat: stack", ag.stack, torch.stack, lambda d: joined(d, 1), "dD")
row("split", lambda x, n, a: [p**2 for p in ag.array_split(x, n, a)], lambda x, n, a: [p**2 for p in torch.tensor_split(x, n, a)],
    lambda d: (x := d.xs(1), d.int(1, 4), d.int(0, x.ndim - 1)), "dD")
row("pad", lambda x, w, v: ag.pad(x, w, v), lambda x, w, v: F.pad(x, backwards(w), value=v),
    lambda d: (x := d.xs(1), widths(d, x.ndim), d.one(0.0, 0.5)), "dD")
for mode in ("reflect", "replicate", "circular"):
    row(f"pad: {mode}", lambda x, w, m=mode: ag.pad(x, ((0, 0), (0, 0), *w), mode=m),
        lambda x, w, m=mode: F.pad(x, backwards(w), m),
        lambda d: (n := d.int(1, 2), (d.x(1, 2, *d.ints(n, 3, 5)), widths(d, n)))[1])
row("flip", ag.flip, lambda x, a: torch.flip(x, dims(x, a)), lambda d: (x := d.xs(1), d.axes(x)), "dD")
row("fliplr", ag.fliplr, torch.fliplr, lambda d: (at_least(d, 2),), "dD")
row("flipud", ag.flipud, torch.flipud, lambda d: (d.xs(1),), "dD")
row("roll", ag.roll, torch.roll, lambda d: (x := d.xs(1), d.ints(x.ndim, -5, 5), tuple(range(x.ndim))), "dD")
row("rot90", ag.rot90, torch.rot90, lambda d: (x := at_least(d, 2), d.int(-5, 5), dim_pair(d, x)), "dD")
row("tril", ag.tril, torch.tril, lambda d: (at_least(d, 2), d.int(-3, 3)), "dD")
row("triu", ag.triu, torch.triu, lambda d: (at_least(d, 2), d.int(-3, 3)), "dD")
row("diagonal", lambda x, k, p: ag.diagonal(x, k, *p), lambda x, k, p: x.diagonal(k, *p),
    lambda d: (x := at_least(d, 2), d.int(-1, 1), dim_pair(d, x)), "dD")
row("diag_embed", ag.diag_embed, torch.diag_embed, lambda d: (d.xs(1), d.int(-2, 2)), "dD")
row("trace", ag.trace, torch.trace, lambda d: (d.x(*d.shape(2, 2)),), "dD")
row("movedim", ag.movedim, torch.movedim, lambda d: (x := d.xs(1), d.axis(x), d.axis(x)), "dD")
row("unflatten", ag.unflatten, torch.unflatten, lambda d: (d.x(6, 2), 0, d.one((2, 3), (-1, 2), (1, 6))), "dD")
row("tile", ag.tile, torch.tile, lambda d: (d.xs(), d(shapes(1, 3, 1, 3))), "dD")
row("repeat", ag.repeat, torch.repeat_interleave,
    lambda d: (x := d.xs(1), a := d.axis(x), (x, d.one(2, d.picks(x.shape[a], 3)), a))[2], "dD")
row("block_diag", ag.block_diag, torch.block_diag, lambda d: tuple(d.x(*d.shape(2, 2)) for _ in range(3)), "dD")
row("sliding_windows", ag.sliding_windows, lambda x, n, step, a: x.unfold(a, n, step),
    lambda d: (x := d.xs(1, 3), d.int(1, 3), d.int(1, 3), d.axis(x)), "dD")
row("overlap_add", lambda x, n, step: ag.overlap_add(x, n, step),
    lambda x, n, step: F.fold(x.mT, (1, n), (1, x.shape[-1]), stride=(1, step))[:, 0, 0],
    lambda d: (x := d.x(2, d.int(1, 4), d.int(1, 3)), s := d.int(1, 3), (x, (x.shape[1] - 1) * s + x.shape[2], s))[2])
for name in ("pixel_shuffle", "channel_shuffle"):
    row(name, getattr(ag, name), getattr(F, name), lambda d: (d.x(2, 4 * d.int(1, 2), *d.ints(2, 1, 3)), 2))
row("pixel_unshuffle", ag.pixel_unshuffle, F.pixel_unshuffle, lambda d: (r := d.int(1, 2), (d.x(2, 2, 2 * r, 3 * r), r))[1])

# fmt: on

test_against_pytorch = against_pytorch(row)
