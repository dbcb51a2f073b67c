"""Eigenvalues and eigenvectors, singular values and vectors, of stacks of matrices ``(..., m, n)``, real and complex.

``eigh`` takes the Hermitian part of its argument, so that it is a function of any square matrix and its gradient is
Hermitian. Where a spectrum is degenerate, eigenvectors have no derivative. A rule then gives the right answer where the
cotangent shows that it exists (a function of eigenvalues that treats equal ones alike), and raises otherwise.

Sources: Giles, 2008, "Collected matrix derivative results"; Wan and Zhang, 2019, arXiv:1909.02659 (complex SVD);
Boeddeker et al., 2017, arXiv:1701.00392 (complex eigenvectors).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from autograd.backend import Array, floating
from autograd.composite import composite
from autograd.errors import GradientError, LinAlgError, ShapeError
from autograd.ops.casting import astype
from autograd.ops.complex_parts import imag, real
from autograd.ops.decomposition import refused
from autograd.ops.elementwise import abs as absolute
from autograd.ops.elementwise import where
from autograd.ops.linalg import matmul
from autograd.ops.matrices import adjoint as _h
from autograd.ops.matrices import check_matrices, cubic, hermitian_part, regular, solved
from autograd.ops.rearrange import diag_embed, diagonal
from autograd.ops.reduce import sum
from autograd.ops.shape import expand_dims
from autograd.ops.solving import inv, solve_stack
from autograd.primitive import primitive
from autograd.samples import ErrorSample, sample
from autograd.samples import array as spec
from autograd.tape import constant, innermost

__all__ = ["Eig", "Eigh", "SVD", "eig", "eigh", "eigvals", "eigvalsh", "svd", "svdvals"]


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
        if v.dtype.kind == "c":
            _check_phase("eigh", imag(diagonal(m, 0, -2, -1)), absolute(m))
        inner = inner + m * _reciprocal_gaps("eigh", w, m)
    return hermitian_part(matmul(matmul(v, inner), _h(v)))


def _eigh_jvp(t: Any, y: Any) -> Any:
    w, v = y
    inner = matmul(matmul(_h(v), hermitian_part(t)), v)
    return real(diagonal(inner, 0, -2, -1)), matmul(v, inner * _reciprocal_gaps("eigh", w, inner))


_eigh = primitive(
    "eigh",
    lambda x: tuple(solved(np.linalg.eigh, hermitian_part(x))),
    kind="contraction",
    outputs=True,
    holomorphic=False,
    vjp=[_eigh_vjp],
    jvp=[_eigh_jvp],
    latex=r"{0} = V \, \operatorname{{diag}}(\lambda) \, V^{{H}}",
    vjp_latex=[
        r"\operatorname{herm}(V \, (\operatorname{diag}(\bar \lambda) + F \odot (V^{H} \, \bar V)) \, V^{H}), "
        r"\quad F_{ij} = \tfrac{[i \ne j]}{\lambda_{j} - \lambda_{i}}"
    ],
    flops=cubic(9),
    samples=[sample(spec(3, 3, matrix="symmetric")), sample(spec(2, 2, 2, matrix="symmetric"))],
)


def eigh(x: Any) -> Eigh:
    """Eigenvalues (ascending) and eigenvectors (columns) of Hermitian matrices."""
    check_matrices("eigh", x, square=True)
    return Eigh(*_eigh(x))


@composite(r"\lambda({0})", [sample(spec(3, 3, matrix="symmetric")), sample(spec(2, 2, 2, matrix="symmetric"))])
def _eigh_invariant(x: Any) -> Any:
    """What does not depend on the phase of the eigenvectors."""
    w, v = eigh(x)
    return w, real(v * v.conj()), matmul(v * expand_dims(w**3, -2), _h(v))


_square = [ErrorSample((np.ones((2, 3)),), ShapeError, r"square matrices \(..., n, n\), not \(2, 3\)")]
_nan = ErrorSample((np.full((2, 2), np.nan),), LinAlgError, "must not contain infs or NaNs. Replace them")


@composite(
    r"\lambda({0})",
    [
        sample(spec(3, 3, matrix="symmetric")), sample(spec(2, 2, 2, matrix="symmetric")), sample(spec(1, 1)),
        sample(spec(0, 0)), sample(spec(3, 3)),
    ],
    errors=_square,
    reference=lambda x: np.linalg.eigvalsh(hermitian_part(x)),
)  # fmt: skip
def eigvalsh(x: Any) -> Any:
    """Eigenvalues of Hermitian matrices, ascending."""
    check_matrices("eigvalsh", x, square=True)
    return eigh(x).eigenvalues


def _eig_vjp(g: Any, y: Any) -> Any:
    g_w, g_v = g
    w, v = y
    _check_not_defective(v)
    inner: Any = 0
    if g_v is not None:
        m = matmul(_h(v), g_v)
        _check_phase("eig", imag(diagonal(m, 0, -2, -1)), absolute(m))
        m = m - matmul(matmul(_h(v), v), diag_embed(astype(real(diagonal(m, 0, -2, -1)), v.dtype)))
        inner = m * _reciprocal_gaps("eig", w, m).conj()
    if g_w is not None:
        _check_alike("eig", w, g_w)
        inner = inner + diag_embed(g_w)
    return solve_stack(_h(v), matmul(inner, _h(v)))


def _eig_jvp(t: Any, y: Any) -> Any:
    w, v = y
    inner = solve_stack(v, matmul(astype(t, v.dtype), v))
    change = matmul(v, inner * _reciprocal_gaps("eig", w, inner))
    along = real(sum(v.conj() * change, -2, keepdims=True))  # the norm of the columns stays 1
    return diagonal(inner, 0, -2, -1), change - v * along


def _eig_forward(x: Array) -> tuple[Array, Array]:
    x = floating(x)
    w, v = solved(np.linalg.eig, x)
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
    latex=r"{0} = V \, \operatorname{{diag}}(\lambda) \, V^{{-1}}",
    vjp_latex=[
        r"V^{-H} \, "
        r"(\operatorname{diag}(\bar \lambda) "
        r"+ \overline{F} \odot (M - V^{H} \, V \, (I \odot \operatorname{Re} M))) \, V^{H}, "
        r"\quad M = V^{H} \, \bar V, \quad F_{ij} = \tfrac{[i \ne j]}{\lambda_{j} - \lambda_{i}}"
    ],
    flops=cubic(25),
)


@composite(r"|\lambda({0})|", [sample(regular(3, 3)), sample(regular(2, 2, 2))])
def _eig_invariant(x: Any) -> Any:
    """What does not depend on the phase of the eigenvectors."""
    w, v = eig(x)
    return sum(absolute(w), -1), real(matmul(v * expand_dims(w**2, -2), inv(v)))


def eig(x: Any) -> Eig:
    """Eigenvalues and eigenvectors (columns of norm 1) of square matrices; complex. Not available in CuPy."""
    check_matrices("eig", x, square=True)
    return Eig(*_eig(x))


@composite(
    r"\lambda({0})",
    [sample(spec(3, 3, matrix="symmetric")), sample(regular(2, 2, 2)), sample(spec(1, 1))],
    errors=[*_square, _nan],
    reference=np.linalg.eigvals,
)
def eigvals(x: Any) -> Any:
    """Eigenvalues of square matrices; complex."""
    check_matrices("eigvals", x, square=True)
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
        if s.shape[-1] and innermost(sizes[..., -1] <= 1e-14 * sizes[..., 0]).any():
            raise _refuse("svd", "the cotangent reaches the vectors of a singular value 0")
        column, row = expand_dims(s, -1), expand_dims(s, -2)
        m_u = 0 * matmul(_h(u), u) if g_u is None else matmul(_h(u), g_u)
        m_v = 0 * m_u if g_vh is None else matmul(vh, _h(g_vh))
        gaps = _reciprocal_gaps("svd", s * s, absolute(m_u) + absolute(m_v))
        inner = inner + (m_u - _h(m_u)) * gaps * row + column * ((m_v - _h(m_v)) * gaps)
        if u.dtype.kind == "c":
            turn_u, turn_v = imag(diagonal(m_u, 0, -2, -1)), imag(diagonal(m_v, 0, -2, -1))
            _check_phase("svd", turn_u + turn_v, absolute(m_u) + absolute(m_v))
            inner = inner + diag_embed(0.5j * (turn_u - turn_v) / s)
        if g_u is not None and u.shape[-2] > u.shape[-1]:
            outer = outer + matmul((g_u - matmul(u, m_u)) / row, vh)
        if g_vh is not None and v.shape[-2] > v.shape[-1]:
            outer = outer + matmul(u, (g_vh - matmul(_h(m_v), vh)) / column)
    return matmul(matmul(u, inner), vh) + outer


def _check_not_defective(vectors: Any) -> None:
    """Refuse matrices whose eigenvectors are not a basis: there the rule of eigenvalues does not hold."""
    array = innermost(vectors)
    if array.size and np.linalg.cond(array).max() > 0.1 / np.finfo(array.dtype).eps ** 0.5:
        raise GradientError(
            "eig: a matrix is defective (its eigenvectors nearly dependent), where eigenvalues have no derivative.\n"
            "  A function of eigenvalues that has one, such as a trace or a power, is better computed from the matrix."
        )


def _check_phase(op: str, total: Any, sizes: Any) -> None:
    """Refuse what is not 0 up to rounding, relative to the ``sizes`` of what should cancel in it."""
    array, scale = innermost(total), innermost(sizes)
    if array.size and np.abs(array).max() > 10 * np.finfo(scale.dtype).eps ** 0.5 * scale.max():
        kind, instead = ("singular ", "abs(U) or U @ diag(S) @ Vh") if op == "svd" else ("eigen", "abs(V)")
        raise GradientError(
            f"{op}: the loss depends on the phase of complex {kind}vectors, which is arbitrary. "
            f"Use what does not depend on it, such as {instead}."
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


_SVD_RULE = (
    r"U \, (\operatorname{diag}(\bar s) + (F \odot (M - M^{H})) \, S + S \, (F \odot (K - K^{H}))) \, V^{H} "
    r"+ (\bar U - U \, M) \, S^{-1} \, V^{H} + U \, S^{-1} \, (\bar V - V \, K)^{H}, "
    r"\quad M = U^{H} \, \bar U, \quad K = V^{H} \, \bar V, \quad S = \operatorname{diag}(s), "
    r"\quad F_{ij} = \tfrac{[i \ne j]}{s_{j}^2 - s_{i}^2}"
)
_svd = primitive(
    "svd", lambda x: tuple(solved(np.linalg.svd, x, full_matrices=False)), kind="contraction", outputs=True,
    holomorphic=False, vjp=[_svd_vjp], jvp=[_svd_jvp], latex=r"{0} = U \, \operatorname{{diag}}(s) \, V^{{H}}",
    vjp_latex=[_SVD_RULE], flops=cubic(20),
    samples=[sample(regular(3, 3)), sample(regular(4, 2)), sample(regular(2, 2, 3))],
)  # fmt: skip


_SVD_FULL = "svd: the full form has no derivative. Use full_matrices=False."
_svd_full = primitive(
    "svd_full", lambda x: tuple(solved(np.linalg.svd, x, full_matrices=True)), kind="contraction", outputs=True,
    vjp=[lambda g: refused(_SVD_FULL)], jvp=lambda primals, tangents: refused(_SVD_FULL), batch="leading",
    register=False,
)  # fmt: skip


def svd(x: Any, full_matrices: bool = False) -> SVD:
    """``x = U @ diag(S) @ Vh``, singular values descending; the reduced form by default."""
    check_matrices("svd", x)
    if full_matrices and x.shape[-1] != x.shape[-2]:
        if getattr(x, "requires_grad", False):
            raise GradientError(_SVD_FULL)
        return SVD(*_svd_full(x))
    return SVD(*_svd(x))


@composite(r"\sigma({0})", [sample(regular(3, 3)), sample(regular(4, 2)), sample(regular(2, 2, 3))])
def _svd_invariant(x: Any) -> Any:
    """What does not depend on the phase of the singular vectors."""
    u, s, vh = svd(x)
    return s, real(u * u.conj()), real(vh * vh.conj()), matmul(u * expand_dims(s**2, -2), vh)


@composite(
    r"\sigma({0})",
    [sample(regular(3, 3)), sample(regular(4, 2)), sample(regular(2, 2, 3)), sample(regular(1, 1)), sample(spec(0, 2))],
    errors=[
        ErrorSample((np.ones(3),), ShapeError, r"must be matrices \(..., m, n\)"),
        ErrorSample((np.full((2, 2), np.nan),), LinAlgError, "did not converge. Is there a NaN"),
    ],
    reference=lambda x: np.linalg.svd(x, compute_uv=False),
)
def svdvals(x: Any) -> Any:
    """Singular values, descending."""
    check_matrices("svdvals", x)
    return svd(x).S
