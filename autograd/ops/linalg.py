"""Ops of linear algebra: matmul, the affine map of a layer, products by name, and distances."""

from __future__ import annotations

import functools
import math
from typing import Any

import numpy as np

from autograd.backend import Array, is_half, single
from autograd.composite import composite
from autograd.errors import ShapeError
from autograd.ops.axes import normalize_axes, normalize_axis
from autograd.ops.contraction import einsum
from autograd.ops.halves import in_floats, in_single
from autograd.ops.indexing import take
from autograd.ops.reduce import sum, vector_norm
from autograd.ops.shape import expand_dims, reshape, squeeze
from autograd.primitive import primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import Variable, module_of

__all__ = [
    "addmm", "baddbmm", "bilinear", "bmm", "cdist", "cross", "dot", "inner", "kron", "linear",
    "matmul", "matvec", "mm", "multi_dot", "mv", "outer", "tensordot", "vdot", "vecdot", "vecmat",
]  # fmt: skip


def _product(a: Any, b: Any) -> Any:
    """The matrix product of arrays. For two matrices ``dot`` is the same with less ceremony than ``matmul``."""
    if a.dtype.itemsize == 2 and is_half(a.dtype):  # BLAS has no 16-bit floats
        return _product(single(a), single(b)).astype(np.result_type(a, b))
    return a.dot(b) if a.ndim == 2 == b.ndim else np.matmul(a, b)


def _matmul_vjp_a(g: Any, b: Any, a_shape: tuple[int, ...]) -> Any:
    if b.ndim == 1:
        return expand_dims(g, -1) * b if len(a_shape) > 1 else g * b
    if len(a_shape) == 1:
        return squeeze(matmul(expand_dims(g, -2), b.swapaxes(-1, -2)), -2)
    return matmul(g, b.swapaxes(-1, -2))


def _matmul_vjp_b(g: Any, a: Any, b_shape: tuple[int, ...]) -> Any:
    if a.ndim == 1:
        return reshape(a, -1, 1) * expand_dims(g, -2) if len(b_shape) > 1 else g * a
    if len(b_shape) == 1:
        return squeeze(matmul(a.swapaxes(-1, -2), expand_dims(g, -1)), -1)
    return matmul(a.swapaxes(-1, -2), g)


def _matmul_flops(out: tuple[int, ...], a: tuple[int, ...], b: tuple[int, ...]) -> int:
    return 2 * math.prod(out) * a[-1]


_matmul = primitive(
    "matmul", lambda a, b: _product(a, b), kind="contraction",
    vjp=[_matmul_vjp_a, _matmul_vjp_b], jvp="multilinear",
    latex=r"{0} \, {1}", vjp_latex=[r"\bar y \, b^\top", r"a^\top \, \bar y"], flops=_matmul_flops,
    samples=[
        sample(spec(2, 3), spec(3, 4)), sample(spec(3), spec(3)), sample(spec(2, 3), spec(3)),
        sample(spec(3), spec(3, 4)), sample(spec(2, 2, 3), spec(3, 4)), sample(spec(2, 1, 2, 3), spec(3, 3, 2)),
        sample(spec(3), spec(2, 3, 4)), sample(spec(2, 2, 3), spec(3)), sample(spec(0, 3), spec(3, 2)),
        sample(spec(2, 0), spec(0, 2)),
    ],
    errors=[ErrorSample((np.ones((2, 3)), np.ones((4, 2))), ShapeError, "summed over differ in length")],
)  # fmt: skip


