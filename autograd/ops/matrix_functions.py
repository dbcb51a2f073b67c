"""Functions of matrices: exponential, powers, norms, condition number and rank, of stacks ``(..., m, n)``."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from autograd.backend import Array, array_module, floating
from autograd.composite import composite
from autograd.errors import ArgumentError, DtypeError, LinAlgError, ShapeError
from autograd.ops.axes import normalize_axes
from autograd.ops.elementwise import abs as absolute
from autograd.ops.elementwise import where
from autograd.ops.linalg import matmul
from autograd.ops.matrices import adjoint, check_matrices, cubic, cutoff, identity_of, regular, solved
from autograd.ops.matrices import transposed as _t
from autograd.ops.reduce import max as maximum_of
from autograd.ops.reduce import min as minimum_of
from autograd.ops.reduce import safe_sqrt, sum, vector_norm
from autograd.ops.shape import concat, expand_dims, squeeze
from autograd.ops.solving import inv
from autograd.ops.spectrum import eigvalsh, svdvals
from autograd.primitive import primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import constant

__all__ = ["cond", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "norm"]


# -------------------------------------------------------------------------------------------------- matrix functions

_PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip


def _expm_forward(x: Array) -> Array:
    """Scaling, a [13/13] Pade approximant, and squaring (Higham, 2005, SIAM J. Matrix Anal. Appl. 26)."""
    if x.dtype.itemsize == 2:  # the coefficients of the approximant do not fit
        raise TypeError(f"array type {x.dtype} is unsupported in linalg; convert it with x.astype('float32')")
    x = floating(x)
    if not x.size:
        return x.copy()
    size = np.abs(x).sum(axis=-2).max(axis=-1)
    squarings = np.maximum(np.ceil(np.log2(np.maximum(size, 1e-300) / 5.371920351148152)), 0).astype(int)
    steps = int(squarings.max(initial=0))
    a = x / (2.0**squarings).astype(size.dtype)[..., None, None]
    eye = array_module(x).eye(x.shape[-1], dtype=x.dtype)
    b = _PADE
    a2 = a @ a
    a4, a6 = a2 @ a2, a2 @ a2 @ a2
    odd = a @ (a6 @ (b[13] * a6 + b[11] * a4 + b[9] * a2) + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * eye)
    even = a6 @ (b[12] * a6 + b[10] * a4 + b[8] * a2) + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * eye
    y = solved(np.linalg.solve, even - odd, even + odd)
    for step in range(steps):
        y = np.where((squarings > step)[..., None, None], y @ y, y)
    return y.astype(x.dtype, copy=False)


def _frechet(x: Any, e: Any) -> Any:
    """The derivative of the exponential at x along e: a block of the exponential of [[x, e], [0, x]]."""
    n = x.shape[-1]
    wide = concat([x + 0 * e, e + 0 * x], -1)
    block = concat([wide, concat([0 * wide[..., :n], wide[..., :n]], -1)], -2)
    return _expm(block)[..., :n, n:]


_expm = primitive(
    "matrix_exp",
    _expm_forward,
    kind="contraction",
    vjp=[lambda g, x: _frechet(_t(x), g)],
    jvp=[lambda t, x: _frechet(x, t)],
    latex="e^{{{0}}}",
    vjp_latex=[r"\operatorname{D} \exp(x^\top)[\bar y]"],
    flops=cubic(30),
    samples=[sample(spec(3, 3)), sample(spec(2, 2, 2)), sample(spec(1, 1))],
)


def matrix_exp(x: Any) -> Any:
    """The exponential of square matrices."""
    check_matrices("matrix_exp", x, square=True)
    return _expm(x)


@composite(
    "{0}^n",
    [
        sample(regular(3, 3), n=3), sample(regular(2, 2, 2), n=-2), sample(regular(2, 2), n=0),
        sample(regular(2, 2), n=1), sample(regular(0, 0), n=2),
    ],
    errors=[
        ErrorSample((np.ones((2, 3)),), ShapeError, "square matrices", {"n": 2}),
        ErrorSample((np.eye(2),), DtypeError, r"n must be an integer, not 0.5. .*eigh", {"n": 0.5}),
        ErrorSample((np.zeros((2, 2)),), LinAlgError, "Singular matrix", {"n": -1}),
    ],
    reference=np.linalg.matrix_power,
)  # fmt: skip
def matrix_power(x: Any, n: int) -> Any:
    """The ``n``-th power of square matrices, by repeated squaring; negative powers of the inverse."""
    check_matrices("matrix_power", x, square=True, halves=True)
    try:
        n = operator.index(n)
    except TypeError:
        raise DtypeError(
            f"matrix_power: n must be an integer, not {n!r}. For other powers of Hermitian matrices raise their "
            "eigenvalues, linalg.eigh(x)."
        ) from None
    if n < 0:
        return matrix_power(inv(x), -n)
    if n == 0:
        return identity_of(x, x.shape[-1]) + 0 * x
    result, square_ = None, x
    while n:
        if n & 1:
            result = square_ if result is None else matmul(result, square_)
        n >>= 1
        if n:
            square_ = matmul(square_, square_)
    return result


_MATRIX_NORMS = ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)


@composite(
    r"\lVert {0} \rVert",
    [sample(regular(3, 2), ord=kind) for kind in _MATRIX_NORMS]
    + [sample(regular(2, 3, 2), ord=kind, axis=(2, -2), keepdims=True) for kind in ("fro", "nuc", 1, -2)]
    + [sample(spec(2, 3, 4), ord=np.inf, axis=(0, 2))],
    errors=[
        ErrorSample((np.ones(3),), ShapeError, r"must be matrices \(..., m, n\), not \(3,\)"),
        ErrorSample((np.ones((2, 3)),), ArgumentError, "ord must be 'fro', 'nuc', .* not 3", {"ord": 3}),
        ErrorSample((np.ones((2, 3)),), ShapeError, "an axis stands twice", {"axis": (1, -1)}),
        ErrorSample((np.ones((2, 3)),), ShapeError, "axis 5 is out of range", {"axis": (0, 5)}),
    ],
    reference=lambda x, ord, axis=None, keepdims=False: np.linalg.norm(x, ord, axis, keepdims),
)
def matrix_norm(x: Any, ord: Any = "fro", axis: tuple[int, int] = (-2, -1), keepdims: bool = False) -> Any:
    """A norm of matrices, whose rows and columns are the two axes ``axis``.

    ``ord``: ``"fro"``, ``"nuc"``, 2 and -2 (extreme singular values), 1 and -1 (column sums), inf and -inf (row sums).
    """
    check_matrices("matrix_norm", x, halves=True)
    rows, columns = normalize_axes("matrix_norm", axis, x.ndim, x.shape)
    if ord == "fro":
        return vector_norm(x, 2, (rows, columns), keepdims)
    if ord in ("nuc", 2, -2):
        order = [i for i in range(x.ndim) if i not in (rows, columns)] + [rows, columns]
        x_last = x.transpose(tuple(order))
        if ord == 2:
            y = _spectral_norm(x_last)
            return expand_dims(y, tuple(sorted((rows, columns)))) if keepdims else y
        values = svdvals(x_last)
        # What a singular value of 0 may come out as counts as 0: at a norm's tip the gradient is 0.
        tip = constant(values)[..., :1] * cutoff((x.shape[rows], x.shape[columns]), values.dtype)
        values = where(values <= tip, 0, values)
        y = sum(values, -1) if ord == "nuc" else minimum_of(values, -1)
        return expand_dims(y, tuple(sorted((rows, columns)))) if keepdims else y
    if ord not in (1, -1, np.inf, -np.inf):
        raise ArgumentError(f"matrix_norm: ord must be 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, not {ord!r}.")
    inner, other = (rows, columns) if ord in (1, -1) else (columns, rows)
    sums = sum(absolute(floating(x)), inner, keepdims=True)
    y = (maximum_of if ord > 0 else minimum_of)(sums, other, keepdims=True)
    return y if keepdims else squeeze(y, (rows, columns))


def _spectral_norm(x: Any) -> Any:
    """The largest singular value, from ``x^H x`` or ``x x^H``.

    Unlike the decomposition of x itself that is smooth wherever the largest stands alone, a matrix that lacks rank
    included. Scaled to a largest element of 1, so that squares stay in range.
    """
    size = maximum_of(absolute(constant(x)), (-2, -1), keepdims=True)
    unit = where(size == 0, 1, size)
    x = x / unit
    gram = matmul(adjoint(x), x) if x.shape[-2] >= x.shape[-1] else matmul(x, adjoint(x))
    return safe_sqrt(maximum_of(eigvalsh(gram), -1)) * squeeze(unit, (-2, -1))


@composite(
    r"\lVert {0} \rVert",
    [
        sample(spec(2, 3, 2), keepdims=True), sample(spec()),
        *(sample(spec(2, 3, avoid=(0.0,)), ord=p, axis=-1, keepdims=True) for p in (None, 1, 2.5, np.inf)),
        *(sample(regular(3, 2), ord=p) for p in (None, *_MATRIX_NORMS)),
        *(sample(regular(2, 3, 2), ord=p, axis=(1, 2)) for p in (None, "nuc")),
        sample(spec(4, avoid=(0.0,)), ord=-1),
    ],
    errors=[
        ErrorSample((np.ones((2, 2, 2)),), ShapeError, "ord=1 needs one axis or two, not 3", {"ord": 1}),
        ErrorSample((np.ones(3),), ArgumentError, "ord must be a number, inf or -inf, not 'fro'", {"ord": "fro"}),
        ErrorSample((np.ones((2, 3)),), ArgumentError, "ord must be 'fro', 'nuc', .* not 3", {"ord": 3}),
    ],
    reference=np.linalg.norm,
)  # fmt: skip
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of vectors or matrices, as ``numpy.linalg.norm`` and ``torch.linalg.norm``.

    Without ``ord`` it is the 2-norm over ``axis``, all elements by default. With it, one axis (or a vector) means
    :func:`vector_norm` and two axes (or a matrix) :func:`matrix_norm`.
    """
    if ord is None and axis is None:
        return vector_norm(x, 2, None, keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    if len(axes) == 1:
        return vector_norm(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) != 2:
        raise ShapeError(f"norm: ord={ord!r} needs one axis or two, not {len(axes)}. Use vector_norm for all elements.")
    return matrix_norm(x, "fro" if ord is None else ord, (axes[0], axes[1]), keepdims)


@composite(
    r"\kappa({0})",
    [
        sample(regular(3, 3)),
        sample(regular(3, 2)),
        sample(regular(2, 3, 3)),
        sample(regular(1, 1)),
        *(sample(regular(3, 3), p=p) for p in _MATRIX_NORMS),
    ],
    errors=[ErrorSample((np.ones((2, 3)),), ShapeError, "must be square matrices", {"p": 1})],
    reference=lambda x, p=None: np.linalg.cond(x, p),
)
def cond(x: Any, p: Any = None) -> Any:
    """The condition number: the ratio of extreme singular values, or ``|x| |x^-1|`` in the norm ``p``."""
    if p in (None, 2):
        values = svdvals(x)
        return maximum_of(values, -1) / minimum_of(values, -1)
    return matrix_norm(x, p) * matrix_norm(inv(x), p)


def _rank_forward(x: Array, rtol: Any) -> Array:
    values = solved(np.linalg.svd, x, compute_uv=False)
    share: Any = cutoff(x.shape, values.dtype) if rtol is None else rtol
    share = share[..., None] if getattr(share, "ndim", 0) else share
    return (values > share * values.max(axis=-1, keepdims=True, initial=0)).sum(axis=-1)


_matrix_rank = primitive("matrix_rank", _rank_forward, kind="contraction", batch="leading", register=False)


@composite(
    r"\operatorname{{rank}} {0}",
    [
        sample(regular(3, 2)), sample(spec(2, 3, 3, matrix="singular")), sample(regular(2, 2), rtol=0.9),
        sample(spec(0, 2)), sample(spec(2, 2, low=0.0, high=0.0)),
    ],
    differentiable=False,
    reference=lambda x, rtol=None: np.linalg.matrix_rank(x, rtol=rtol) if x.size else np.zeros(x.shape[:-2], int),
    errors=[ErrorSample((np.ones(3),), ShapeError, "must be matrices")],
)  # fmt: skip
def matrix_rank(x: Any, rtol: Any = None) -> Any:
    """How many singular values exceed ``rtol`` (a number, or one for each matrix) times the largest; no gradient."""
    check_matrices("matrix_rank", x)
    return _matrix_rank(x, rtol)
