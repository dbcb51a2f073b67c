"""Ops on sampled functions and polynomials: differences, convolution, interpolation, evaluation, and counts in bins."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograd.backend import floating
from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, ShapeError
from autograd.ops.axes import Axis, normalize_axes
from autograd.ops.elementwise import clip, where
from autograd.ops.halves import floats, in_floats, in_single
from autograd.ops.indexing import getitem, take
from autograd.ops.linalg import matmul
from autograd.ops.logic import isfinite
from autograd.ops.order import argsort
from autograd.ops.rearrange import sliding_windows
from autograd.ops.scan import diff
from autograd.ops.searching import searchsorted
from autograd.ops.shape import concat, expand_dims, flip, pad, reshape, stack
from autograd.samples import ErrorSample, integers, sample
from autograd.samples import array as spec
from autograd.tape import constant, module_of

__all__ = ["convolve", "correlate", "ediff1d", "gradient", "histc", "interp", "polyval", "vander"]


@composite(
    r"\Delta {0}",
    [sample(spec(5)), sample(spec(2, 3), to_end=1.0, to_begin=(0.5, 2.0))],
    reference=lambda x, to_end=None, to_begin=None: np.ediff1d(x, to_end, to_begin),
)
def ediff1d(x: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Differences of neighbours in the flattened array, between what is given for either end."""
    steps = diff(reshape(x, -1))
    parts = [
        reshape(part if hasattr(part, "shape") else module_of(x).asarray(part, dtype=x.dtype), -1)
        for part in (to_begin, steps, to_end)
        if part is not None
    ]
    return concat(parts, 0) if len(parts) > 1 else steps


def _slices(x: Any, axis: int, *bounds: tuple[int | None, int | None]) -> list[Any]:
    return [getitem(x, (slice(None),) * axis + (slice(start, stop),)) for start, stop in bounds]


