"""Linear algebra that solves and factors: inverse, determinant, Cholesky, QR, eigenvalues, SVD, matrix functions.

Everything works on stacks of matrices, ``(..., m, n)``, real and complex. Ops of Hermitian matrices take the Hermitian
part of their argument, so that they are functions of any square matrix and their gradients are Hermitian.

Where a spectrum is degenerate, eigenvectors have no derivative. A rule then gives the right answer where the cotangent
shows that it exists (a function of eigenvalues that treats equal ones alike), and raises otherwise.

Sources: Giles, 2008, "Collected matrix derivative results"; Walter and Lehmann, 2010, arXiv:1001.1654 (QR);
Wan and Zhang, 2019, arXiv:1909.02659 (complex SVD); Boeddeker et al., 2017, arXiv:1701.00392 (complex eigenvectors).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from autograd.backend import Array, array_module
from autograd.composite import composite
from autograd.errors import ArgumentError, GradientError, ShapeError
from autograd.ops.elementwise import abs as absolute
from autograd.ops.elementwise import astype, imag, maximum, real, where
from autograd.ops.linalg import matmul
from autograd.ops.rearrange import diag_embed, diagonal, tril, triu
from autograd.ops.reduce import max as maximum_of
from autograd.ops.reduce import min as minimum_of
from autograd.ops.reduce import sum, vector_norm
from autograd.ops.shape import concat, expand_dims, squeeze
from autograd.primitive import primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import constant, innermost, module_of

__all__ = [
    "Eig", "Eigh", "QR", "SVD", "Slogdet", "cholesky", "cholesky_solve", "cond", "det", "eig", "eigh", "eigvals",
    "eigvalsh", "inv", "lstsq", "matrix_exp", "matrix_norm", "matrix_power", "matrix_rank", "norm", "pinv", "qr",
    "slogdet", "solve", "solve_triangular", "svd", "svdvals",
]  # fmt: skip


class Slogdet(NamedTuple):
    """Sign and logarithm of the size of a determinant."""

    sign: Any
    logabsdet: Any


class QR(NamedTuple):
    """``x = Q @ R``."""

    Q: Any
    R: Any


class Eigh(NamedTuple):
    """Eigenvalues, ascending, and eigenvectors as columns."""

    eigenvalues: Any
    eigenvectors: Any


class Eig(NamedTuple):
    """Eigenvalues and eigenvectors, as columns of norm 1; complex."""

    eigenvalues: Any
    eigenvectors: Any


class SVD(NamedTuple):
    """``x = U @ diag(S) @ Vh``, singular values descending."""

    U: Any
    S: Any
    Vh: Any


def _matrices(op: str, x: Any, square: bool = False) -> None:
    if x.ndim < 2 or (square and x.shape[-1] != x.shape[-2]):
        raise ShapeError(
            f"{op}: x must be {'square matrices (..., n, n)' if square else 'matrices (..., m, n)'}, "
            f"not {tuple(x.shape)}."
        )


def _t(x: Any) -> Any:
    return x.swapaxes(-1, -2)


def _h(x: Any) -> Any:
    """The conjugate transpose."""
    return x.conj().swapaxes(-1, -2) if x.dtype.kind == "c" else x.swapaxes(-1, -2)


def _eye(x: Any, n: int) -> Array:
    return module_of(x).eye(n, dtype=x.dtype)


def _regular(*shape: int) -> Any:
    return spec(*shape, matrix="regular")


def _cube(shape: tuple[int, ...]) -> int:
    return math.prod(shape[:-2]) * shape[-1] ** 3 if len(shape) > 1 else 0


def _cubic(factor: float) -> Any:
    return lambda out, *shapes, **params: int(factor * _cube(shapes[0]))


_singular_error = ErrorSample((np.zeros((2, 2)),), ShapeError, "ingular")

# ------------------------------------------------------------------------------------------------- inverse and solve

_inv = primitive(
    "inv", lambda x: _solved(np.linalg.inv, x), kind="contraction",
    vjp=[lambda g, y: -matmul(matmul(_t(y), g), _t(y))], jvp=[lambda t, y: -matmul(matmul(y, t), y)],
    latex="{0}^{{-1}}", vjp_latex=[r"-y^\top \bar y \, y^\top"], flops=_cubic(2),
    samples=[sample(_regular(3, 3)), sample(_regular(2, 2, 2)), sample(_regular(0, 0))], errors=[_singular_error],
)  # fmt: skip


def _solved(function: Any, *arrays: Array) -> Array:
    """A function of the library, whose complaint becomes a ValueError that dispatch explains."""
    try:
        return function(*arrays)
    except np.linalg.LinAlgError as error:
        raise ValueError(f"{error}. For a least-squares answer use pinv or lstsq") from error


def inv(x: Any) -> Any:
    """The inverse of square matrices."""
    _matrices("inv", x, square=True)
    return _inv(x)


def _solve_forward(a: Array, b: Array) -> Array:
    return _solved(np.linalg.solve, a, b)


def _solve_vjp_b(g: Any, a: Any) -> Any:
    return _solve(_t(a), g)


def _solve_vjp_a(g: Any, y: Any, a: Any) -> Any:
    return -matmul(_solve(_t(a), g), _t(y))


_solve = primitive(
    "solve",
    _solve_forward,
    kind="contraction",
    vjp=[_solve_vjp_a, _solve_vjp_b],
    jvp=[lambda t, y, a: -_solve(a, matmul(t, y)), lambda t, a: _solve(a, t)],
    latex="{0}^{{-1}} {1}",
    vjp_latex=[r"-\bar b \, y^\top", r"\bar b = a^{-\top} \bar y"],
    flops=_cubic(2 / 3),
    samples=[
        sample(_regular(3, 3), spec(3, 2)),
        sample(_regular(2, 2, 2), spec(2, 2, 1)),
        sample(_regular(2, 2), spec(3, 2, 2)),
    ],
    errors=[ErrorSample((np.zeros((2, 2)), np.ones((2, 1))), ShapeError, "ingular")],
)


def solve(a: Any, b: Any) -> Any:
    """The solution of ``a @ y = b`` for square ``a``; ``b`` is a vector or matrices ``(..., n, k)``."""
    _matrices("solve", a, square=True)
    n = a.shape[-1]
    if b.ndim == 0 or b.shape[-1 if b.ndim == 1 else -2] != n:
        raise ShapeError(f"solve: a is {tuple(a.shape)}, so b must be ({n},) or (..., {n}, k), not {tuple(b.shape)}.")
    return squeeze(_solve(a, expand_dims(b, -1)), -1) if b.ndim == 1 else _solve(a, b)


def _triangle(a: Any, upper: bool, unit: bool) -> Any:
    """The triangle that counts, with ones on the diagonal if they are implied."""
    part = (triu if upper else tril)(a, 0)
    if unit:
        part = part - diag_embed(diagonal(part, 0, -2, -1)) + _eye(a, a.shape[-1])
    return part


def _strict(x: Any, upper: bool, unit: bool) -> Any:
    return triu(x, int(unit)) if upper else tril(x, -int(unit))


_solve_triangular = primitive(
    "solve_triangular",
    lambda a, b, *, upper, unit: _solved(np.linalg.solve, _triangle(a, upper, unit), b),
    kind="contraction",
    vjp=[
        lambda g, y, a, upper, unit: _strict(
            -matmul(_solve_triangular(_t(a), g, upper=not upper, unit=unit), _t(y)), upper, unit
        ),
        lambda g, a, upper, unit: _solve_triangular(_t(a), g, upper=not upper, unit=unit),
    ],
    jvp=[
        lambda t, y, a, upper, unit: -_solve_triangular(a, matmul(_strict(t, upper, unit), y), upper=upper, unit=unit),
        lambda t, a, upper, unit: _solve_triangular(a, t, upper=upper, unit=unit),
    ],
    latex="{0}^{{-1}} {1}",
    vjp_latex=[r"-\operatorname{tri}(\bar b \, y^\top)", r"\bar b = a^{-\top} \bar y"],
    flops=_cubic(1),
    samples=[
        sample(_regular(3, 3), spec(3, 2), upper=False, unit=False),
        sample(spec(2, 2, 2, low=1.0), spec(2, 2, 1), upper=True, unit=True),
    ],
)


def solve_triangular(a: Any, b: Any, upper: bool = False, unitriangular: bool = False) -> Any:
    """The solution of ``a @ y = b``, where one triangle of ``a`` counts (its diagonal is 1 if ``unitriangular``)."""
    _matrices("solve_triangular", a, square=True)
    if b.ndim == 1:
        return squeeze(_solve_triangular(a, expand_dims(b, -1), upper=upper, unit=unitriangular), -1)
    return _solve_triangular(a, b, upper=upper, unit=unitriangular)


_pinv = primitive(
    "pinv",
    lambda x, *, rtol: np.linalg.pinv(x, rtol),
    kind="contraction",
    holomorphic=False,
    vjp=[lambda g, y, x: _pinv_vjp(g, y, x)],
    jvp=[lambda t, y, x: _pinv_jvp(t, y, x)],
    latex="{0}^+",
    vjp_latex=[r"-y^H \bar y y^H + (1 - x y) \bar y^H y y^H + y^H y \bar y^H (1 - y x)"],
    flops=_cubic(20),
    samples=[sample(_regular(*shape), rtol=1e-12) for shape in ((3, 2), (2, 3), (2, 2, 2))],
)


def _pinv_vjp(g: Any, y: Any, x: Any) -> Any:
    left, right = _eye(x, x.shape[-2]) - matmul(x, y), _eye(x, x.shape[-1]) - matmul(y, x)
    direct = -matmul(matmul(_h(y), g), _h(y))
    return direct + matmul(left, matmul(_h(g), matmul(y, _h(y)))) + matmul(matmul(_h(y), y), matmul(_h(g), right))


def _pinv_jvp(t: Any, y: Any, x: Any) -> Any:
    left, right = _eye(x, x.shape[-2]) - matmul(x, y), _eye(x, x.shape[-1]) - matmul(y, x)
    direct = -matmul(matmul(y, t), y)
    return direct + matmul(matmul(y, _h(y)), matmul(_h(t), left)) + matmul(right, matmul(_h(t), matmul(_h(y), y)))


def pinv(x: Any, rtol: Any = None) -> Any:
    """The Moore-Penrose pseudo-inverse; its derivative exists where the rank does not change.

    Singular values up to ``rtol`` (a number, or one for each matrix) times the largest count as 0; by default the
    longer side times the spacing of the dtype.
    """
    _matrices("pinv", x)
    return _pinv(x, rtol=_cutoff(x.shape, x.dtype) if rtol is None else getattr(rtol, "array", rtol))


def _cutoff(shape: tuple[int, ...], dtype: np.dtype) -> float:
    """What a singular value is lost in rounding below, relative to the largest (Golub and Van Loan, section 5.4)."""
    return max(shape[-2:]) * float(np.finfo(dtype if dtype.kind in "fc" else np.float64).eps)


@composite(r"{0}^+ {1}", [sample(_regular(4, 2), spec(4, 3)), sample(_regular(4, 2), spec(4))])
def _lstsq(a: Any, b: Any) -> Any:
    return lstsq(a, b)


def lstsq(a: Any, b: Any) -> Any:
    """The ``y`` of least norm that minimises ``|a @ y - b|``."""
    _matrices("lstsq", a)
    return matmul(pinv(a), b)


# ----------------------------------------------------------------------------------------------------- determinants


def _cofactors(x: Any) -> Any:
    """The derivative of the determinant, det(x) inv(x)^T, which exists where the inverse does not."""
    n = x.shape[-1]
    if n == 0:
        return x
    singular = _nearly_singular(x)
    safe = where(singular, _eye(x, n), x)
    cofactors = expand_dims(_det(safe), (-1, -2)) * _t(_inv(safe))
    return where(singular, _adjugate_t(x), cofactors) if innermost(singular).any() else cofactors


def _singular_forward(x: Array) -> Array:
    values = np.linalg.svd(x, compute_uv=False)
    return (values[..., -1] <= values[..., 0] * (1e3 * x.shape[-1] * np.finfo(values.dtype).eps))[..., None, None]


_nearly_singular = primitive(
    "nearly_singular", _singular_forward, kind="contraction", batch="leading", register=False,
    doc="Which matrices of a stack have no inverse to rounding, ``(..., 1, 1)``.",
)  # fmt: skip


def _adjugate_t(x: Any) -> Any:
    """The cofactors by the Faddeev-LeVerrier recurrence: sums and products only, so every order is right."""
    n, eye = x.shape[-1], _eye(x, x.shape[-1])
    still = constant(x)
    scale = maximum(
        maximum_of(absolute(still), (-1, -2), keepdims=True), np.finfo(x.dtype).tiny
    )  # a number of the sizes of x, to keep the powers within range
    a = x / scale
    m: Any = eye + 0 * a
    for k in range(1, n):
        product = matmul(a, m)
        m = product - expand_dims(sum(diagonal(product, 0, -2, -1), -1), (-1, -2)) / k * eye
    return _t(m) * (scale ** (n - 1) * (-1) ** (n - 1))


_det = primitive(
    "det",
    lambda x: np.linalg.det(x),
    kind="contraction",
    vjp=[lambda g, x: expand_dims(g, (-1, -2)) * _cofactors(x)],
    jvp=[lambda t, x: sum(_cofactors(x) * t, (-1, -2))],
    latex=r"\det {0}",
    vjp_latex=[r"\bar y \operatorname{cof} x"],
    flops=_cubic(2 / 3),
    samples=[
        sample(_regular(3, 3)),
        sample(spec(2, 3, 3, matrix="singular")),
        sample(_regular(1, 1)),
        sample(_regular(0, 0)),
    ],
)


def det(x: Any) -> Any:
    """The determinant of square matrices; its derivatives are right on singular ones too."""
    _matrices("det", x, square=True)
    return _det(x)


def _slogdet_vjp(g: Any, y: Any, x: Any) -> Any:
    """From log det: its real part is logabsdet, its imaginary part the angle of the sign."""
    g_sign, g_log = g
    scale: Any = 0 if g_log is None else expand_dims(g_log, (-1, -2))
    if g_sign is not None and x.dtype.kind == "c":
        scale = scale - 1j * expand_dims(imag(g_sign.conj() * y[0]), (-1, -2))
    return None if isinstance(scale, int) else scale * _h(_regularly(_inv, x))


def _regularly(function: Any, x: Any, *rest: Any) -> Any:
    """What a rule of slogdet computes with an inverse, which a singular matrix lacks."""
    try:
        return function(x, *rest)
    except ValueError as error:
        raise GradientError(
            "slogdet: a matrix is singular, where the logarithm of the determinant is -inf and has no derivative.\n"
            "  The determinant itself has one: use det."
        ) from error


def _slogdet_jvp(t: Any, y: Any, x: Any) -> Any:
    turn = sum(diagonal(_regularly(_solve, x, t), 0, -2, -1), -1)
    return (1j * imag(turn) * y[0], real(turn)) if x.dtype.kind == "c" else (0 * turn, turn)


_slogdet = primitive(
    "slogdet",
    lambda x: tuple(np.linalg.slogdet(x)),
    kind="contraction",
    outputs=True,
    holomorphic=False,
    vjp=[_slogdet_vjp],
    jvp=[_slogdet_jvp],
    latex=r"\ln \lvert \det {0} \rvert",
    vjp_latex=[r"\bar y \, x^{-H}"],
    flops=_cubic(2 / 3),
    samples=[sample(_regular(3, 3)), sample(_regular(2, 2, 2))],
)


def slogdet(x: Any) -> Slogdet:
    """Sign and logarithm of the size of the determinant, which does not overflow."""
    _matrices("slogdet", x, square=True)
    return Slogdet(*_slogdet(x))


# ------------------------------------------------------------------------------------------------------- Cholesky


def _hermitian_part(x: Any) -> Any:
    return 0.5 * (x + _h(x))


def _half_lower(x: Any) -> Any:
    """The lower triangle with half the diagonal."""
    return tril(x, -1) + 0.5 * diag_embed(diagonal(x, 0, -2, -1))


def _cholesky_vjp(g: Any, y: Any) -> Any:
    middle = _half_lower(matmul(_h(y), tril(g, 0)))
    inner = _solve_triangular(_h(y), middle, upper=True, unit=False)
    return _hermitian_part(_h(_solve_triangular(_h(y), _h(inner), upper=True, unit=False)))


def _cholesky_jvp(t: Any, y: Any) -> Any:
    inner = _solve_triangular(y, _hermitian_part(t), upper=False, unit=False)
    inner = _h(_solve_triangular(y, _h(inner), upper=False, unit=False))
    return matmul(y, _half_lower(inner))


_cholesky = primitive(
    "cholesky", lambda x: _solved(np.linalg.cholesky, _hermitian_part(x)), kind="contraction", holomorphic=False,
    vjp=[_cholesky_vjp], jvp=[_cholesky_jvp], latex=r"\operatorname{{chol}}({0})",
    vjp_latex=[r"\operatorname{herm}(L^{-H} \Phi(L^H \bar L) L^{-1})"], flops=_cubic(1 / 3),
    samples=[sample(spec(3, 3, matrix="positive")), sample(spec(2, 2, 2, matrix="positive"))],
    errors=[ErrorSample((-np.eye(2),), ShapeError, "ositive")],
)  # fmt: skip


def cholesky(x: Any, upper: bool = False) -> Any:
    """The lower triangular ``L``, ``L @ L^H = x``, for Hermitian positive-definite ``x``; ``L^H`` if ``upper``."""
    _matrices("cholesky", x, square=True)
    factor = _cholesky(x)
    return _h(factor) if upper else factor


@composite(r"(L L^H)^{{-1}} {0}", [sample(spec(3, 2), spec(3, 3, low=1.0))])
def cholesky_solve(b: Any, factor: Any, upper: bool = False) -> Any:
    """The solution of ``A @ y = b`` from the Cholesky factor of ``A``."""
    lower = _h(factor) if upper else factor
    inner = solve_triangular(lower, b)
    return solve_triangular(_h(lower), inner, upper=True)


# -------------------------------------------------------------------------------------------------------------- QR


def _qr_vjp(g: Any, y: Any) -> Any:
    g_q, g_r = g
    q, r = y
    n: Any = 0
    if g_q is not None:
        n = matmul(_h(q), g_q)
    if g_r is not None:
        n = n - matmul(triu(g_r, 0), _h(r))
    c = tril(n - _h(n), -1) - n
    if q.dtype.kind == "c":
        c = c + diag_embed(1j * imag(diagonal(n, 0, -2, -1)))
    x = matmul(q, c)
    return _h(_solve_triangular(r, _h(x if g_q is None else x + g_q), upper=True, unit=False))


def _qr_jvp(t: Any, y: Any) -> Any:
    q, r = y
    dx = _h(_solve_triangular(_h(r), _h(t), upper=False, unit=False))
    c = matmul(_h(q), dx)
    low = tril(c, -1)
    turn = low - _h(low)
    if q.dtype.kind == "c":
        turn = turn + diag_embed(1j * imag(diagonal(c, 0, -2, -1)))
    return matmul(q, turn - c) + dx, matmul(c - turn, r)


_qr = primitive(
    "qr",
    lambda x: tuple(np.linalg.qr(x)),
    kind="contraction",
    outputs=True,
    holomorphic=False,
    vjp=[_qr_vjp],
    jvp=[_qr_jvp],
    latex="{0} = Q R",
    vjp_latex=[r"(\bar Q + Q \, c(Q^H \bar Q - \bar R R^H)) R^{-H}"],
    flops=_cubic(4 / 3),
    samples=[sample(_regular(3, 3)), sample(_regular(4, 2)), sample(_regular(2, 3, 2))],
)


_QR_COMPLETE = "qr: the complete form of a tall matrix has no derivative. Use mode='reduced'."
_qr_complete = primitive(
    "qr_complete", lambda x: tuple(np.linalg.qr(x, mode="complete")), kind="contraction", outputs=True,
    vjp=[lambda g: _refused(_QR_COMPLETE)], jvp=lambda primals, tangents: _refused(_QR_COMPLETE), batch="leading",
    register=False,
)  # fmt: skip


def _refused(message: str) -> Any:
    raise GradientError(message)


def qr(x: Any, mode: str = "reduced") -> QR:
    """``x = Q @ R``: columns of Q orthonormal, R upper triangular; the reduced form, ``Q (..., m, min(m, n))``.

    Derivatives need the first ``min(m, n)`` columns of ``x`` to be independent.
    """
    _matrices("qr", x)
    if mode not in ("reduced", "complete"):
        raise ArgumentError(f'qr: mode must be "reduced" or "complete", not {mode!r}.')
    m, n = x.shape[-2:]
    if mode == "complete" and m > n:
        if getattr(x, "requires_grad", False):
            raise GradientError(_QR_COMPLETE)
        return QR(*_qr_complete(x))
    if m >= n:
        return QR(*_qr(x))
    q, r = _qr(x[..., :m])
    return QR(q, concat([r, matmul(_h(q), x[..., m:])], -1))


# ------------------------------------------------------------------------------------------- eigenvalues and SVD


# What decides between an answer and an error is computed by primitives of their own: they see arrays, of one example or
# of a whole batch, and one example that fails is an error for all.


def _degenerate_forward(values: Array) -> Array:
    size = np.abs(values).max(axis=-1, keepdims=True)[..., None] if values.shape[-1] else 1.0
    gap = np.abs(values[..., None, :] - values[..., :, None])
    return gap <= 64 * np.finfo(values.real.dtype).eps * size


_degenerate = primitive(
    "degenerate", _degenerate_forward, kind="contraction", batch="leading", register=False,
    doc="Which pairs of values are equal to rounding, ``(..., n, n)`` from ``(..., n)``.",
)  # fmt: skip


def _reached_forward(close: Array, numerator: Array) -> Array:
    size = np.abs(numerator)
    largest = size.max(axis=(-1, -2), keepdims=True, initial=0)
    return (np.where(close, size, 0) > 1e-10 * (1 + largest)).any(axis=(-1, -2))


_reached = primitive(
    "reached", _reached_forward, kind="contraction", batch="leading", register=False,
    doc="Which matrices hold more than rounding errors where ``close`` holds.",
)  # fmt: skip


def _unlike_forward(values: Array, g: Array) -> Array:
    spread = np.abs(g[..., None, :] - g[..., :, None])
    largest = np.abs(g).max(axis=-1, keepdims=True, initial=0)[..., None]
    return (np.where(_degenerate_forward(values), spread, 0) > 1e-8 * (1 + largest)).any(axis=(-1, -2))


_unlike = primitive(
    "unlike", _unlike_forward, kind="contraction", batch="leading", register=False,
    doc="Which vectors have different cotangents ``g`` of equal values.",
)  # fmt: skip


def _refuse(op: str, what: str) -> GradientError:
    return GradientError(
        f"{op}: {what}, where the derivative does not exist.\n"
        "  Only functions of the values that treat equal ones alike can be differentiated there; elsewhere perturb the "
        "matrix, or use a function that does not need the vectors (det, inv, norms, matrix_exp)."
    )


def _reciprocal_gaps(op: str, values: Any, numerator: Any) -> Any:
    """1 / (v_j - v_i), and 0 on the diagonal; degenerate pairs are an error unless nothing is divided by them."""
    same = _degenerate(values)
    close = same & ~np.eye(values.shape[-1], dtype=bool)
    if innermost(close).any() and innermost(_reached(close, numerator)).any():
        raise _refuse(op, "the cotangent reaches vectors of equal values")
    gaps = expand_dims(values, -2) - expand_dims(values, -1)
    return where(same, 0, 1 / where(same, 1, gaps))


def _check_alike(op: str, values: Any, g: Any) -> None:
    """Equal values must have equal cotangents."""
    if innermost(_unlike(values, g)).any():
        raise _refuse(op, "equal values have different cotangents")


def _eigh_vjp(g: Any, y: Any) -> Any:
    g_w, g_v = g
    w, v = y
    inner: Any = 0
    if g_w is not None:
        _check_alike("eigh", w, g_w)
        inner = diag_embed(g_w)
    if g_v is not None:
        m = matmul(_h(v), g_v)
        inner = inner + m * _reciprocal_gaps("eigh", w, m)
    return _hermitian_part(matmul(matmul(v, inner), _h(v)))


def _eigh_jvp(t: Any, y: Any) -> Any:
    w, v = y
    inner = matmul(matmul(_h(v), _hermitian_part(t)), v)
    return real(diagonal(inner, 0, -2, -1)), matmul(v, inner * _reciprocal_gaps("eigh", w, inner))


_eigh = primitive(
    "eigh",
    lambda x: tuple(np.linalg.eigh(_hermitian_part(x))),
    kind="contraction",
    outputs=True,
    holomorphic=False,
    vjp=[_eigh_vjp],
    jvp=[_eigh_jvp],
    latex=r"{0} = V \Lambda V^H",
    vjp_latex=[r"V(\operatorname{diag} \bar\lambda + V^H \bar V \odot \tfrac{1}{\lambda_j - \lambda_i}) V^H"],
    flops=_cubic(9),
    samples=[sample(spec(3, 3, matrix="symmetric")), sample(spec(2, 2, 2, matrix="symmetric"))],
)


def eigh(x: Any) -> Eigh:
    """Eigenvalues (ascending) and eigenvectors (columns) of Hermitian matrices."""
    _matrices("eigh", x, square=True)
    return Eigh(*_eigh(x))


@composite(r"\lambda({0})", [sample(spec(3, 3, matrix="symmetric")), sample(spec(2, 2, 2, matrix="symmetric"))])
def _eigh_invariant(x: Any) -> Any:
    """What does not depend on the phase of the eigenvectors."""
    w, v = eigh(x)
    return w, real(v * v.conj()), matmul(v * expand_dims(w**3, -2), _h(v))


def eigvalsh(x: Any) -> Any:
    """Eigenvalues of Hermitian matrices, ascending."""
    return eigh(x).eigenvalues


def _eig_vjp(g: Any, y: Any) -> Any:
    g_w, g_v = g
    w, v = y
    inner: Any = 0
    if g_v is not None:
        m = matmul(_h(v), g_v)
        m = m - matmul(matmul(_h(v), v), diag_embed(astype(real(diagonal(m, 0, -2, -1)), v.dtype)))
        inner = m * _reciprocal_gaps("eig", w, m).conj()
    if g_w is not None:
        _check_alike("eig", w, g_w)
        inner = inner + diag_embed(g_w)
    return _solve(_h(v), matmul(inner, _h(v)))


def _eig_jvp(t: Any, y: Any) -> Any:
    w, v = y
    inner = _solve(v, matmul(astype(t, v.dtype), v))
    change = matmul(v, inner * _reciprocal_gaps("eig", w, inner))
    along = real(sum(v.conj() * change, -2, keepdims=True))  # the norm of the columns stays 1
    return diagonal(inner, 0, -2, -1), change - v * along


def _eig_forward(x: Array) -> tuple[Array, Array]:
    w, v = np.linalg.eig(x)
    kind = np.result_type(x.dtype, np.complex64)
    return w.astype(kind), v.astype(kind)


_eig = primitive(
    "eig",
    _eig_forward,
    kind="contraction",
    outputs=True,
    holomorphic=False,
    vjp=[_eig_vjp],
    jvp=[_eig_jvp],
    latex=r"{0} = V \Lambda V^{{-1}}",
    vjp_latex=[r"V^{-H}(\operatorname{diag} \bar\lambda + \dots) V^H"],
    flops=_cubic(25),
)


@composite(r"|\lambda({0})|", [sample(_regular(3, 3)), sample(_regular(2, 2, 2))])
def _eig_invariant(x: Any) -> Any:
    """What does not depend on the phase of the eigenvectors."""
    w, v = eig(x)
    return sum(absolute(w), -1), real(matmul(v * expand_dims(w**2, -2), inv(v)))


def eig(x: Any) -> Eig:
    """Eigenvalues and eigenvectors (columns of norm 1) of square matrices; complex. Not available in CuPy."""
    _matrices("eig", x, square=True)
    return Eig(*_eig(x))


def eigvals(x: Any) -> Any:
    """Eigenvalues of square matrices; complex."""
    return eig(x).eigenvalues


def _svd_vjp(g: Any, y: Any) -> Any:
    g_u, g_s, g_vh = g
    u, s, vh = y
    v = _h(vh)
    inner: Any = 0
    if g_s is not None:
        _check_alike("svd", s, g_s)
        inner = diag_embed(astype(g_s, u.dtype))
    outer: Any = 0
    if g_u is not None or g_vh is not None:
        sizes = constant(s)
        if innermost(sizes[..., -1] <= 1e-14 * sizes[..., 0]).any():
            raise _refuse("svd", "the cotangent reaches the vectors of a singular value 0")
        column, row = expand_dims(s, -1), expand_dims(s, -2)
        m_u = 0 * matmul(_h(u), u) if g_u is None else matmul(_h(u), g_u)
        m_v = 0 * m_u if g_vh is None else matmul(vh, _h(g_vh))
        gaps = _reciprocal_gaps("svd", s * s, absolute(m_u) + absolute(m_v))
        inner = inner + (m_u - _h(m_u)) * gaps * row + column * ((m_v - _h(m_v)) * gaps)
        if u.dtype.kind == "c":
            turn_u, turn_v = imag(diagonal(m_u, 0, -2, -1)), imag(diagonal(m_v, 0, -2, -1))
            _check_phase(turn_u + turn_v, absolute(m_u) + absolute(m_v))
            inner = inner + diag_embed(0.5j * (turn_u - turn_v) / s)
        if g_u is not None and u.shape[-2] > u.shape[-1]:
            outer = outer + matmul((g_u - matmul(u, m_u)) / row, vh)
        if g_vh is not None and v.shape[-2] > v.shape[-1]:
            outer = outer + matmul(u, (g_vh - matmul(_h(m_v), vh)) / column)
    return matmul(matmul(u, inner), vh) + outer


def _check_phase(total: Any, sizes: Any) -> None:
    """Refuse what is not 0 up to rounding, relative to the ``sizes`` of what should cancel in it."""
    array, scale = innermost(total), innermost(sizes)
    if array.size and np.abs(array).max() > 10 * np.finfo(scale.dtype).eps ** 0.5 * scale.max():
        raise GradientError(
            "svd: the loss depends on the phase of the complex singular vectors, which is arbitrary. "
            "Use what does not depend on it, such as abs(U) or U @ diag(S) @ Vh."
        )


def _svd_jvp(t: Any, y: Any) -> Any:
    u, s, vh = y
    v = _h(vh)
    p = matmul(matmul(_h(u), t), v)
    column, row = expand_dims(s, -1), expand_dims(s, -2)
    gaps = _reciprocal_gaps("svd", s * s, absolute(p))
    turn_u = gaps * (p * row + column * _h(p))
    turn_v = gaps * (column * p + _h(p) * row)
    if u.dtype.kind == "c":
        phase = diag_embed(0.5j * imag(diagonal(p, 0, -2, -1)) / s)
        turn_u, turn_v = turn_u + phase, turn_v - phase
    d_u, d_v = matmul(u, turn_u), matmul(v, turn_v)
    if u.shape[-2] > u.shape[-1]:
        tv = matmul(t, v)
        d_u = d_u + (tv - matmul(u, matmul(_h(u), tv))) / row
    if v.shape[-2] > v.shape[-1]:
        tu = matmul(_h(t), u)
        d_v = d_v + (tu - matmul(v, matmul(vh, tu))) / row
    return d_u, real(diagonal(p, 0, -2, -1)), _h(d_v)


_svd = primitive(
    "svd", lambda x: tuple(np.linalg.svd(x, full_matrices=False)), kind="contraction", outputs=True, holomorphic=False,
    vjp=[_svd_vjp], jvp=[_svd_jvp], latex="{0} = U S V^H",
    vjp_latex=[r"U(\operatorname{diag} \bar s + \dots) V^H"], flops=_cubic(20),
    samples=[sample(_regular(3, 3)), sample(_regular(4, 2)), sample(_regular(2, 2, 3))],
)  # fmt: skip


_SVD_FULL = "svd: the full form has no derivative. Use full_matrices=False."
_svd_full = primitive(
    "svd_full", lambda x: tuple(np.linalg.svd(x, full_matrices=True)), kind="contraction", outputs=True,
    vjp=[lambda g: _refused(_SVD_FULL)], jvp=lambda primals, tangents: _refused(_SVD_FULL), batch="leading",
    register=False,
)  # fmt: skip


def svd(x: Any, full_matrices: bool = False) -> SVD:
    """``x = U @ diag(S) @ Vh``, singular values descending; the reduced form by default."""
    _matrices("svd", x)
    if full_matrices and x.shape[-1] != x.shape[-2]:
        if getattr(x, "requires_grad", False):
            raise GradientError(_SVD_FULL)
        return SVD(*_svd_full(x))
    return SVD(*_svd(x))


@composite(r"\sigma({0})", [sample(_regular(3, 3)), sample(_regular(4, 2)), sample(_regular(2, 2, 3))])
def _svd_invariant(x: Any) -> Any:
    """What does not depend on the phase of the singular vectors."""
    u, s, vh = svd(x)
    return s, real(u * u.conj()), real(vh * vh.conj()), matmul(u * expand_dims(s**2, -2), vh)


def svdvals(x: Any) -> Any:
    """Singular values, descending."""
    return svd(x).S


# -------------------------------------------------------------------------------------------------- matrix functions

_PADE = (
    64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0, 129060195264000.0,
    10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0, 40840800.0, 960960.0, 16380.0, 182.0, 1.0,
)  # fmt: skip


def _expm_forward(x: Array) -> Array:
    """Scaling, a [13/13] Pade approximant, and squaring (Higham, 2005, SIAM J. Matrix Anal. Appl. 26)."""
    if x.dtype.itemsize == 2:  # the coefficients of the approximant do not fit
        raise TypeError(f"array type {x.dtype} is unsupported in linalg; convert it with x.astype('float32')")
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
    y = np.linalg.solve(even - odd, even + odd)
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
    vjp_latex=[r"\operatorname{D}\exp(x^\top)[\bar y]"],
    flops=_cubic(30),
    samples=[sample(spec(3, 3)), sample(spec(2, 2, 2)), sample(spec(1, 1))],
)


def matrix_exp(x: Any) -> Any:
    """The exponential of square matrices."""
    _matrices("matrix_exp", x, square=True)
    return _expm(x)


@composite(
    "{0}^n",
    [sample(_regular(3, 3), n=3), sample(_regular(2, 2, 2), n=-2), sample(_regular(2, 2), n=0)],
    reference=np.linalg.matrix_power,
)
def matrix_power(x: Any, n: int) -> Any:
    """The ``n``-th power of square matrices, by repeated squaring; negative powers of the inverse."""
    _matrices("matrix_power", x, square=True)
    if n < 0:
        return matrix_power(inv(x), -n)
    if n == 0:
        return _eye(x, x.shape[-1]) + 0 * x
    result, square_ = None, x
    while n:
        if n & 1:
            result = square_ if result is None else matmul(result, square_)
        n >>= 1
        if n:
            square_ = matmul(square_, square_)
    return result


_norm_samples = [sample(_regular(3, 2), ord=kind) for kind in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf)]


@composite(r"\lVert {0} \rVert", _norm_samples, reference=lambda x, ord: np.linalg.norm(x, ord))
def matrix_norm(x: Any, ord: Any = "fro", axis: tuple[int, int] = (-2, -1), keepdims: bool = False) -> Any:
    """A norm of matrices.

    ``ord``: ``"fro"``, ``"nuc"``, 2 and -2 (extreme singular values), 1 and -1 (column sums), inf and -inf (row sums).
    """
    _matrices("matrix_norm", x)
    rows, columns = (a % x.ndim for a in axis)
    if ord == "fro":
        return vector_norm(x, 2, (rows, columns), keepdims)
    if ord in ("nuc", 2, -2):
        order = [i for i in range(x.ndim) if i not in (rows, columns)] + [rows, columns]
        values = svdvals(x.transpose(tuple(order)))
        # What a singular value of 0 may come out as counts as 0: at a norm's tip the gradient is 0.
        tip = constant(values)[..., :1] * _cutoff((x.shape[rows], x.shape[columns]), values.dtype)
        values = where(values <= tip, 0, values)
        y = sum(values, -1) if ord == "nuc" else maximum_of(values, -1) if ord == 2 else minimum_of(values, -1)
        return expand_dims(y, tuple(sorted((rows, columns)))) if keepdims else y
    if ord not in (1, -1, np.inf, -np.inf):
        raise ArgumentError(f"matrix_norm: ord must be 'fro', 'nuc', 1, -1, 2, -2, inf or -inf, not {ord!r}.")
    inner, other = (rows, columns) if ord in (1, -1) else (columns, rows)
    sums = sum(absolute(x), inner, keepdims=True)
    y = (maximum_of if ord > 0 else minimum_of)(sums, other, keepdims=True)
    return y if keepdims else squeeze(y, (rows, columns))


def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    """The norm of vectors or matrices, as ``numpy.linalg.norm``; 2-norm of all elements by default."""
    if axis is None and ord is None:
        return vector_norm(x, 2, None, keepdims)
    axes = tuple(range(x.ndim)) if axis is None else axis if isinstance(axis, (tuple, list)) else (axis,)
    if len(axes) == 1:
        return vector_norm(x, 2 if ord is None else ord, axes, keepdims)
    if len(axes) != 2:
        raise ShapeError(f"norm: ord={ord!r} needs one axis or two, not {len(axes)}. Use vector_norm for all elements.")
    return matrix_norm(x, "fro" if ord is None else ord, (axes[0], axes[1]), keepdims)


@composite(
    r"\kappa({0})",
    [sample(_regular(3, 3)), sample(_regular(3, 3), p="fro")],
    reference=lambda x, p=None: np.linalg.cond(x, p),
)
def cond(x: Any, p: Any = None) -> Any:
    """The condition number: the ratio of extreme singular values, or ``|x| |x^-1|`` in the norm ``p``."""
    if p in (None, 2):
        values = svdvals(x)
        return maximum_of(values, -1) / minimum_of(values, -1)
    return matrix_norm(x, p) * matrix_norm(inv(x), p)


def _rank_forward(x: Array, rtol: Any) -> Array:
    values = np.linalg.svd(x, compute_uv=False)
    share: Any = _cutoff(x.shape, values.dtype) if rtol is None else rtol
    share = share[..., None] if getattr(share, "ndim", 0) else share
    return (values > share * values.max(axis=-1, keepdims=True, initial=0)).sum(axis=-1)


_matrix_rank = primitive("matrix_rank", _rank_forward, kind="contraction", batch="leading", register=False)


def matrix_rank(x: Any, rtol: Any = None) -> Any:
    """How many singular values exceed ``rtol`` (a number, or one for each matrix) times the largest; no gradient."""
    _matrices("matrix_rank", x)
    return _matrix_rank(x, rtol)
