"""Linear algebra that solves: inverse, linear systems, pseudo-inverse, least squares, determinants.

Everything works on stacks of matrices, ``(..., m, n)``, real and complex.

Source: Giles, 2008, "Collected matrix derivative results".
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd.backend import Array
from autograd.composite import composite
from autograd.errors import GradientError, LinAlgError, ShapeError
from autograd.ops.complex_parts import imag, real
from autograd.ops.elementwise import abs as absolute
from autograd.ops.elementwise import maximum, where
from autograd.ops.linalg import matmul
from autograd.ops.matrices import SINGULAR, check_matrices, cubic, cutoff, hermitian_part, identity_of, regular, solved
from autograd.ops.matrices import adjoint as _h
from autograd.ops.matrices import transposed as _t
from autograd.ops.rearrange import diag_embed, diagonal, tril, triu
from autograd.ops.reduce import max as maximum_of
from autograd.ops.reduce import sum
from autograd.ops.shape import expand_dims, squeeze
from autograd.primitive import primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import constant, innermost, refuse_gradient

__all__ = ["Slogdet", "det", "inv", "lstsq", "pinv", "slogdet", "solve", "solve_triangular"]


class Slogdet(NamedTuple):
    """Sign and logarithm of the size of a determinant."""

    sign: Any
    logabsdet: Any


# ------------------------------------------------------------------------------------------------- inverse and solve

_inv = primitive(
    "inv", lambda x: solved(np.linalg.inv, x), kind="contraction",
    vjp=[lambda g, y: -matmul(matmul(_t(y), g), _t(y))], jvp=[lambda t, y: -matmul(matmul(y, t), y)],
    latex="{0}^{{-1}}", vjp_latex=[r"-y^\top \, \bar y \, y^\top"], flops=cubic(2),
    samples=[sample(regular(3, 3)), sample(regular(2, 2, 2)), sample(regular(0, 0))], errors=[SINGULAR],
)  # fmt: skip


def inv(x: Any) -> Any:
    """The inverse of square matrices."""
    check_matrices("inv", x, square=True)
    return _inv(x)


def _solve_forward(a: Array, b: Array) -> Array:
    return solved(np.linalg.solve, a, b)


def _solve_vjp_b(g: Any, a: Any) -> Any:
    return solve_stack(_t(a), g)


def _solve_vjp_a(g: Any, y: Any, a: Any) -> Any:
    return -matmul(solve_stack(_t(a), g), _t(y))


solve_stack = primitive(
    "solve",
    _solve_forward,
    kind="contraction",
    vjp=[_solve_vjp_a, _solve_vjp_b],
    jvp=[lambda t, y, a: -solve_stack(a, matmul(t, y)), lambda t, a: solve_stack(a, t)],
    latex=r"{0}^{{-1}} \, {1}",
    vjp_latex=[r"-a^{-\top} \, \bar y \, y^\top", r"a^{-\top} \, \bar y"],
    flops=cubic(2 / 3),
    samples=[
        sample(regular(3, 3), spec(3, 2)),
        sample(regular(2, 2, 2), spec(2, 2, 1)),
        sample(regular(2, 2), spec(3, 2, 2)),
    ],
    errors=[ErrorSample((np.zeros((2, 2)), np.ones((2, 1))), LinAlgError, "Singular matrix. For a least")],
)


def _check_right(op: str, a: Any, b: Any, left: bool = True) -> None:
    """Raise unless the right-hand side has as many rows (columns unless ``left``) as ``a``."""
    n = a.shape[-2]
    if b.ndim == 0 or b.shape[-2 if left and b.ndim > 1 else -1] != n:
        wanted = f"{n}, k" if left else f"k, {n}"
        raise ShapeError(f"{op}: a is {tuple(a.shape)}, so b must be ({n},) or (..., {wanted}), not {tuple(b.shape)}.")


def solve(a: Any, b: Any) -> Any:
    """The solution of ``a @ y = b`` for square ``a``; ``b`` is a vector or matrices ``(..., n, k)``."""
    check_matrices("solve", a, square=True, name="a")
    _check_right("solve", a, b)
    return squeeze(solve_stack(a, expand_dims(b, -1)), -1) if b.ndim == 1 else solve_stack(a, b)


def _triangle(a: Any, upper: bool, unit: bool) -> Any:
    """The triangle that counts, with ones on the diagonal if they are implied."""
    part = (triu if upper else tril)(a, 0)
    if unit:
        part = part - diag_embed(diagonal(part, 0, -2, -1)) + identity_of(a, a.shape[-1])
    return part


def _strict(x: Any, upper: bool, unit: bool) -> Any:
    return triu(x, int(unit)) if upper else tril(x, -int(unit))


solve_triangular_stack = primitive(
    "solve_triangular",
    lambda a, b, *, upper, unit: solved(np.linalg.solve, _triangle(a, upper, unit), b),
    kind="contraction",
    vjp=[
        lambda g, y, a, upper, unit: _strict(
            -matmul(solve_triangular_stack(_t(a), g, upper=not upper, unit=unit), _t(y)), upper, unit
        ),
        lambda g, a, upper, unit: solve_triangular_stack(_t(a), g, upper=not upper, unit=unit),
    ],
    jvp=[
        lambda t, y, a, upper, unit: (
            -solve_triangular_stack(a, matmul(_strict(t, upper, unit), y), upper=upper, unit=unit)
        ),
        lambda t, a, upper, unit: solve_triangular_stack(a, t, upper=upper, unit=unit),
    ],
    latex=r"{0}^{{-1}} \, {1}",
    vjp_latex=[r"-\operatorname{tri}(a^{-\top} \, \bar y \, y^\top)", r"a^{-\top} \, \bar y"],
    flops=cubic(1),
    samples=[
        sample(regular(3, 3), spec(3, 2), upper=False, unit=False),
        sample(spec(2, 2, 2, low=1.0), spec(2, 2, 1), upper=True, unit=True),
    ],
)


@composite(
    "{0}^{{-1}} {1}",
    [
        sample(regular(3, 3), spec(3)),
        sample(regular(2, 2, 2), spec(2, 2), upper=True),
        sample(regular(3, 3), spec(2, 3), left=False),
        sample(regular(2, 2, 2), spec(2), upper=True, unitriangular=True, left=False),
        sample(regular(0, 0), spec(0, 2)),
    ],
    errors=[
        ErrorSample((np.ones((2, 3)), np.ones(2)), ShapeError, "square matrices"),
        ErrorSample((np.eye(3), np.ones((2, 3))), ShapeError, r"b must be \(3,\) or \(..., 3, k\), not \(2, 3\)"),
        ErrorSample((np.eye(3), np.ones((3, 2))), ShapeError, r"b must be \(3,\) or \(..., k, 3\)", {"left": False}),
        ErrorSample((np.zeros((2, 2)), np.ones(2)), LinAlgError, "Singular matrix"),
    ],
)
def solve_triangular(a: Any, b: Any, upper: bool = False, unitriangular: bool = False, left: bool = True) -> Any:
    """The solution of ``a @ y = b``, or of ``y @ a = b`` unless ``left``, where one triangle of ``a`` counts.

    The diagonal of ``a`` is 1 if ``unitriangular``. ``b`` is a vector or matrices, ``(..., n, k)``, or ``(..., k, n)``
    unless ``left``.
    """
    check_matrices("solve_triangular", a, square=True, name="a")
    _check_right("solve_triangular", a, b, left)
    if not left:
        a, b, upper = _t(a), b if b.ndim == 1 else _t(b), not upper
    y = solve_triangular_stack(a, expand_dims(b, -1) if b.ndim == 1 else b, upper=upper, unit=unitriangular)
    return squeeze(y, -1) if b.ndim == 1 else y if left else _t(y)


_pinv = primitive(
    "pinv",
    lambda x, *, rtol, hermitian=False: solved(np.linalg.pinv, x, hermitian=hermitian, rtol=rtol),
    kind="contraction",
    holomorphic=False,
    vjp=[lambda g, y, x: _pinv_vjp(g, y, x)],
    jvp=[lambda t, y, x: _pinv_jvp(t, y, x)],
    latex="{0}^+",
    vjp_latex=[
        r"-y^{H} \, \bar y \, y^{H} + (I - x \, y) \, \bar y^{H} \, y \, y^{H} "
        r"+ y^{H} \, y \, \bar y^{H} \, (I - y \, x)"
    ],
    flops=cubic(20),
    samples=[sample(regular(*shape), rtol=1e-12) for shape in ((3, 2), (2, 3), (2, 2, 2))],
    errors=[ErrorSample((np.full((2, 2), np.nan),), LinAlgError, "NaN or an infinity", {"rtol": 1e-12})],
)


def _pinv_vjp(g: Any, y: Any, x: Any) -> Any:
    left, right = identity_of(x, x.shape[-2]) - matmul(x, y), identity_of(x, x.shape[-1]) - matmul(y, x)
    direct = -matmul(matmul(_h(y), g), _h(y))
    return direct + matmul(left, matmul(_h(g), matmul(y, _h(y)))) + matmul(matmul(_h(y), y), matmul(_h(g), right))


def _pinv_jvp(t: Any, y: Any, x: Any) -> Any:
    left, right = identity_of(x, x.shape[-2]) - matmul(x, y), identity_of(x, x.shape[-1]) - matmul(y, x)
    direct = -matmul(matmul(y, t), y)
    return direct + matmul(matmul(y, _h(y)), matmul(_h(t), left)) + matmul(right, matmul(_h(t), matmul(_h(y), y)))


@composite(
    "{0}^+",
    [
        sample(regular(2, 3)), sample(regular(0, 2)), sample(spec(3, 3, matrix="positive"), hermitian=True),
        sample(spec(2, 2, 2, matrix="symmetric"), hermitian=True),
    ],
    errors=[
        ErrorSample((np.ones(3),), ShapeError, r"must be matrices"),
        ErrorSample((np.ones((2, 3)),), ShapeError, r"must be square matrices", {"hermitian": True}),
    ],
    reference=np.linalg.pinv,
)  # fmt: skip
def pinv(x: Any, rtol: Any = None, hermitian: bool = False) -> Any:
    """The Moore-Penrose pseudo-inverse; its derivative exists where the rank does not change.

    Singular values up to ``rtol`` (a number, or one for each matrix) times the largest count as 0; by default the
    longer side times the spacing of the dtype. With ``hermitian``, that of the Hermitian part of square matrices, at
    the price of an ``eigh``.
    """
    check_matrices("pinv", x, square=hermitian)
    if not x.size:  # NumPy has no largest of no singular values
        return _h(x)
    refuse_gradient("pinv", "rtol", rtol, "singular values are only compared with it")
    rtol = cutoff(x.shape, x.dtype) if rtol is None else getattr(rtol, "array", rtol)
    return _pinv(hermitian_part(x), rtol=rtol, hermitian=True) if hermitian else _pinv(x, rtol=rtol, hermitian=False)


@composite(
    r"{0}^+ {1}",
    [
        sample(regular(4, 2), spec(4, 3)), sample(regular(4, 2), spec(4)), sample(regular(2, 4), spec(2), rcond=1e-3),
        sample(regular(2, 3, 2), spec(2, 3, 1)),
    ],
    errors=[
        ErrorSample((np.ones((4, 2)), np.ones(3)), ShapeError, r"a is \(4, 2\), so b must be \(4,\) or \(..., 4, k\)"),
        ErrorSample((np.ones(4), np.ones(4)), ShapeError, "a must be matrices"),
    ],
    reference=lambda a, b, rcond=None: np.linalg.pinv(a, rcond=rcond) @ b,
)  # fmt: skip
def lstsq(a: Any, b: Any, rcond: Any = None) -> Any:
    """The ``y`` of least norm that minimises ``|a @ y - b|``; ``b`` is a vector or matrices ``(..., m, k)``.

    Singular values of ``a`` up to ``rcond`` times the largest count as 0; see :func:`pinv`.
    """
    check_matrices("lstsq", a, name="a")
    _check_right("lstsq", a, b)
    return matmul(pinv(a, rcond), b)


# ----------------------------------------------------------------------------------------------------- determinants


def _cofactors(x: Any) -> Any:
    """The derivative of the determinant, det(x) inv(x)^T, which exists where the inverse does not."""
    n = x.shape[-1]
    if n == 0:
        return x
    singular = _nearly_singular(x)
    safe = where(singular, identity_of(x, n), x)
    cofactors = expand_dims(_det(safe), (-1, -2)) * _t(_inv(safe))
    return where(singular, _adjugate_t(x), cofactors) if innermost(singular).any() else cofactors


def _singular_forward(x: Array) -> Array:
    values = solved(np.linalg.svd, x, compute_uv=False)
    return (values[..., -1] <= values[..., 0] * (1e3 * x.shape[-1] * np.finfo(values.dtype).eps))[..., None, None]


_nearly_singular = primitive(
    "nearly_singular", _singular_forward, kind="contraction", batch="leading", register=False,
    doc="Which matrices of a stack have no inverse to rounding, ``(..., 1, 1)``.",
)  # fmt: skip


def _adjugate_t(x: Any) -> Any:
    """The cofactors by the Faddeev-LeVerrier recurrence: sums and products only, so every order is right."""
    n, eye = x.shape[-1], identity_of(x, x.shape[-1])
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
    vjp_latex=[r"\bar y \cdot \operatorname{cof} x"],
    flops=cubic(2 / 3),
    samples=[
        sample(regular(3, 3)),
        sample(spec(2, 3, 3, matrix="singular")),
        sample(regular(1, 1)),
        sample(regular(0, 0)),
    ],
)


def det(x: Any) -> Any:
    """The determinant of square matrices; its derivatives are right on singular ones too."""
    check_matrices("det", x, square=True)
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
    except LinAlgError as error:
        raise GradientError(
            "slogdet: a matrix is singular, where the logarithm of the determinant is -inf and has no derivative.\n"
            "  The determinant itself has one: use det."
        ) from error


def _slogdet_jvp(t: Any, y: Any, x: Any) -> Any:
    turn = sum(diagonal(_regularly(solve_stack, x, t), 0, -2, -1), -1)
    return (1j * imag(turn) * y[0], real(turn)) if x.dtype.kind == "c" else (0 * turn, turn)


_slogdet = primitive(
    "slogdet",
    lambda x: tuple(np.linalg.slogdet(x)),
    kind="contraction",
    outputs=True,
    holomorphic=False,
    vjp=[_slogdet_vjp],
    jvp=[_slogdet_jvp],
    latex=r"(\operatorname{{sign}} \det {0}, \ln \lvert \det {0} \rvert)",
    vjp_latex=[r"\bar y \cdot x^{-H}"],
    flops=cubic(2 / 3),
    samples=[sample(regular(3, 3)), sample(regular(2, 2, 2))],
)


def slogdet(x: Any) -> Slogdet:
    """Sign and logarithm of the size of the determinant, which does not overflow."""
    check_matrices("slogdet", x, square=True)
    return Slogdet(*_slogdet(x))
