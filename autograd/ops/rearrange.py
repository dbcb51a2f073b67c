"""Ops that move elements about: roll, rotate, tile, repeat, triangles and diagonals, grids, windows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograd.backend import Array, array_module
from autograd.composite import composite
from autograd.dispatch import broadcast_clash
from autograd.errors import ArgumentError, ShapeError
from autograd.ops.axes import Axis, normalize_axes, normalize_axis
from autograd.ops.halves import rounded_once
from autograd.ops.indexing import take
from autograd.ops.shape import (
    broadcast_to,
    concat,
    expand_dims,
    flip,
    moveaxis,
    pad,
    reshape,
    swapaxes,
)  # fmt: skip
from autograd.primitive import no_flops, primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import constant

__all__ = [
    "atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_arrays", "diag", "diag_embed", "diagflat",
    "diagonal", "fliplr", "flipud", "meshgrid", "movedim", "overlap_add", "ravel", "repeat", "repeat_interleave",
    "roll", "rot90", "sliding_windows", "tile", "trace", "tril", "triu", "unflatten",
]  # fmt: skip

# ------------------------------------------------------------------------------------------------------- roll, turn

_roll = primitive(
    "roll",
    lambda x, *, shift, axes: np.roll(x, shift, axes) if axes else x.copy(),
    kind="view",
    vjp=[lambda g, shift, axes: _roll(g, shift=tuple(-s for s in shift), axes=axes)],
    jvp="linear",
    flops=no_flops,
    latex=r"\operatorname{{roll}}_{{A}}({0})",
    vjp_latex=[r"\operatorname{roll}_{A}^{-1}(\bar y)"],
    samples=[
        sample(spec(2, 3), shift=(1,), axes=(1,)),
        sample(spec(3, 4), shift=(1, -2), axes=(0, 1)),
        sample(spec(0, 2), shift=(1,), axes=(0,)),
        sample(spec(), shift=(), axes=()),
    ],
)


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """Elements moved on by ``shift`` along the axes; what leaves at the end comes in at the start. None: flattened."""
    if axis is None:
        return reshape(roll(reshape(x, -1), shift, 0), x.shape)
    axes = normalize_axes("roll", axis, x.ndim, x.shape)
    shifts = tuple(int(s) for s in shift) if isinstance(shift, (tuple, list)) else (int(shift),) * len(axes)
    if len(shifts) != len(axes):
        raise ShapeError(f"roll: {len(shifts)} shifts for {len(axes)} axes; give one each.")
    return _roll(x, shift=shifts, axes=axes)


@composite(
    r"\operatorname{{rot90}}({0})",
    [sample(spec(2, 3)), sample(spec(2, 3), k=2)],
    reference=np.rot90,
    errors=[
        ErrorSample((np.ones(3),), ShapeError, "axis 1 is out of range"),
        ErrorSample((np.ones((2, 3)),), ShapeError, "must be two different ones", {"axes": (0, 0)}),
    ],
)
def rot90(x: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """A quarter turn, ``k`` times, from the first of two axes towards the second."""
    a, b = (normalize_axis("rot90", axis, x.ndim, x.shape) for axis in axes)
    if a == b:
        raise ShapeError(f"rot90: axes {tuple(axes)} must be two different ones.")
    k %= 4
    if k == 0:
        return x
    if k == 2:
        return flip(x, (a, b))
    return swapaxes(flip(x, b), a, b) if k == 1 else flip(swapaxes(x, a, b), b)


@composite(
    r"\operatorname{{fliplr}}({0})",
    [sample(spec(2, 3))],
    reference=np.fliplr,
    errors=[ErrorSample((np.ones(3),), ShapeError, "axis 1 is out of range")],
)
def fliplr(x: Any) -> Any:
    """The second axis reversed."""
    return flip(x, 1)


@composite(r"\operatorname{{flipud}}({0})", [sample(spec(2, 3))], reference=np.flipud)
def flipud(x: Any) -> Any:
    """The first axis reversed."""
    return flip(x, 0)


@composite(
    r"\operatorname{{movedim}}({0})",
    [sample(spec(2, 3, 4), source=(0, 1), destination=(2, 0))],
    errors=[ErrorSample((np.ones((2, 3)),), ShapeError, "2 axes cannot go to 1", {"source": (0, 1), "destination": 0})],
)
def movedim(x: Any, source: Axis, destination: Axis) -> Any:
    """:func:`moveaxis` under PyTorch's name."""
    return moveaxis(x, source, destination)


# ---------------------------------------------------------------------------------------------------- shape, again