def matmul(a: Any, b: Any) -> Any:
    """The matrix product, NumPy's rules: stacks of matrices broadcast, a vector is a row on the left, a column on the
    right.

    Shape: ``(..., n, k) @ (..., k, m)`` gives ``(..., n, m)``; ``(k,) @ (k,)`` a number.
    """
    if a.__class__ is np.ndarray is b.__class__ or not (isinstance(a, Variable) or isinstance(b, Variable)):
        return _product(a, b)
    shape_a, shape_b = (x.shape if hasattr(x, "shape") else np.shape(x) for x in (a, b))
    if not shape_a or not shape_b:
        raise ShapeError(f"matmul: a is {shape_a} and b is {shape_b}; a number has no matrix product. Use a * b.")
    inner = shape_b[-2] if len(shape_b) > 1 else shape_b[0]
    if shape_a[-1] != inner:
        hint = (
            "\n  Linear weights are stored as (out, in); did you mean a @ b.mT?" if shape_a[-1] == shape_b[-1] else ""
        )
        raise ShapeError(
            f"matmul: inner dimensions differ: a is {shape_a}, b is {shape_b}: {shape_a[-1]} against {inner}.{hint}"
        )
    return _matmul(a, b)


# ---------------------------------------------------------------------------------------------------- affine maps


def _linear_forward(x: Array, weight: Array, bias: Array | None = None) -> Array:
    shape, w = x.shape, weight.shape
    if len(w) != 2 or not shape or shape[-1] != w[1] or (bias is not None and bias.shape != w[:1]):
        raise _linear_error(shape, w, bias)
    y = _product(x, weight.T)
    if bias is None:
        return y
    if y.dtype is not bias.dtype or not y.ndim:
        return y + bias
    y += bias
    return y


@functools.lru_cache(maxsize=64)
def _ones(n: int, dtype: np.dtype) -> np.ndarray:
    ones = np.ones(n, dtype)
    ones.setflags(write=False)
    return ones


def _column_sums(g: Any) -> Any:
    """The sum over all axes but the last; as a product with ones it runs in BLAS, four times as fast as a sum."""
    rows = g if g.ndim == 2 else _rows(g)
    if rows.__class__ is np.ndarray and rows.itemsize > 2 and rows.flags.c_contiguous:
        return _ones(rows.shape[0], rows.dtype).dot(rows)
    return sum(rows, 0)


def _rows(x: Any) -> Any:
    """All axes but the last merged into one."""
    return x if x.ndim == 2 else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


def _linear_jvp(primals: Any, tangents: Any) -> Any:
    (x, weight, _), (t_x, t_weight, t_bias) = primals, tangents
    total: Any = 0 * linear(x, weight, None)
    if t_x is not None:
        total = total + linear(t_x, weight, None)
    if t_weight is not None:
        total = total + linear(x, t_weight, None)
    return total if t_bias is None else total + t_bias


linear = primitive(
    "linear", _linear_forward, kind="contraction",
    vjp=[
        lambda g, weight: matmul(g, weight),
        lambda g, x: matmul(g.T, x) if g.ndim == 2 else matmul(_rows(g).T, _rows(x)),
        _column_sums,
    ],
    jvp=_linear_jvp,
    latex=r"{0} \, {1}^\top + {2}", vjp_latex=[r"\bar y \, W", r"\bar y^\top \, x", r"\textstyle\sum_{A} \bar y"],
    flops=lambda out, x, weight, bias=None: math.prod(out) * (2 * weight[1] + (bias is not None)),
    samples=[
        sample(spec(2, 3), spec(4, 3), spec(4)), sample(spec(2, 3), spec(4, 3), None),
        sample(spec(3), spec(4, 3), spec(4)), sample(spec(2, 2, 3), spec(4, 3), spec(4)),
        sample(spec(0, 3), spec(4, 3), spec(4)),
    ],
    errors=[
        ErrorSample((np.ones((2, 3)), np.ones((4, 5)), None), ShapeError, "must end with the 5 features"),
        ErrorSample((np.ones((2, 3)), np.ones((4, 3)), np.ones(3)), ShapeError, r"bias is \(3,\)"),
    ],
    reference=lambda x, w, b: x @ w.T + (0 if b is None else b),
    doc=r"""The affine map of a layer, :math:`y = x W^\top + b`.

    Shape: ``x (..., in)``, ``weight (out, in)``, ``bias (out,)`` or None; result ``(..., out)``.
    """,
)  # fmt: skip