def _one_gradient(x: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """Central differences, of second order on uneven grids too; one-sided of ``edge_order`` at the ends."""
    n = x.shape[axis]
    if n < edge_order + 1:
        raise ShapeError(
            f"gradient: axis {axis} of x {tuple(x.shape)} has {n} element(s); edge_order={edge_order} needs "
            f"{edge_order + 1} at least."
        )
    before, middle, after = _slices(x, axis, (None, -2), (1, -1), (2, None))
    shape = tuple(-1 if i == axis else 1 for i in range(x.ndim))
    if getattr(spacing, "ndim", 0) == 0:
        h = k = first = second = last = other = spacing
    else:
        if tuple(spacing.shape) != (n,):
            raise ShapeError(f"gradient: the places along axis {axis} are {tuple(spacing.shape)}; ({n},) is wanted.")
        steps = reshape(diff(spacing), shape)
        h, k = _slices(steps, axis, (None, -1), (1, None))
        first, last = _slices(steps, axis, (0, 1), (-1, None))
        second, other = _slices(steps, axis, (1, 2), (-2, -1)) if n > 2 else (first, last)
    inside = (h * h * after + (k * k - h * h) * middle - k * k * before) / (h * k * (h + k))
    one, two = _slices(x, axis, (0, 1), (1, 2))
    end, previous = _slices(x, axis, (-1, None), (-2, -1))
    if edge_order == 1:
        start, stop = (two - one) / first, (end - previous) / last
    else:
        (three,), (earlier,) = _slices(x, axis, (2, 3)), _slices(x, axis, (-3, -2))
        start = _edge(one, two, three, first, second)
        stop = -_edge(end, previous, earlier, last, other)
    return concat([start, inside, stop], axis)


def _edge(a: Any, b: Any, c: Any, h: Any, k: Any) -> Any:
    """The slope at the first of three places, from a parabola through them."""
    return -(2 * h + k) / (h * (h + k)) * a + (h + k) / (h * k) * b - h / (k * (h + k)) * c


@composite(
    r"\nabla {0}",
    [
        sample(spec(5)), sample(spec(3, 4), axis=1, edge_order=2), sample(spec(3, 4)),
        sample(spec(4), spec(4, distinct=True), edge_order=2),
    ],
    errors=[
        ErrorSample((np.ones(1),), ShapeError, "needs 2 at least"),
        ErrorSample((np.ones((2, 3)), 1.0, 1.0, 1.0), ShapeError, "3 spacings for 2 axes"),
    ],
    reference=lambda x, *varargs, axis=None, edge_order=1: np.stack(
        y if isinstance(y := np.gradient(x, *varargs, axis=axis, edge_order=edge_order), tuple) else [y]
    )[0],
)  # fmt: skip
@in_floats
def gradient(x: Any, *spacings: Any, axis: Axis = None, edge_order: int = 1) -> Any:
    """The slopes of a sampled function by finite differences, along each axis (NumPy's function).

    ``spacings`` is nothing (steps of 1), one step for all axes, or for each axis a step or the vector of places. One
    result for one axis, else a tuple. For derivatives of programs see :func:`autograd.grad`.
    """
    axes = normalize_axes("gradient", axis, x.ndim, x.shape)
    if edge_order not in (1, 2):
        raise ArgumentError(f"gradient: edge_order must be 1 or 2, not {edge_order!r}.")
    if len(spacings) not in (0, 1, len(axes)):
        raise ShapeError(f"gradient: {len(spacings)} spacings for {len(axes)} axes; give none, one, or one each.")
    steps = spacings * len(axes) if len(spacings) == 1 else spacings or (1.0,) * len(axes)
    slopes = tuple(_one_gradient(x, step, a, edge_order) for a, step in zip(axes, steps, strict=True))
    return slopes[0] if len(slopes) == 1 else slopes


_MODES = ("full", "same", "valid")
_vector_errors = [
    ErrorSample((np.ones((2, 2)), np.ones(2)), ShapeError, "two vectors"),
    ErrorSample((np.ones(3), np.ones(2)), ArgumentError, "mode must be", {"mode": "half"}),
]
_convolution_samples = [sample(spec(5), spec(3)), sample(spec(2), spec(4), mode="full")]
_convolution_samples += [sample(spec(n), spec(m), mode=mode) for n, m in ((5, 2), (3, 4)) for mode in ("same", "valid")]


def _sliding(a: Any, v: Any, mode: str) -> Any:
    """The products of ``a`` with ``v`` laid along it, last element first, where they overlap as ``mode`` says."""
    n, m = a.shape[0], v.shape[0]
    if m > n:
        a, v, n, m = v, a, m, n
    left, right = {"full": (m - 1, m - 1), "same": (m // 2, (m - 1) // 2), "valid": (0, 0)}[mode]
    return matmul(sliding_windows(pad(a, ((left, right),)), m), flip(v))


def _check_vectors(op: str, a: Any, v: Any, mode: str) -> None:
    if a.ndim != 1 or v.ndim != 1 or not (a.shape[0] and v.shape[0]):
        raise ShapeError(
            f"{op}: a is {tuple(a.shape)} and v is {tuple(v.shape)}; two vectors that are not empty are wanted. "
            "For batches and images use conv1d and conv2d."
        )
    if mode not in _MODES:
        raise ArgumentError(f'{op}: mode must be "full", "same" or "valid", not {mode!r}.')


@composite(r"{0} * {1}", _convolution_samples, errors=_vector_errors, reference=np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> Any:
    """The convolution of two vectors: wherever they overlap, as long as the longer one, or where they fit."""
    _check_vectors("convolve", a, v, mode)
    return _sliding(a, v, mode)


@composite(
    r"{0} \star {1}",
    _convolution_samples,
    errors=_vector_errors,
    reference=lambda a, v, mode="valid": np.correlate(a, v, mode),
)
def correlate(a: Any, v: Any, mode: str = "valid") -> Any:
    """The correlation of two vectors, the second one conjugated: :func:`convolve` without turning it round."""
    _check_vectors("correlate", a, v, mode)
    v = v.conj() if v.dtype.kind == "c" else v
    if v.shape[0] > a.shape[0]:  # NumPy exchanges the two and turns the result round
        return flip(_sliding(v, flip(a), mode))
    return _sliding(a, flip(v), mode)


_places = np.array([-1.0, 0.5, 1.0, 1.5], np.float16)  # the narrowest type, so that the others decide the result's


@composite(
    r"\operatorname{{interp}}({0})",
    [
        sample(spec(2, 3, avoid=(-1.0, 0.5, 1.0, 1.5)), spec(4), xp=_places),
        sample(spec(avoid=(1.0, 1.5)), spec(2), xp=_places[2:], left=0.5),
    ],
    errors=[ErrorSample((np.ones(2), np.ones(3)), ShapeError, "xp is", {"xp": np.ones(2)})],
    reference=lambda x, fp, xp, left=None, right=None: np.interp(x, xp, fp, left, right),
)
def _interp(x: Any, fp: Any, xp: Any, left: Any = None, right: Any = None) -> Any:
    return interp(x, xp, fp, left, right)


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: float | None = None) -> Any:
    """The values at ``x`` of the straight lines through the points ``(xp, fp)``, with ``xp`` ascending.

    Outside it is ``left`` and ``right``, by default the values at the ends; with ``period`` the function repeats.
    """
    x = floating(x)
    xp, fp = (p if hasattr(p, "shape") else module_of(x).asarray(p, dtype=x.dtype) for p in (xp, fp))
    if xp.ndim != 1 or tuple(fp.shape) != tuple(xp.shape) or not xp.shape[0]:
        raise ShapeError(
            f"interp: xp is {tuple(xp.shape)} and fp is {tuple(fp.shape)}; vectors of one length are wanted."
        )
    if period is not None:
        x, xp = x % period, xp % period
        order = argsort(constant(xp))
        xp, fp = take(xp, order), take(fp, order)
        xp = concat([getitem(xp, slice(-1, None)) - period, xp, getitem(xp, slice(0, 1)) + period], 0)
        fp = concat([getitem(fp, slice(-1, None)), fp, getitem(fp, slice(0, 1))], 0)
    x, xp, fp = floats(x, xp, fp)
    n = xp.shape[0]
    first, last = getitem(fp, 0), getitem(fp, n - 1)
    if n == 1:
        inside = first + 0 * x
    else:
        cell = constant(clip(searchsorted(xp, x, side="right") - 1, 0, n - 2))
        start = take(xp, cell)
        slope = (take(fp, cell + 1) - take(fp, cell)) / (take(xp, cell + 1) - start)
        inside = take(fp, cell) + slope * (x - start)
        # at a knot its own value counts, even where the line beside it has no slope (NaN, infinity, a knot twice)
        knot = constant(clip(searchsorted(xp, x, side="right") - 1, 0, n - 1))
        inside = where((take(xp, knot) == x) & ~isfinite(slope), take(fp, knot), inside)
    below = where(x < getitem(xp, 0), first if left is None else left, inside)
    return where(x > getitem(xp, n - 1), last if right is None else right, below)


@composite(
    r"\textstyle\sum_k {0}_k {1}^{{n-k}}",
    [sample(spec(3), spec(2, 3)), sample(spec(1), spec())],
    errors=[ErrorSample((np.ones((2, 2)), np.ones(2)), ShapeError, "coefficients are a vector")],
    reference=np.polyval,
)
@in_single
def polyval(p: Any, x: Any) -> Any:
    """A polynomial at ``x``, its coefficients ``p`` from the highest power down (Horner's rule)."""
    if p.ndim != 1:
        raise ShapeError(f"polyval: p is {tuple(p.shape)}; the coefficients are a vector.")
    y = 0 * x
    for k in range(p.shape[0]):
        y = y * x + getitem(p, k)
    return y


@composite(
    r"{0}_i^j",
    [sample(spec(3)), sample(spec(4), n=3, increasing=True)],
    errors=[ErrorSample((np.ones((2, 2)),), ShapeError, "a vector is wanted")],
    reference=lambda x, n=None, increasing=False: np.vander(x, n, increasing),
)
def vander(x: Any, n: int | None = None, increasing: bool = False) -> Any:
    """The powers of a vector as columns, from ``n - 1`` down to 0, or up if ``increasing``."""
    if x.ndim != 1:
        raise ShapeError(f"vander: x is {tuple(x.shape)}; a vector is wanted.")
    n = x.shape[0] if n is None else n
    if n < 0:
        raise ArgumentError(f"vander: n must be from 0, not {n}.")
    if n == 0:
        return expand_dims(x, 1)[:, :0]
    powers = [0 * x + 1]
    for _ in range(n - 1):
        powers.append(powers[-1] * x)
    return stack(powers if increasing else powers[::-1], 1)


@composite(
    r"\textstyle\sum_i [b_k \le {0}_i < b_{{k+1}}]",
    [sample(integers(2, 3), bins=3, min=0, max=4), sample(integers(5), bins=2), sample(integers(0), bins=2)],
    errors=[
        ErrorSample((np.ones(2, complex),), DtypeError, "complex numbers have no order"),
        ErrorSample((np.ones(2),), ArgumentError, "bins=0 must be 1 or more", {"bins": 0}),
        ErrorSample((np.ones(2),), ArgumentError, "min=2 at most max=1", {"min": 2, "max": 1}),
    ],
    differentiable=False,
)
def histc(x: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    """How many elements fall in each of ``bins`` equal bins from ``min`` to ``max`` (PyTorch's function); no gradient.

    Equal bounds stand for those of the data. The counts have the dtype of ``x``.
    """
    array = getattr(x, "array", x)
    if array.dtype.kind == "c":
        raise DtypeError("histc: x is complex, and complex numbers have no order.")
    if bins < 1 or max < min:
        raise ArgumentError(f"histc: bins={bins} must be 1 or more, and min={min} at most max={max}.")
    low, high = (array.min(), array.max()) if min == max and array.size else (min, max)
    if low == high:
        low, high = low - 1, high + 1
    counts, _ = np.histogram(array, bins, (float(low), float(high)))
    counted = counts.astype(array.dtype)
    return type(x)(counted) if hasattr(x, "array") else counted