@composite(r"\operatorname{{ravel}}({0})", [sample(spec(2, 3)), sample(spec()), sample(spec(0, 2))], reference=np.ravel)
def ravel(x: Any) -> Any:
    """``x`` as one axis."""
    return reshape(x, -1)


@composite(
    r"\operatorname{{unflatten}}({0})",
    [sample(spec(2, 6), axis=1, sizes=(2, -1))],
    errors=[ErrorSample((np.ones((2, 6)),), ShapeError, "has length 6, which is not", {"axis": 1, "sizes": (4, -1)})],
)
def unflatten(x: Any, axis: int, sizes: Sequence[int]) -> Any:
    """One axis split into several; one of ``sizes`` may be -1."""
    axis = normalize_axis("unflatten", axis, x.ndim, x.shape)
    n, known = x.shape[axis], math.prod(s for s in sizes if s != -1)
    if list(sizes).count(-1) > 1 or (n % known if -1 in sizes and known else known != n):
        raise ShapeError(f"unflatten: axis {axis} of x {tuple(x.shape)} has length {n}, which is not {tuple(sizes)}.")
    return reshape(x, (*x.shape[:axis], *(n // known if s == -1 else s for s in sizes), *x.shape[axis + 1 :]))


def at_least(n: int, x: Any) -> Any:
    """An array with so many axes at least, where NumPy puts new ones."""
    x = x if hasattr(x, "shape") else np.asarray(x)
    if x.dtype.kind in "USO":
        raise TypeError(x.dtype)  # the op that was called says which argument it is
    if x.ndim >= n:
        return x
    shape = {0: (1,) * n, 1: (1, *x.shape, 1)[:n] if n == 3 else (1, *x.shape), 2: (*x.shape, 1)}[x.ndim]
    return reshape(x, shape)


def _each_at_least(n: int, xs: tuple[Any, ...]) -> Any:
    made = [at_least(n, x) for x in xs]
    return made[0] if len(made) == 1 else tuple(made)


@composite(
    r"\operatorname{{atleast}}_1({0})",
    [sample(spec()), sample(spec(2, 3)), sample(spec(), spec(0))],
    reference=lambda *xs: np.atleast_1d(xs[0]),
)
def atleast_1d(*xs: Any) -> Any:
    """Arrays with one axis at least."""
    return _each_at_least(1, xs)


@composite(
    r"\operatorname{{atleast}}_2({0})",
    [sample(spec(3)), sample(spec()), sample(spec(2), spec(2, 3))],
    reference=lambda *xs: np.atleast_2d(xs[0]),
)
def atleast_2d(*xs: Any) -> Any:
    """Arrays with two axes at least; a vector becomes a row."""
    return _each_at_least(2, xs)


@composite(
    r"\operatorname{{atleast}}_3({0})",
    [sample(spec(3)), sample(spec()), sample(spec(2, 3), spec(2, 3, 1))],
    reference=lambda *xs: np.atleast_3d(xs[0]),
)
def atleast_3d(*xs: Any) -> Any:
    """Arrays with three axes at least (NumPy's places for the new ones)."""
    return _each_at_least(3, xs)


@composite(
    r"\operatorname{{broadcast}}({0}, \dots)",
    [sample(spec(2, 1), spec(3)), sample(spec(), spec(2)), sample(spec(0, 1), spec(1, 2), spec())],
    errors=[ErrorSample((np.ones(2), np.ones(3)), ShapeError, "do not broadcast: .*axis -1 has 2 against 3")],
)
def _broadcast_arrays(*xs: Any) -> Any:
    return tuple(broadcast_arrays(*xs))


def broadcast_arrays(*xs: Any) -> list[Any]:
    """The arrays stretched to the shape they broadcast to."""
    xs = tuple(at_least(0, x) for x in xs)
    shapes = [tuple(x.shape) for x in xs]
    if clash := broadcast_clash(shapes):
        raise ShapeError(f"broadcast_arrays: shapes {shapes} do not broadcast: {clash}.")
    shape = np.broadcast_shapes(*shapes)
    return [broadcast_to(x, shape) for x in xs]


# -------------------------------------------------------------------------------------------------------- tile, repeat


@composite(
    r"\operatorname{{tile}}({0})", [sample(spec(2, 3), reps=(2, 1, 2)), sample(spec(2), reps=3)], reference=np.tile
)
def tile(x: Any, reps: Any) -> Any:
    """``x`` repeated as a whole, ``reps`` times along each axis (NumPy's function)."""
    times = tuple(reps) if isinstance(reps, (tuple, list)) else (int(reps),)
    if any(t < 0 for t in times):
        raise ArgumentError(f"tile: reps must be numbers from 0 on, not {reps!r}.")
    n = max(x.ndim, len(times))
    times, shape = (1,) * (n - len(times)) + times, (1,) * (n - x.ndim) + tuple(x.shape)
    spread = tuple(k for pair in zip((1,) * n, shape, strict=True) for k in pair)
    full = tuple(k for pair in zip(times, shape, strict=True) for k in pair)
    return reshape(broadcast_to(reshape(x, spread), full), tuple(t * s for t, s in zip(times, shape, strict=True)))


@composite(
    r"\operatorname{{repeat}}({0})",
    [
        sample(spec(2, 3), repeats=2, axis=1),
        sample(spec(2, 3), repeats=(1, 0, 3), axis=1),
        sample(spec(2, 2), repeats=2),
    ],
    reference=np.repeat,
    errors=[ErrorSample((np.ones((2, 3)),), ShapeError, "wants 3 of them", {"repeats": (1, 2), "axis": 1})],
)
def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element repeated along an axis: so many times, or a number of times for each; None flattens first."""
    if axis is None:
        x, axis = reshape(x, -1), 0
    axis = normalize_axis("repeat", axis, x.ndim, x.shape)
    counts = np.asarray(constant(repeats))
    if (counts < 0).any():
        raise ArgumentError(f"repeat: repeats must be numbers from 0 on, not {repeats!r}.")
    if counts.size == 1:
        times = int(counts.reshape(()))
        wide = broadcast_to(expand_dims(x, axis + 1), (*x.shape[: axis + 1], times, *x.shape[axis + 1 :]))
        return reshape(wide, (*x.shape[:axis], x.shape[axis] * times, *x.shape[axis + 1 :]))
    if counts.shape != (x.shape[axis],):
        raise ShapeError(
            f"repeat: repeats are {counts.shape}; axis {axis} of x {tuple(x.shape)} wants {x.shape[axis]} of them."
        )
    return take(x, np.repeat(np.arange(x.shape[axis]), counts), axis)


repeat_interleave = repeat

# ------------------------------------------------------------------------------------------- triangles and diagonals

_triangle_samples = [
    sample(spec(3, 4), k=0),
    sample(spec(2, 3, 3), k=-1),
    sample(spec(2, 3), k=1),
    sample(spec(0, 3), k=0),
]
_tril = primitive(
    "tril", lambda x, *, k: np.tril(x, k), kind="view", selects=True, vjp=[lambda g, k: _tril(g, k=k)], jvp="linear",
    flops=no_flops,
    latex=r"\operatorname{{tril}}({0})", vjp_latex=[r"\operatorname{tril}(\bar y)"], samples=_triangle_samples,
)  # fmt: skip
_triu = primitive(
    "triu", lambda x, *, k: np.triu(x, k), kind="view", selects=True, vjp=[lambda g, k: _triu(g, k=k)], jvp="linear",
    flops=no_flops,
    latex=r"\operatorname{{triu}}({0})", vjp_latex=[r"\operatorname{triu}(\bar y)"], samples=_triangle_samples,
)  # fmt: skip


def tril(x: Any, k: int = 0) -> Any:
    """Matrices with zeros above diagonal ``k``."""
    _matrices("tril", x)
    return _tril(x, k=int(k))


def triu(x: Any, k: int = 0) -> Any:
    """Matrices with zeros below diagonal ``k``."""
    _matrices("triu", x)
    return _triu(x, k=int(k))


def _matrices(op: str, x: Any) -> None:
    if x.ndim < 2:
        raise ShapeError(f"{op}: needs two axes at least, x is {tuple(x.shape)}.")


def _embed_forward(d: Array, *, offset: int, rows: int, columns: int) -> Array:
    out = np.zeros_like(d, shape=(*d.shape[:-1], rows, columns))
    steps = array_module(d).arange(d.shape[-1])
    out[..., steps + max(-offset, 0), steps + max(offset, 0)] = d
    return out


_diagonal = primitive(
    "diagonal", lambda x, *, offset: np.diagonal(x, offset, -2, -1), kind="view", selects=True,
    vjp=[lambda g, x_shape, offset: _embed(g, offset=offset, rows=x_shape[-2], columns=x_shape[-1])], jvp="linear",
    flops=no_flops, latex=r"\operatorname{{diag}}({0})", vjp_latex=[r"\operatorname{diagonal\ matrix}(\bar y)"],
    samples=[sample(spec(3, 3), offset=0), sample(spec(2, 3, 4), offset=1), sample(spec(4, 2), offset=-1)],
)  # fmt: skip
_embed = primitive(
    "diag_embed", _embed_forward, kind="view",
    vjp=[lambda g, offset: _diagonal(g, offset=offset)], jvp="linear", flops=no_flops,
    latex=r"\operatorname{{diagonal\ matrix}}({0})", vjp_latex=[r"\operatorname{diag}(\bar y)"],
    samples=[sample(spec(3), offset=0, rows=3, columns=3), sample(spec(2, 2), offset=1, rows=3, columns=3)],
)  # fmt: skip


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The elements with equal index on two axes (shifted by ``offset``), as a new last axis."""
    a, b = (normalize_axis("diagonal", axis, x.ndim, x.shape) for axis in (axis1, axis2))
    if a == b:
        raise ShapeError(f"diagonal: axis1={axis1} and axis2={axis2} are the same axis.")
    return _diagonal(movedim(x, (a, b), (-2, -1)), offset=int(offset))


def diag_embed(x: Any, offset: int = 0) -> Any:
    """Matrices with the last axis of ``x`` on diagonal ``offset``."""
    if not x.ndim:
        raise ShapeError("diag_embed: x needs an axis; it is a number.")
    n = x.shape[-1] + abs(offset)
    return _embed(x, offset=int(offset), rows=n, columns=n)


@composite(
    r"\operatorname{{diag}} {0}",
    [sample(spec(3)), sample(spec(2, 3), k=-1), sample(spec(2), k=2), sample(spec(3, 3)), sample(spec(0))],
    errors=[ErrorSample((np.ones((2, 2, 2)),), ShapeError, "takes a vector or a matrix")],
    reference=np.diag,
)
def diag(x: Any, k: int = 0) -> Any:
    """A vector as a diagonal matrix, or the diagonal of a matrix."""
    if x.ndim == 1:
        return diag_embed(x, k)
    if x.ndim == 2:
        return diagonal(x, k)
    raise ShapeError(f"diag: takes a vector or a matrix, not {tuple(x.shape)}. For stacks use diagonal or diag_embed.")


@composite(
    r"\operatorname{{diag}} {0}",
    [sample(spec(2, 2)), sample(spec(3), k=-1), sample(spec())],
    reference=np.diagflat,
)
def diagflat(x: Any, k: int = 0) -> Any:
    """A diagonal matrix of all elements."""
    return diag_embed(reshape(x, -1), k)


@composite(
    r"\operatorname{{tr}} {0}",
    [sample(spec(3, 3)), sample(spec(2, 3, 4), offset=1, axis1=1, axis2=2)],
    reference=np.trace,
    errors=[ErrorSample((np.ones(3),), ShapeError, "axis 1 is out of range")],
)
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of a diagonal."""
    return diagonal(x, offset, axis1, axis2).sum(axis=-1)


# ------------------------------------------------------------------------------------------------- grids and blocks


@composite(
    r"{0} \times \dots",
    [
        sample(spec(2), spec(3)),
        sample(spec(2), spec(3), spec(1), indexing="ij"),
        sample(spec(2)),
        sample(spec(0), spec(2)),
    ],
    errors=[
        ErrorSample((np.ones((2, 2)),), ShapeError, "takes vectors"),
        ErrorSample((np.ones(2),), ArgumentError, 'indexing must be "xy" or "ij"', {"indexing": "yx"}),
    ],
    reference=lambda *xs, indexing="xy": np.meshgrid(*xs, indexing=indexing)[0],
)
def _meshgrid(*xs: Any, indexing: str = "xy") -> Any:
    return tuple(meshgrid(*xs, indexing=indexing))


def meshgrid(*xs: Any, indexing: str = "xy") -> list[Any]:
    """Coordinates of a grid from vectors; ``"xy"`` puts the first along the columns, ``"ij"`` along the rows."""
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f'meshgrid: indexing must be "xy" or "ij", not {indexing!r}.')
    if any(x.ndim > 1 for x in xs):
        raise ShapeError(f"meshgrid: takes vectors, not {[tuple(x.shape) for x in xs]}.")
    n = len(xs)
    shape = [x.size for x in xs]
    grids = [broadcast_to(reshape(x, tuple(-1 if i == k else 1 for i in range(n))), shape) for k, x in enumerate(xs)]
    return [swapaxes(g, 0, 1) for g in grids] if indexing == "xy" and n > 1 else grids


@composite(
    r"\operatorname{{diag}}({0}, \dots)",
    [
        sample(spec(2, 3), spec(1, 2)),
        sample(spec(3)),
        sample(spec(2, 2), spec(2), spec()),
        sample(spec(0, 2), spec(1, 1)),
    ],
    errors=[
        ErrorSample((np.ones((2, 2, 2)),), ShapeError, "takes matrices"),
        ErrorSample((), ShapeError, "takes matrices"),
    ],
)
def block_diag(*xs: Any) -> Any:
    """Matrices along the diagonal of a larger one; vectors are rows."""
    blocks = [at_least(2, x) for x in xs]
    if not blocks or any(b.ndim != 2 for b in blocks):
        raise ShapeError(f"block_diag: takes matrices, not {[tuple(b.shape) for b in blocks]}.")
    columns = [b.shape[1] for b in blocks]
    rows = []
    for i, b in enumerate(blocks):
        left, right = builtin_sum(columns[:i]), builtin_sum(columns[i + 1 :])
        rows.append(pad(b, ((0, 0), (left, right))))
    return concat(rows, 0)


builtin_sum = sum

# ---------------------------------------------------------------------------------------------------------- windows


def _unfold_forward(x: Array, *, axis: int, size: int, step: int, dilation: int) -> Array:
    view = sliding_window_view(x, (size - 1) * dilation + 1, axis)
    return view[(slice(None),) * axis + (slice(None, None, step),)][..., ::dilation]


@rounded_once
def _fold_forward(d: Array, *, axis: int, length: int, size: int, step: int, dilation: int) -> Array:
    out = np.zeros_like(d, shape=(*d.shape[:axis], length, *d.shape[axis + 1 : -1]))
    before, n = (slice(None),) * axis, d.shape[axis]
    for i in range(size):
        out[(*before, slice(i * dilation, i * dilation + n * step, step))] += d[..., i]
    return out


def _unfold_vjp(g: Any, x_shape: Any, axis: int, size: int, step: int, dilation: int) -> Any:
    return _fold(g, axis=axis, length=x_shape[axis], size=size, step=step, dilation=dilation)


_unfold = primitive(
    "sliding_windows",
    _unfold_forward,
    kind="view",
    selects=True,
    vjp=[_unfold_vjp],
    jvp="linear",
    flops=no_flops,
    latex=r"\operatorname{{windows}}({0})",
    vjp_latex=[r"\operatorname{overlap-add}(\bar y)"],
    samples=[
        sample(spec(2, 6), axis=1, size=3, step=2, dilation=1),
        sample(spec(7), axis=0, size=2, step=1, dilation=3),
    ],
)
_fold = primitive(
    "overlap_add", _fold_forward, kind="view",
    vjp=[lambda g, axis, size, step, dilation: _unfold(g, axis=axis, size=size, step=step, dilation=dilation)],
    jvp="linear", latex=r"\operatorname{{overlap-add}}({0})", vjp_latex=[r"\operatorname{windows}(\bar y)"],
    samples=[sample(spec(2, 2, 3), axis=1, length=6, size=3, step=2, dilation=1)],
)  # fmt: skip


def sliding_windows(x: Any, size: int, step: int = 1, axis: int = -1, dilation: int = 1) -> Any:
    """The windows of ``size`` elements along an axis, every ``step`` elements, as a new last axis; a view, no copy."""
    axis = normalize_axis("sliding_windows", axis, x.ndim, x.shape)
    if min(size, step, dilation) < 1:
        raise ArgumentError(f"sliding_windows: size={size}, step={step} and dilation={dilation} must be 1 or more.")
    if (size - 1) * dilation + 1 > x.shape[axis]:
        raise ShapeError(
            f"sliding_windows: a window of {size} (dilation {dilation}) is longer than axis {axis} "
            f"of x {tuple(x.shape)}."
        )
    return _unfold(x, axis=axis, size=size, step=step, dilation=dilation)


def overlap_add(x: Any, length: int, step: int) -> Any:
    """Windows ``(..., windows, size)`` added at every ``step`` elements: the transpose of sliding windows."""
    if x.ndim < 2:
        raise ShapeError(f"overlap_add: x must be (..., windows, size), not {tuple(x.shape)}.")
    if (x.shape[-2] - 1) * step + x.shape[-1] > length:
        raise ShapeError(f"overlap_add: {x.shape[-2]} windows of {x.shape[-1]} every {step} do not fit into {length}.")
    return _fold(x, axis=x.ndim - 2, length=length, size=x.shape[-1], step=step, dilation=1)