def _linear_error(shape: tuple[int, ...], w: tuple[int, ...], bias: Any) -> ShapeError:
    if len(w) == 2 and shape and shape[-1] == w[1]:
        return ShapeError(f"linear: bias is {tuple(bias.shape)}; weight {w} wants ({w[0]},).")
    return ShapeError(
        f"linear: x is {shape} and weight is {w}; x must end with the {w[-1] if w else 0} "
        "features that weight (out, in) takes."
        + (" Flatten the other axes first: x.reshape(len(x), -1)." if w and math.prod(shape[1:]) == w[-1] else "")
    )


# -------------------------------------------------------------------------------------------------- products by name


def _arrays(a: Any, b: Any) -> tuple[Any, Any]:
    """Two arguments of which one may be a number, as arrays."""
    if isinstance(a, (int, float, complex)) and hasattr(b, "dtype"):
        a = module_of(b).asarray(a, dtype=np.result_type(b.dtype, a))
    if isinstance(b, (int, float, complex)) and hasattr(a, "dtype"):
        b = module_of(a).asarray(b, dtype=np.result_type(a.dtype, b))
    return a, b


@composite(r"{0} \otimes {1}", [sample(spec(3), spec(4))], reference=np.outer)
def outer(a: Any, b: Any) -> Any:
    """The products of all pairs of elements; arguments are flattened."""
    a, b = _arrays(a, b)
    return reshape(a, -1, 1) * reshape(b, 1, -1)


@composite(
    r"{0} \cdot {1}",
    [sample(spec(2, 3), spec(2, 3)), sample(spec(3), spec(2, 3))],
    errors=[ErrorSample((np.ones((2, 3)), np.ones((2, 4))), ShapeError, "must be of one length")],
)
def vecdot(a: Any, b: Any, axis: int = -1) -> Any:
    """The inner products along an axis, with the first argument conjugated (array API)."""
    if not a.ndim or not b.ndim or len({x.shape[normalize_axis("vecdot", axis, x.ndim, x.shape)] for x in (a, b)}) > 1:
        raise ShapeError(f"vecdot: a is {tuple(a.shape)} and b is {tuple(b.shape)}; axis {axis} must be of one length.")
    products = (a.conj() if a.dtype.kind == "c" else a) * b
    total = sum(products, axis)  # small integers are summed in 64 bits
    return total if total.dtype == products.dtype else total.astype(products.dtype)


@composite(
    r"{0} \cdot {1}",
    [sample(spec(2, 3), spec(2, 3))],
    reference=np.vdot,
    errors=[ErrorSample((np.ones(3), np.ones(4)), ShapeError, "must be of one length")],
)
def vdot(a: Any, b: Any) -> Any:
    """The inner product of all elements, with the first argument conjugated."""
    return vecdot(reshape(a, -1), reshape(b, -1))


@composite(
    r"{0} \cdot {1}",
    [sample(spec(2, 3), spec(4, 3)), sample(spec(3), spec(3))],
    reference=np.inner,
    errors=[
        ErrorSample(
            (np.ones((2, 3)), np.ones((2, 4))),
            ShapeError,
            r"of a \(2, 3\) and .* of b \(2, 4\) must have equal lengths",
        )
    ],
)
def inner(a: Any, b: Any) -> Any:
    """The products summed over the last axes of both."""
    a, b = _arrays(a, b)
    return a * b if not a.ndim or not b.ndim else tensordot(a, b, ((-1,), (-1,)))


@composite(
    r"{0} {1}",
    [sample(spec(2, 3), spec(3, 4)), sample(spec(2, 3), spec(2, 3, 2)), sample(spec(), spec(2))],
    reference=np.dot,
    errors=[ErrorSample((np.ones((2, 3)), np.ones(4)), ShapeError, "must have equal lengths")],
)
def dot(a: Any, b: Any) -> Any:
    """NumPy's ``dot``: the last axis of ``a`` with the last but one of ``b``."""
    a, b = _arrays(a, b)
    if not a.ndim or not b.ndim:
        return a * b
    return tensordot(a, b, ((-1,), (-2 if b.ndim > 1 else -1,)))


