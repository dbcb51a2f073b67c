"""Linear algebra that factors: Cholesky and QR, of stacks of matrices ``(..., m, n)``, real and complex.

Cholesky takes the Hermitian part of its argument, so that it is a function of any square matrix and its gradient is
Hermitian.

Sources: Giles, 2008, "Collected matrix derivative results"; Walter and Lehmann, 2010, arXiv:1001.1654 (QR).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd.composite import composite
from autograd.errors import ArgumentError, GradientError, LinAlgError
from autograd.ops.complex_parts import imag
from autograd.ops.linalg import matmul
from autograd.ops.matrices import adjoint as _h
from autograd.ops.matrices import check_matrices, cubic, hermitian_part, regular, solved
from autograd.ops.rearrange import diag_embed, diagonal, tril, triu
from autograd.ops.shape import concat
from autograd.ops.solving import solve_triangular, solve_triangular_stack
from autograd.primitive import primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec

__all__ = ["QR", "cholesky", "cholesky_solve", "qr"]


class QR(NamedTuple):
    """``x = Q @ R``."""

    Q: Any
    R: Any


# ------------------------------------------------------------------------------------------------------- Cholesky


def _half_lower(x: Any) -> Any:
    """The lower triangle with half the diagonal."""
    return tril(x, -1) + 0.5 * diag_embed(diagonal(x, 0, -2, -1))


def _cholesky_vjp(g: Any, y: Any) -> Any:
    middle = _half_lower(matmul(_h(y), tril(g, 0)))
    inner = solve_triangular_stack(_h(y), middle, upper=True, unit=False)
    return hermitian_part(_h(solve_triangular_stack(_h(y), _h(inner), upper=True, unit=False)))


def _cholesky_jvp(t: Any, y: Any) -> Any:
    inner = solve_triangular_stack(y, hermitian_part(t), upper=False, unit=False)
    inner = _h(solve_triangular_stack(y, _h(inner), upper=False, unit=False))
    return matmul(y, _half_lower(inner))


_cholesky = primitive(
    "cholesky", lambda x: solved(np.linalg.cholesky, hermitian_part(x)), kind="contraction", holomorphic=False,
    vjp=[_cholesky_vjp], jvp=[_cholesky_jvp], latex=r"\operatorname{{chol}}({0})",
    vjp_latex=[
        r"\operatorname{herm}(y^{-H} \, \operatorname{halflower}(y^{H} \, \operatorname{tril}(\bar y)) \, y^{-1})"
    ],

    flops=cubic(1 / 3),
    samples=[sample(spec(3, 3, matrix="positive")), sample(spec(2, 2, 2, matrix="positive"))],
    errors=[ErrorSample((-np.eye(2),), LinAlgError, "ositive definite. Add a small multiple")],
)  # fmt: skip


def cholesky(x: Any, upper: bool = False) -> Any:
    """The lower triangular ``L``, ``L @ L^H = x``, for Hermitian positive-definite ``x``; ``L^H`` if ``upper``."""
    check_matrices("cholesky", x, square=True)
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
    return _h(solve_triangular_stack(r, _h(x if g_q is None else x + g_q), upper=True, unit=False))


def _qr_jvp(t: Any, y: Any) -> Any:
    q, r = y
    dx = _h(solve_triangular_stack(_h(r), _h(t), upper=False, unit=False))
    c = matmul(_h(q), dx)
    low = tril(c, -1)
    turn = low - _h(low)
    if q.dtype.kind == "c":
        turn = turn + diag_embed(1j * imag(diagonal(c, 0, -2, -1)))
    return matmul(q, turn - c) + dx, matmul(c - turn, r)


_qr = primitive(
    "qr",
    lambda x: tuple(solved(np.linalg.qr, x)),
    kind="contraction",
    outputs=True,
    holomorphic=False,
    vjp=[_qr_vjp],
    jvp=[_qr_jvp],
    latex=r"{0} = Q \, R",
    vjp_latex=[
        r"(\bar Q + Q \, c) \, R^{-H}, "
        r"\quad c = \operatorname{tril}_{-1}(u - u^{H}) - u, "
        r"\quad u = Q^{H} \, \bar Q - \operatorname{triu}(\bar R) \, R^{H}"
    ],
    flops=cubic(4 / 3),
    samples=[sample(regular(3, 3)), sample(regular(4, 2)), sample(regular(2, 3, 2))],
)


_QR_COMPLETE = "qr: the complete form of a tall matrix has no derivative. Use mode='reduced'."
_qr_complete = primitive(
    "qr_complete", lambda x: tuple(np.linalg.qr(x, mode="complete")), kind="contraction", outputs=True,
    vjp=[lambda g: refused(_QR_COMPLETE)], jvp=lambda primals, tangents: refused(_QR_COMPLETE), batch="leading",
    register=False,
)  # fmt: skip


def refused(message: str) -> Any:
    raise GradientError(message)


def qr(x: Any, mode: str = "reduced") -> QR:
    """``x = Q @ R``: columns of Q orthonormal, R upper triangular; the reduced form, ``Q (..., m, min(m, n))``.

    Derivatives need the first ``min(m, n)`` columns of ``x`` to be independent.
    """
    check_matrices("qr", x)
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
