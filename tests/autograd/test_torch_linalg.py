"""PyTorch as the oracle of products, linear algebra and transforms: rows of the table of test_torch_hypothesis."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

import autograd as ag
from autograd import fft, linalg
from autograd.composite import COMPOSITES
from autograd.testing import broadcastable_shapes
from tests.autograd.torch_oracle import Draw, Fixed, Table, against_pytorch, dim_pair, same

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests")
F = torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch on its own plans and history
row = Table()

# One row, one line: the formatter would make a page of it.
# fmt: off

# ----------------------------------------------------------------------------------------------- linear algebra


def product(d: Draw) -> tuple[Any, ...]:
    n, k, m = d.ints(3, 1, 4)
    batch = d(broadcastable_shapes(2, 2, 3))
    return d.one(d.x(k), d.x(*batch[0], n, k)), d.one(d.x(k), d.x(*batch[1], k, m))


def system(d: Draw, kind: str = "regular") -> tuple[Any, ...]:
    a = d.matrix(kind)
    return a, d.x(*a.shape[:-1], d.int(1, 3))


def hermitian(x: Any) -> Any:
    return (x + x.conj().mT) / 2


EINSUMS = [
    ("ij,jk->ik", "ij", "jk"), ("bij,bjk->bik", "bij", "bjk"), ("ij->j", "ij"), ("ii->i", "ii"), ("ii", "ii"), ("i,j->ij", "i", "j"),
    ("ij,j", "ij", "j"), ("ij,kl->i", "ij", "kl"), ("a,ab,bc->c", "a", "ab", "bc"), ("iij,j->i", "iij", "j"), ("ijk->kij", "ijk"),
]


def einsum(d: Draw) -> tuple[Any, ...]:
    subscripts, *parts = d(st.sampled_from(EINSUMS))
    sizes = dict(zip("ijklabc", d.ints(7, 1, 4), strict=True))
    return subscripts, *(d.x(*(sizes[c] for c in part)) for part in parts)


def chain(d: Draw) -> tuple[Any, ...]:
    sides = d(st.lists(st.integers(1, 4), min_size=3, max_size=5))
    return [d.x(*pair) for pair in pairwise(sides)]


row("matmul", ag.matmul, torch.matmul, product, "dD")
row("linear", ag.linear, F.linear, lambda d: (d.x(*d.shape(), 3), d.x(n := d.int(1, 4), 3), d.x(n)), "dD")
row("einsum", ag.einsum, torch.einsum, einsum, "dD")
def lettered(d: Draw, *letters: str) -> tuple[Any, ...]:
    sizes = {c: d.int(1, 3) for c in "bnkm"}
    return tuple(d.x(*(sizes[c] for c in word)) for word in letters)


row("mm", ag.mm, torch.mm, lambda d: lettered(d, "nk", "km"), "dD")
row("mv", ag.mv, torch.mv, lambda d: lettered(d, "nk", "k"), "dD")
row("bmm", ag.bmm, torch.bmm, lambda d: lettered(d, "bnk", "bkm"), "dD")
row("vecmat", ag.vecmat, lambda x, a: (x.conj()[..., None, :] @ a)[..., 0, :], lambda d: lettered(d, "bn", "bnm"), "dD")
row("addmm", ag.addmm, lambda x, a, b, s, t: torch.addmm(x, a, b, beta=s, alpha=t), lambda d: (*lettered(d, "m", "nk", "km"), d.one(0.0, 0.5), 2.0), "dD")
row("baddbmm", ag.baddbmm, lambda x, a, b, s, t: torch.baddbmm(x, a, b, beta=s, alpha=t), lambda d: (*lettered(d, "bnm", "bnk", "bkm"), 0.5, 2.0), "dD")
row("einsum: several", lambda *xs: ag.einsum("nk,km,mb,b->n", *xs), lambda *xs: torch.einsum("nk,km,mb,b->n", *xs), lambda d: lettered(d, "nk", "km", "mb", "b"), "dD")
row("einsum: dots", ag.einsum, torch.einsum, lambda d: ("...ij,...jk->...ik", d.x(*d.shape(0, 2, 2, 2), 2, 3), d.x(3, 2)), "dD")
row("outer", ag.outer, torch.outer, lambda d: (d.x(*d.shape(1, 1)), d.x(*d.shape(1, 1))), "dD")
row("vecdot", ag.vecdot, torch.linalg.vecdot, same, "dD")
row("vdot", ag.vdot, torch.vdot, lambda d: (n := d.int(1, 4), (d.x(n), d.x(n)))[1], "dD")
row("dot", ag.dot, torch.dot, lambda d: (n := d.int(1, 4), (d.x(n), d.x(n)))[1], "dD")
row("inner", ag.inner, torch.inner, lambda d: (d.x(*d.shape(), 3), d.x(*d.shape(0, 2), 3)), "dD")
row("matvec", ag.matvec, lambda a, x: (a @ x[..., None])[..., 0], lambda d: (d.x(2, d.int(1, 4), 3), d.x(3)), "d")
row("tensordot", ag.tensordot, lambda a, b, n: torch.tensordot(a, b, dims=n), lambda d: (d.x(2, 3, 4), d.x(3, 4, d.int(1, 3)), 2), "dD")
row("tensordot: axes", ag.tensordot, lambda a, b, n: torch.tensordot(a, b, dims=n), lambda d: (d.x(2, 3, 4), d.x(4, 3, 2), ((1, 2), (1, 0))), "dD")
row("kron", ag.kron, torch.kron, lambda d: (d.xs(1), d.xs(1)), "dD")
row("cross", ag.cross, torch.linalg.cross, lambda d: (s := d.shape(0, 2), (d.x(*s, 3), d.x(*s, 3)))[1], "dD")
row("multi_dot", ag.multi_dot, torch.linalg.multi_dot, lambda d: (chain(d),), "dD")
row("bilinear", ag.bilinear, F.bilinear, lambda d: (s := d.shape(0, 2), (d.x(*s, 2), d.x(*s, 4), d.x(3, 2, 4), d.x(3)))[1])
row("cov", lambda x, c: ag.cov(x, correction=c), lambda x, c: torch.cov(x, correction=c), lambda d: (d.x(d.int(2, 3), d.int(2, 5)), d.int(0, 1)), "dD")
row("cov: weights", lambda x, f, a, c: ag.cov(x, correction=c, fweights=None if f is None else f.astype("int64"), aweights=a),
    lambda x, f, a, c: torch.cov(x, correction=c, fweights=None if f is None else f.long(), aweights=a),
    lambda d: (d.x(d.int(1, 3), 4), d.one(None, Fixed(np.array([1.0, 3.0, 2.0, 1.0]))), d.x(4, low=0.2), d.int(0, 1)))
row("corrcoef", ag.corrcoef, torch.corrcoef, lambda d: (d.x(d.int(2, 3), d.int(4, 6)),))
row("cdist", ag.cdist, torch.cdist, lambda d: (d.x(*d.shape(0, 1), 4, 3), d.x(d.int(1, 3), 3), d.one(2.0, 1.0, 3.0)), second=False)
row("cdist: second", ag.cdist, lambda a, b: torch.linalg.vector_norm(a[:, None] - b, dim=-1), lambda d: (d.x(4, 3), d.x(d.int(1, 3), 3)))
row("pdist", ag.pdist, F.pdist, lambda d: (d.x(d.int(2, 5), 3), d.one(2.0, 1.0, 3.0)), second=False)
row("inv", linalg.inv, torch.linalg.inv, lambda d: (d.matrix(),), "dD")
row("solve", linalg.solve, torch.linalg.solve, system, "dD")
row("solve: a vector", linalg.solve, torch.linalg.solve, lambda d: (d.x(3, 3, matrix="regular"), d.x(3)), "dD")
row("solve_triangular", lambda a, b, up, unit: linalg.solve_triangular(a, b, up, unit),
    lambda a, b, up, unit: torch.linalg.solve_triangular(a, b, upper=up, unitriangular=unit),
    lambda d: (n := d.int(1, 3), (d.x(n, n, low=0.5), d.x(n, 2), d.bool(), d.bool()))[1], "dD")
row("solve_triangular: right", lambda a, b, up, unit: linalg.solve_triangular(a, b, up, unit, left=False),
    lambda a, b, up, unit: torch.linalg.solve_triangular(a, b, upper=up, unitriangular=unit, left=False),
    lambda d: (n := d.int(1, 3), (d.x(n, n, low=0.5), d.x(2, n), d.bool(), d.bool()))[1], "dD")
row("pinv: hermitian", lambda x, tol: linalg.pinv(x, tol, hermitian=True), lambda x, tol: torch.linalg.pinv(hermitian(x), rtol=tol, hermitian=True),
    lambda d: (d.matrix("symmetric"), d.one(None, 1e-3)), "dD", rtol=1e-7)
row("pinv", linalg.pinv, torch.linalg.pinv, lambda d: (d.matrix(square=False),), "dD", rtol=1e-7)
row("lstsq: rcond", linalg.lstsq, lambda a, b, rcond: torch.linalg.pinv(a, rtol=rcond) @ b,
    lambda d: (a := d.matrix(square=False), d.x(*a.shape[:-1], 2), d.one(None, 1e-3)), "dD", rtol=1e-7)
row("lstsq", linalg.lstsq, lambda a, b: torch.linalg.pinv(a) @ b, lambda d: (a := d.matrix(square=False), d.x(*a.shape[:-1], 2)), rtol=1e-7)
row("det", linalg.det, torch.linalg.det, lambda d: (d.matrix(),), "dD")
row("slogdet", lambda x: linalg.slogdet(x)[1], lambda x: torch.linalg.slogdet(x)[1], lambda d: (d.matrix(),), "dD")
row("slogdet: sign", lambda x: tuple(linalg.slogdet(x)), lambda x: tuple(torch.linalg.slogdet(x)), lambda d: (d.matrix(),), "D")
row("cholesky", lambda x: linalg.cholesky(hermitian(x)), lambda x: torch.linalg.cholesky(hermitian(x)), lambda d: (d.matrix("positive"),), "dD")
row("cholesky_solve", lambda b, f: linalg.cholesky_solve(b, ag.tril(f)), lambda b, f: torch.cholesky_solve(b, torch.tril(f)),
    lambda d: (n := d.int(1, 3), (d.x(n, 2), d.x(n, n, low=0.5)))[1], "dD")
row("qr", lambda x: tuple(linalg.qr(x)), lambda x: tuple(torch.linalg.qr(x)),
    lambda d: (a := d.matrix(square=False), (a.swapaxes(-1, -2).copy() if a.shape[-1] > a.shape[-2] else a,))[1], "dD", rtol=1e-7)
row("eigh", lambda x: linalg.eigvalsh(hermitian(x)), lambda x: torch.linalg.eigvalsh(hermitian(x)), lambda d: (d.matrix("symmetric"),), "dD")
row("eigh_invariant", lambda x: COMPOSITES["eigh_invariant"](hermitian(x)),
    lambda x: (lambda w, v: (w, (v * v.conj()).real, v * w.to(v.dtype).unsqueeze(-2) ** 3 @ v.mH))(*torch.linalg.eigh(hermitian(x))),
    lambda d: (d.matrix("symmetric"),), "dD", rtol=1e-7)
row("eig", lambda x: ag.abs(linalg.eigvals(x)).sum(-1), lambda x: torch.linalg.eigvals(x).abs().sum(-1), lambda d: (d.matrix(),), "dD", rtol=1e-7)
row("eig_invariant", lambda x: COMPOSITES["eig_invariant"](x),
    lambda x: (lambda w, v: (w.abs().sum(-1), (v * w.unsqueeze(-2) ** 2 @ torch.linalg.inv(v)).real))(*torch.linalg.eig(x)),
    lambda d: (d.matrix(),), "dD", rtol=1e-6)
row("svd", linalg.svdvals, torch.linalg.svdvals, lambda d: (d.matrix(square=False),), "dD", rtol=1e-7)
row("svd_invariant", lambda x: COMPOSITES["svd_invariant"](x),
    lambda x: (lambda u, s, v: (s, (u * u.conj()).real, (v * v.conj()).real, (u * s.to(u.dtype).unsqueeze(-2) ** 2) @ v))(
        *torch.linalg.svd(x, full_matrices=False)),
    lambda d: (d.matrix(square=False),), "dD", rtol=1e-6)
row("matrix_exp", linalg.matrix_exp, torch.linalg.matrix_exp, lambda d: (d.x(*d.shape(0, 1), n := d.int(1, 3), n),), "dD")
row("matrix_power", linalg.matrix_power, torch.linalg.matrix_power, lambda d: (d.matrix(), d.int(-3, 4)), "dD")
for order in ("fro", "nuc", 2, -2, 1, -1, np.inf, -np.inf):
    row(f"matrix_norm: {order}", lambda x, keep, p=order: linalg.matrix_norm(x, p, keepdims=keep),
        lambda x, keep, p=order: torch.linalg.matrix_norm(x, p, keepdim=keep),
        lambda d: (d.matrix(square=False), d.bool()), "dD", rtol=1e-7)
row("vector_norm: norm", lambda x, p, a: linalg.norm(x, p, a), lambda x, p, a: torch.linalg.norm(x, p, a),
    lambda d: (x := d.xs(1, distinct=True, high=2.21), d.one(None, 1, 2, 3, 0.5, np.inf, -np.inf, -1), d.axis(x)), "dD")
row("matrix_norm: norm", lambda x, p: linalg.norm(x, p, (0, 1)), lambda x, p: torch.linalg.norm(x, p, (0, 1)),
    lambda d: (d.x(3, 4), d.one("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf)), "dD", rtol=1e-7)
row("norm", lambda x, p, a, keep: linalg.norm(x, p, a, keep), lambda x, p, a, keep: torch.linalg.norm(x, p, a, keep),
    lambda d: (d.x(2, 3, 4), *d.one((None, None), (None, (0, 2)), (2, -1), ("nuc", (2, 0)), (-1, (-2, -1))), d.bool()), "dD", rtol=1e-7)
row("cond", linalg.cond, torch.linalg.cond, lambda d: (d.x(n := d.int(2, 3), n, matrix="regular"), d.one(None, 2)), rtol=1e-7)
row("cond: a norm", linalg.cond, lambda x, p: torch.linalg.matrix_norm(x, p) * torch.linalg.matrix_norm(torch.linalg.inv(x), p),
    lambda d: (d.matrix(), d.one("fro", 1, np.inf)))

# ------------------------------------------------------------------------------------------------------- Fourier

NORMS = ("backward", "ortho", "forward")


def line(d: Draw, complex_only: bool = False) -> tuple[Any, ...]:
    x = d.xs(1, 2)
    return x + 0j if complex_only else x, d.one(None, 2, 3, 5), d.axis(x), d.one(*NORMS)


def grid(d: Draw) -> tuple[Any, ...]:
    x = d.x(*d.shape(2, 3, 2))
    chosen = dim_pair(d, x)
    return x, d.one(None, (3, 4)), chosen, d.one(*NORMS)


for name in ("fft", "ifft", "hfft", "irfft"):
    row(name, getattr(fft, name), getattr(torch.fft, name), line, "D" if name in ("irfft", "hfft") else "dD")
row("rfft", fft.rfft, torch.fft.rfft, line)
row("ihfft", fft.ihfft, torch.fft.ihfft, line)
for name, dtypes in [("fftn", "dD"), ("ifftn", "dD"), ("rfftn", "d"), ("irfftn", "D"), ("hfftn", "D"), ("ihfftn", "d")]:
    row(name, getattr(fft, name), getattr(torch.fft, name), grid, dtypes)
for name, dtypes in [("hfftn", "D"), ("ihfftn", "d"), ("hfft2", "D"), ("ihfft2", "d")]:
    row(name, getattr(fft, name), getattr(torch.fft, name), lambda d: (d.x(2, 3, 4), None, (-2, -1), d.one(*NORMS)), dtypes)
for name in ("fftshift", "ifftshift"):
    row(name, getattr(fft, name), getattr(torch.fft, name), lambda d: (x := d.xs(1), d.one(None, d.axis(x))), "dD")


def signal(d: Draw) -> tuple[Any, ...]:
    return d.x(2, d.int(8, 14)), d.one(4, 5, 6), d.int(1, 3), d.bool(), d.bool()


def torch_stft(x: Any, n: int, hop: int, center: bool, normalized: bool) -> Any:
    return torch.stft(x, n, hop, window=torch.hann_window(n, dtype=torch.float64), center=center, normalized=normalized, return_complex=True)


def torch_istft(y: Any, n: int, hop: int, center: bool, normalized: bool) -> Any:
    return torch.istft(y, n, hop, window=torch.ones(n, dtype=torch.float64), center=center, normalized=normalized)


row("stft", lambda x, n, hop, c, o: fft.stft(x, n, hop, torch.hann_window(n, dtype=torch.float64).numpy(), c, normalized=o), torch_stft, signal)
row("stft: a shorter window", lambda x, n, hop, c, o: fft.stft(x, n, hop, center=c, normalized=o, win_length=n - 1),
    lambda x, n, hop, c, o: torch.stft(x, n, hop, n - 1, torch.ones(n - 1, dtype=torch.float64), c, normalized=o, return_complex=True), signal)
row("stft: istft", lambda x, n, hop, c, o: fft.istft(fft.stft(x, n, hop, center=c, normalized=o) ** 2, n, hop, center=c, normalized=o),
    lambda x, n, hop, c, o: torch_istft(torch.stft(x, n, hop, window=torch.ones(n, dtype=torch.float64), center=c, normalized=o, return_complex=True) ** 2, n, hop, c, o),
    lambda d: (d.x(2, d.int(8, 12)), d.one(4, 6), d.int(1, 2), d.bool(), d.bool()))
row("stft: istft of a length", lambda x, n, length: fft.istft(fft.stft(x, n, 1), n, 1, length=length),
    lambda x, n, length: torch.istft(torch.stft(x, n, 1, window=torch.ones(n, dtype=torch.float64), return_complex=True), n, 1, window=torch.ones(n, dtype=torch.float64), length=length),
    lambda d: (d.x(2, d.int(8, 12)), d.one(4, 5), d.int(1, 20)))


def short(d: Draw) -> tuple[Any, ...]:
    return d.x(2, d.int(8, 14)), 6, 1, d.x(n := d.int(3, 6), low=0.5, high=1.5), n


row("stft: win_length", lambda x, n, hop, w, m: fft.stft(x, n, hop, w, win_length=m),
    lambda x, n, hop, w, m: torch.stft(x, n, hop, m, w, return_complex=True), short)
row("stft: istft of win_length", lambda x, n, hop, w, m: fft.istft(fft.stft(x, n, hop, w, win_length=m) ** 2, n, hop, w, win_length=m),
    lambda x, n, hop, w, m: torch.istft(torch.stft(x, n, hop, m, w, return_complex=True) ** 2, n, hop, m, w), short, second=False)

# fmt: on

test_against_pytorch = against_pytorch(row)