@composite(
    r"{0} {1}",
    [sample(spec(2, 2, 3), spec(2, 3))],
    errors=[ErrorSample((np.ones((2, 3)), np.ones(4)), ShapeError, r"a is \(2, 3\) and x is \(4,\)")],
)
def matvec(a: Any, x: Any) -> Any:
    """Matrices times vectors: ``(..., m, n)`` and ``(..., n)`` give ``(..., m)``."""
    if a.ndim < 2 or not x.ndim or a.shape[-1] != x.shape[-1]:
        raise ShapeError(
            f"matvec: a is {tuple(a.shape)} and x is {tuple(x.shape)}; (..., m, n) and (..., n) are wanted."
        )
    return squeeze(matmul(a, expand_dims(x, -1)), -1)


def _product_of(op: str, a: Any, b: Any, ranks: tuple[int, int]) -> Any:
    """:func:`matmul` of arrays that must have so many axes."""
    if (a.ndim, b.ndim) != ranks:
        raise ShapeError(
            f"{op}: a is {tuple(a.shape)} and b is {tuple(b.shape)}; it takes {ranks[0]} and {ranks[1]} axes. "
            "For any number of axes use matmul."
        )
    return matmul(a, b)


_three_axes = [ErrorSample((np.ones((1, 2, 3)), np.ones(3)), ShapeError, r"a is \(1, 2, 3\) and b is \(3,\)")]


@composite("{0} {1}", [sample(spec(2, 3), spec(3, 4))], errors=_three_axes)
def mm(a: Any, b: Any) -> Any:
    """The product of two matrices (PyTorch's name)."""
    return _product_of("mm", a, b, (2, 2))


@composite("{0} {1}", [sample(spec(2, 3), spec(3))], errors=_three_axes)
def mv(a: Any, b: Any) -> Any:
    """The product of a matrix and a vector (PyTorch's name)."""
    return _product_of("mv", a, b, (2, 1))


@composite("{0} {1}", [sample(spec(2, 2, 3), spec(2, 3, 2))], errors=_three_axes)
def bmm(a: Any, b: Any) -> Any:
    """The products of two stacks of matrices (PyTorch's name)."""
    return _product_of("bmm", a, b, (3, 3))


@composite(r"\beta {0} + \alpha {1} {2}", [sample(spec(4), spec(2, 3), spec(3, 4), beta=0.5, alpha=2.0)])
def addmm(x: Any, a: Any, b: Any, beta: float = 1.0, alpha: float = 1.0) -> Any:
    """``beta * x + alpha * (a @ b)`` of matrices; with ``beta`` 0, ``x`` takes no part, NaN or not."""
    product = alpha * mm(a, b)
    return product if beta == 0 else beta * x + product


@composite(r"\beta {0} + \alpha {1} {2}", [sample(spec(2, 2, 4), spec(2, 2, 3), spec(2, 3, 4), beta=0.5, alpha=2.0)])
def baddbmm(x: Any, a: Any, b: Any, beta: float = 1.0, alpha: float = 1.0) -> Any:
    """``beta * x + alpha * (a @ b)`` of stacks of matrices; with ``beta`` 0, ``x`` takes no part."""
    product = alpha * bmm(a, b)
    return product if beta == 0 else beta * x + product


@composite(r"{0}^\top {1}", [sample(spec(3), spec(3, 2)), sample(spec(2, 3), spec(2, 3, 2))])
def vecmat(x: Any, a: Any) -> Any:
    """Vectors, conjugated, times matrices: ``(..., n)`` and ``(..., n, m)`` give ``(..., m)`` (NumPy's function)."""
    if not x.ndim or a.ndim < 2 or x.shape[-1] != a.shape[-2]:
        raise ShapeError(
            f"vecmat: x is {tuple(x.shape)} and a is {tuple(a.shape)}; (..., n) and (..., n, m) are wanted."
        )
    return squeeze(matmul(expand_dims(x.conj() if x.dtype.kind == "c" else x, -2), a), -2)


@composite(
    r"{0} \cdot {1}",
    [
        sample(spec(2, 3, 4), spec(4, 3, 2), axes=((1, 2), (1, 0))),
        sample(spec(2, 3), spec(3, 2), axes=1),
        sample(spec(2), spec(3), axes=0),
    ],
    reference=np.tensordot,
    errors=[
        ErrorSample((np.ones((2, 3)), np.ones((2, 3))), ShapeError, "axis 5 is out of range", {"axes": ((5,), (0,))}),
        ErrorSample((np.ones((2, 3)), np.ones((2, 3))), ShapeError, "must have equal lengths", {"axes": 1}),
    ],
)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The products summed over pairs of axes: the last ``axes`` of ``a`` with the first of ``b``, or two lists."""
    if isinstance(axes, (int, np.integer)):
        axes = (tuple(range(a.ndim - axes, a.ndim)), tuple(range(int(axes))))
    first, second = ((p,) if isinstance(p, (int, np.integer)) else tuple(p) for p in axes)
    first, second = (
        normalize_axes("tensordot", first, a.ndim, a.shape),
        normalize_axes("tensordot", second, b.ndim, b.shape),
    )
    if len(first) != len(second) or any(a.shape[i] != b.shape[j] for i, j in zip(first, second, strict=True)):
        raise ShapeError(
            f"tensordot: axes {first} of a {tuple(a.shape)} and {second} of b {tuple(b.shape)} must have equal lengths."
        )
    left, right = [i for i in range(a.ndim) if i not in first], [j for j in range(b.ndim) if j not in second]
    inner_size = math.prod(a.shape[i] for i in first)
    rows, columns = [a.shape[i] for i in left], [b.shape[j] for j in right]
    a = reshape(a.transpose((*left, *first)), math.prod(rows), inner_size)
    b = reshape(b.transpose((*second, *right)), inner_size, math.prod(columns))
    return reshape(matmul(a, b), (*rows, *columns))


@composite(r"{0} \otimes {1}", [sample(spec(2, 3), spec(2, 2)), sample(spec(2), spec(2, 3))], reference=np.kron)
def kron(a: Any, b: Any) -> Any:
    """The Kronecker product: a copy of ``b`` for each element of ``a``, scaled by it."""
    a, b = _arrays(a, b)
    n = builtin_max(a.ndim, b.ndim)
    shape_a, shape_b = ((1,) * (n - x.ndim) + tuple(x.shape) for x in (a, b))
    wide_a = reshape(a, tuple(k for s in shape_a for k in (s, 1)))
    wide_b = reshape(b, tuple(k for s in shape_b for k in (1, s)))
    return reshape(wide_a * wide_b, tuple(p * q for p, q in zip(shape_a, shape_b, strict=True)))


builtin_max = max


@composite(
    r"{0} \times {1}",
    [sample(spec(2, 3), spec(2, 3)), sample(spec(3), spec(2, 3))],
    reference=np.cross,
    errors=[ErrorSample((np.ones((2, 3)), np.ones((2, 4))), ShapeError, "axis -1 must have length 3")],
)
def cross(a: Any, b: Any, axis: int = -1) -> Any:
    """The vector product of vectors with three elements along an axis."""
    for x in (a, b):
        normalize_axes("cross", axis, x.ndim, x.shape)
    if a.shape[axis] != 3 or b.shape[axis] != 3:
        raise ShapeError(f"cross: axis {axis} must have length 3: a is {tuple(a.shape)}, b is {tuple(b.shape)}.")
    turn = lambda x, places: take(x, np.array(places), axis)  # noqa: E731
    return turn(a, [1, 2, 0]) * turn(b, [2, 0, 1]) - turn(a, [2, 0, 1]) * turn(b, [1, 2, 0])


@composite(
    r"\prod {0}",
    [sample(spec(2, 3), spec(3, 4), spec(4, 2)), sample(spec(3), spec(3, 2), spec(2))],
    reference=lambda *xs: np.linalg.multi_dot(xs),
    errors=[
        ErrorSample((np.ones((2, 3)), np.ones((2, 3))), ShapeError, "inner dimensions differ"),
        ErrorSample((np.ones((2, 3)),), ShapeError, "needs two arrays"),
    ],
)
def _multi_dot(*xs: Any) -> Any:
    return multi_dot(xs)


def multi_dot(xs: Any) -> Any:
    """The product of several matrices in the order that costs least; the first and last may be vectors."""
    xs = list(xs)
    if len(xs) < 2:
        raise ShapeError(f"multi_dot: needs two arrays at least, got {len(xs)}.")
    row, column = xs[0].ndim == 1, xs[-1].ndim == 1
    xs[0] = expand_dims(xs[0], 0) if row else xs[0]
    xs[-1] = expand_dims(xs[-1], 1) if column else xs[-1]
    sizes = [x.shape[0] for x in xs] + [xs[-1].shape[1]]

    @functools.cache
    def plan(i: int, j: int) -> tuple[int, int]:
        """The cost of the product of i to j, and where its last cut lies."""
        if i == j:
            return 0, i
        return min((plan(i, k)[0] + plan(k + 1, j)[0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j))

    def product(i: int, j: int) -> Any:
        if i == j:
            return xs[i]
        cut = plan(i, j)[1]
        return matmul(product(i, cut), product(cut + 1, j))

    y = product(0, len(xs) - 1)
    return (
        y
        if not (row or column)
        else reshape(y, tuple(n for n, drop in zip(y.shape, (row, column), strict=True) if not drop))
    )


@composite(
    r"\lVert x_i - y_j \rVert_p",
    [sample(spec(3, 2), spec(4, 2)), sample(spec(2, 2), spec(3, 2), p=1.0)],
    errors=[ErrorSample((np.ones((2, 3)), np.ones((2, 4))), ShapeError, "must have the same length")],
)
@in_floats
def cdist(a: Any, b: Any, p: float = 2.0) -> Any:
    """The distances in the p-norm between all rows of ``(..., m, k)`` and ``(..., n, k)``; gradient 0 at distance 0."""
    if a.shape[-1] != b.shape[-1]:
        raise ShapeError(f"cdist: rows of a {tuple(a.shape)} and b {tuple(b.shape)} must have the same length.")
    return vector_norm(expand_dims(a, -2) - expand_dims(b, -3), p, -1)


@composite(
    r"x_1^\top A x_2 + b",
    [sample(spec(2, 3), spec(2, 4), spec(2, 3, 4), spec(2)), sample(spec(2, 3), spec(2, 4), spec(2, 3, 4), None)],
    errors=[ErrorSample((np.ones((2, 3)), np.ones((2, 3)), np.ones((2, 3, 4))), ShapeError, r"weight is \(2, 3, 4\)")],
)
@in_single
def bilinear(a: Any, b: Any, weight: Any, bias: Any = None) -> Any:
    """``y_o = a^T W_o b + bias_o``: ``a (..., n)``, ``b (..., m)``, ``weight (out, n, m)``."""
    if weight.ndim != 3 or tuple(weight.shape[1:]) != (a.shape[-1], b.shape[-1]):
        raise ShapeError(
            f"bilinear: weight is {tuple(weight.shape)}; a {tuple(a.shape)} and b {tuple(b.shape)} want "
            f"(out, {a.shape[-1]}, {b.shape[-1]})."
        )
    y = einsum("...n,onm,...m->...o", a, weight, b)
    return y if bias is None else y + bias
