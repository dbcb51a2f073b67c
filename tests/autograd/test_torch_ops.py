"""PyTorch as the oracle of ops that are not covered by test_torch_parity: values, first and second gradients.

Each row is ours, theirs, and the shapes of the arguments; values are drawn from several seeds, real and, where it says
so, complex.
"""

from __future__ import annotations

import numpy as np
import pytest

import autograd as ag

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests")
F = torch.nn.functional
A = ag


def agree(ours, theirs, inputs, second=True, rtol=1e-8, atol=1e-9):
    xs = [ag.tensor(a, requires_grad=a.dtype.kind in "fc") for a in inputs]
    ts = [torch.tensor(a, requires_grad=a.dtype.kind in "fc") for a in inputs]
    ys, us = ours(*xs), theirs(*ts)
    ys, us = (y if isinstance(y, (tuple, list)) else (y,) for y in (ys, us))
    rng = np.random.default_rng(1)
    total_ours, total_theirs = ag.tensor(0.0), torch.tensor(0.0)
    for y, u in zip(ys, us, strict=True):
        np.testing.assert_allclose(y.detach().array, u.detach().resolve_conj().numpy(), rtol=rtol, atol=atol)
        if not u.requires_grad:
            continue
        weights = rng.uniform(0.5, 1.5, u.shape) + (1j * rng.uniform(0.5, 1.5, u.shape) if u.is_complex() else 0)
        product, want = y * ag.tensor(weights), u * torch.tensor(weights)
        total_ours = total_ours + (ag.real(product) if u.is_complex() else product).sum()
        total_theirs = total_theirs + (want.real if u.is_complex() else want).sum()
    if not total_theirs.requires_grad:
        return
    asked_x, asked_t = [x for x in xs if x.requires_grad], [t for t in ts if t.requires_grad]
    g = ag.gradients(total_ours, asked_x, create_graph=second, allow_unused=True)
    h = torch.autograd.grad(total_theirs, asked_t, create_graph=second, allow_unused=True)
    compare(g, h, asked_t, rtol, atol)
    if second:
        square = lambda z: (z * z.conj()).real if isinstance(z, torch.Tensor) else ag.real(z * z.conj())  # noqa: E731
        s = sum((square(a).sum() for a in g if a is not None and a.requires_grad), ag.tensor(0.0))
        r = sum((square(a).sum() for a in h if a is not None and a.requires_grad), torch.tensor(0.0))
        if s.requires_grad and r.requires_grad:
            compare(
                ag.gradients(s, asked_x, allow_unused=True), torch.autograd.grad(r, asked_t, allow_unused=True),
                asked_t, rtol * 100, atol * 100,
            )  # fmt: skip


def compare(got, want, like, rtol, atol):
    for g, w, t in zip(got, want, like, strict=True):
        zero = np.zeros(tuple(t.shape))
        np.testing.assert_allclose(
            zero if g is None else g.detach().array, zero if w is None else w.detach().resolve_conj().numpy(),
            rtol=rtol, atol=atol,
        )  # fmt: skip


def draw(shape, seed, low=-2.0, high=2.0, kind="d"):
    rng = np.random.default_rng([seed, *shape])
    if kind == "i":
        return rng.integers(int(low), int(high), shape)
    x = rng.uniform(low, high, shape)
    return x + 1j * rng.uniform(low, high, shape) if kind == "c" else x


UNARY = {
    "exp2": torch.exp2, "log2": (torch.log2, 0.1), "log10": (torch.log10, 0.1), "rsqrt": (torch.rsqrt, 0.2), "floor": torch.floor,
    "ceil": torch.ceil, "trunc": torch.trunc, "round": torch.round, "frac": torch.frac, "sinc": torch.sinc, "i0": torch.i0,
    "i1": torch.special.i1, "i0e": torch.special.i0e, "i1e": torch.special.i1e, "erfc": torch.erfc, "erfcx": torch.special.erfcx,
    "erfinv": (torch.erfinv, -0.9, 0.9), "lgamma": (torch.lgamma, 0.3, 4.0), "digamma": (torch.digamma, 0.3, 4.0), "logit": (torch.logit, 0.1, 0.9),
    "ndtr": torch.special.ndtr, "log_ndtr": torch.special.log_ndtr, "entr": (torch.special.entr, 0.1, 2.0), "deg2rad": torch.deg2rad,
    "rad2deg": torch.rad2deg, "leaky_relu": F.leaky_relu, "elu": F.elu, "celu": F.celu, "selu": F.selu, "relu6": F.relu6,
    "hardtanh": F.hardtanh, "hardsigmoid": F.hardsigmoid, "hardswish": F.hardswish, "mish": F.mish, "softsign": F.softsign,
    "tanhshrink": F.tanhshrink, "softshrink": F.softshrink, "hardshrink": F.hardshrink, "logsigmoid": F.logsigmoid,
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", [(3, 4), (), (5,)])
def test_unary(name, shape):
    theirs, *domain = UNARY[name] if isinstance(UNARY[name], tuple) else (UNARY[name],)
    low, high = (*domain, 2.0)[:2] if domain else (-2.0, 2.0)
    rtol = 1e-7 if name == "hardsigmoid" else 1e-8  # PyTorch keeps a constant of it in single precision
    agree(getattr(ag, name), theirs, [draw(shape, 3, low, high)], rtol=rtol)


BINARY = {
    "arctan2": torch.atan2, "hypot": torch.hypot, "logaddexp": torch.logaddexp, "logaddexp2": torch.logaddexp2,
    "copysign": torch.copysign, "fmod": torch.fmod, "remainder": torch.remainder, "fmax": torch.fmax, "fmin": torch.fmin,
    "xlogy": (torch.xlogy, 0.2), "xlog1py": (torch.special.xlog1py, 0.2),
}  # fmt: skip


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("shapes", [((3, 4), (3, 4)), ((3, 1), (4,)), ((), (2,))])
def test_binary(name, shapes):
    theirs, low = BINARY[name] if isinstance(BINARY[name], tuple) else (BINARY[name], -2.0)
    agree(getattr(ag, name), theirs, [draw(s, k, low) for k, s in enumerate(shapes)])


index = np.array([[0, 1, 1], [2, 0, 2]])
i = torch.tensor(index)
zeros_in = np.array([[1.0, 0.0, 2.0, -1.0], [0.5, 0.0, 0.0, 3.0], [1.0, 2.0, 3.0, 4.0]])
TABLE = {
    "prod": (lambda x: A.prod(x, 1), lambda x: x.prod(1), [(3, 4)]),
    "cumprod": (lambda x: A.cumprod(x, 1), lambda x: x.cumprod(1), [(3, 4)]),
    "logcumsumexp": (lambda x: A.logcumsumexp(x, 1), lambda x: x.logcumsumexp(1), [(3, 4)]),
    "cummax": (lambda x: A.cummax(x, 1), lambda x: tuple(x.cummax(1)), [(3, 6)]),
    "cummin": (lambda x: A.cummin(x, 0), lambda x: tuple(x.cummin(0)), [(5, 2)]),
    "diff": (lambda x: A.diff(x, 2, 1), lambda x: x.diff(2, 1), [(3, 5)]),
    "trapezoid": (A.trapezoid, torch.trapezoid, [(3, 5), (5,)]),
    "cumulative_trapezoid": (A.cumulative_trapezoid, torch.cumulative_trapezoid, [(3, 5), (5,)]),
    "sort": (lambda x: A.sort(x, 1), lambda x: x.sort(1)[0], [(3, 5)]),
    "topk": (lambda x: tuple(A.topk(x, 2, 1)), lambda x: tuple(x.topk(2, 1)), [(3, 5)]),
    "kthvalue": (lambda x: tuple(A.kthvalue(x, 2, 1)), lambda x: tuple(x.kthvalue(2, 1)), [(3, 5)]),
    "median": (lambda x: A.median(x, 1), lambda x: x.median(1)[0], [(3, 5)]),
    "quantile": (lambda x: A.quantile(x, 0.3, 1), lambda x: x.quantile(0.3, 1), [(3, 5)]),
    "norm 1": (lambda x: A.vector_norm(x, 1, 1), lambda x: torch.linalg.vector_norm(x, 1, 1), [(3, 5)]),
    "norm 2": (lambda x: A.vector_norm(x, 2, 1), lambda x: torch.linalg.vector_norm(x, 2, 1), [(3, 5)]),
    "norm 3.5": (lambda x: A.vector_norm(x, 3.5), lambda x: torch.linalg.vector_norm(x, 3.5), [(3, 5)]),
    "norm inf": (lambda x: A.vector_norm(x, np.inf, 0), lambda x: torch.linalg.vector_norm(x, np.inf, 0), [(3, 5)]),
    "nansum": (A.nansum, torch.nansum, [(3, 5)]),
    "roll": (lambda x: A.roll(x, (1, -2), (0, 1)), lambda x: x.roll((1, -2), (0, 1)), [(3, 5)]),
    "rot90": (lambda x: A.rot90(x, 3), lambda x: x.rot90(3), [(3, 5)]),
    "tile": (lambda x: A.tile(x, (2, 1, 3)), lambda x: x.tile((2, 1, 3)), [(3, 2)]),
    "repeat": (lambda x: A.repeat(x, (2, 0, 1), 0), lambda x: x.repeat_interleave(torch.tensor([2, 0, 1]), 0), [(3, 2)]),
    "tril": (lambda x: A.tril(x, -1), lambda x: x.tril(-1), [(2, 3, 4)]),
    "diagonal": (lambda x: A.diagonal(x, 1, 0, 2), lambda x: x.diagonal(1, 0, 2), [(3, 2, 4)]),
    "block_diag": (A.block_diag, torch.block_diag, [(2, 3), (1, 2)]),
    "windows": (lambda x: A.sliding_windows(x, 3, 2), lambda x: x.unfold(-1, 3, 2), [(2, 8)]),
    "gather": (lambda x: A.gather(x, 1, index), lambda x: x.gather(1, i), [(3, 4)]),
    "scatter": (lambda x, s: A.scatter(x, 1, index[:, :1], s), lambda x, s: x.scatter(1, i[:, :1], s), [(3, 4), (2, 1)]),
    "scatter_add": (lambda x, s: A.scatter_add(x, 1, index, s), lambda x, s: x.scatter_add(1, i, s), [(3, 4), (2, 3)]),
    "index_add": (lambda x, s: A.index_add(x, 1, [0, 2, 0], s, 0.5), lambda x, s: x.index_add(1, torch.tensor([0, 2, 0]), s, alpha=0.5), [(3, 4), (3, 3)]),
    "tensordot": (lambda a, b: A.tensordot(a, b, ((1, 2), (1, 0))), lambda a, b: torch.tensordot(a, b, dims=((1, 2), (1, 0))), [(2, 3, 4), (4, 3, 2)]),
    "kron": (A.kron, torch.kron, [(2, 3), (3, 2)]), "cross": (A.cross, torch.linalg.cross, [(4, 3), (4, 3)]),
    "cov": (A.cov, torch.cov, [(3, 6)]), "corrcoef": (A.corrcoef, torch.corrcoef, [(3, 6)]),
    "cdist": (A.cdist, torch.cdist, [(4, 3), (5, 3)]),
    "multi_dot": (lambda *x: A.multi_dot(x), lambda *x: torch.linalg.multi_dot(x), [(2, 4), (4, 3), (3, 5)]),
    "matrix_exp": (A.linalg.matrix_exp, torch.linalg.matrix_exp, [(2, 3, 3)]),
    "pinv": (A.linalg.pinv, torch.linalg.pinv, [(4, 2)]), "inv": (A.linalg.inv, torch.linalg.inv, [(2, 3, 3)]),
    "det": (A.linalg.det, torch.linalg.det, [(2, 3, 3)]), "solve": (A.linalg.solve, torch.linalg.solve, [(3, 3), (3, 2)]),
    "nuclear": (lambda x: A.linalg.matrix_norm(x, "nuc"), lambda x: torch.linalg.matrix_norm(x, "nuc"), [(3, 4)]),
    "qr": (lambda x: A.linalg.qr(x).R ** 2, lambda x: torch.linalg.qr(x)[1] ** 2, [(4, 3)]),
    "svdvals": (A.linalg.svdvals, torch.linalg.svdvals, [(4, 3)]),
    "slogdet": (lambda x: A.linalg.slogdet(x).logabsdet, lambda x: torch.linalg.slogdet(x)[1], [(3, 3)]),
    "cholesky": (lambda x: A.linalg.cholesky(x @ x.mT + 3 * np.eye(3)), lambda x: torch.linalg.cholesky(x @ x.mT + 3 * torch.eye(3)), [(3, 3)]),
    "eigvalsh": (lambda x: A.linalg.eigvalsh(x + x.mT), lambda x: torch.linalg.eigvalsh(x + x.mT), [(3, 3)]),
    "matrix_power": (lambda x: A.linalg.matrix_power(x, -3), lambda x: torch.linalg.matrix_power(x, -3), [(3, 3)]),
    "fft": (lambda x: A.fft.fft(x, 6, 1, "ortho"), lambda x: torch.fft.fft(x, 6, 1, "ortho"), [(2, 5)]),
    "rfft": (A.fft.rfft, torch.fft.rfft, [(2, 5)]), "hfft": (lambda x: A.fft.hfft(x + 0j, 7), lambda x: torch.fft.hfft(x + 0j, 7), [(2, 4)]),
    "irfft": (lambda x: A.fft.irfft(x + 0j, 7), lambda x: torch.fft.irfft(x + 0j, 7), [(2, 4)]),
    "fftn": (A.fft.fftn, torch.fft.fftn, [(2, 3, 4)]), "rfftn": (A.fft.rfftn, torch.fft.rfftn, [(2, 3, 4)]),
    "stft": (lambda x: A.fft.stft(x, 4, 2), lambda x: torch.stft(x, 4, 2, return_complex=True, window=torch.ones(4, dtype=torch.float64)), [(2, 12)]),
    "conv1d": (lambda x, w, b: A.conv1d(x, w, b, 2, 1, 2), lambda x, w, b: F.conv1d(x, w, b, 2, 1, 2), [(2, 3, 9), (4, 3, 3), (4,)]),
    "conv3d": (lambda x, w: A.conv3d(x, w, None, 1, 1), lambda x, w: F.conv3d(x, w, None, 1, 1), [(1, 2, 3, 4, 3), (2, 2, 2, 3, 2)]),
    "conv same": (lambda x, w: A.conv2d(x, w, padding="same"), lambda x, w: F.conv2d(x, w, padding="same"), [(1, 2, 5, 4), (3, 2, 2, 3)]),
    "conv_transpose1d": (lambda x, w: A.conv_transpose1d(x, w, None, 2, 1, 1), lambda x, w: F.conv_transpose1d(x, w, None, 2, 1, 1), [(2, 4, 5), (4, 3, 3)]),
    "conv_transpose2d": (lambda x, w, b: A.conv_transpose2d(x, w, b, 2, 1, 1, 2), lambda x, w, b: F.conv_transpose2d(x, w, b, 2, 1, 1, 2), [(1, 4, 3, 3), (4, 2, 3, 3), (4,)]),
    "conv_transpose3d": (lambda x, w: A.conv_transpose3d(x, w, None, 2), lambda x, w: F.conv_transpose3d(x, w, None, 2), [(1, 2, 2, 2, 2), (2, 2, 2, 2, 2)]),
    "max_pool1d": (lambda x: A.max_pool1d(x, 3, 2, 1), lambda x: F.max_pool1d(x, 3, 2, 1), [(2, 2, 8)]),
    "max_pool3d": (lambda x: A.max_pool3d(x, 2), lambda x: F.max_pool3d(x, 2), [(1, 2, 4, 4, 4)]),
    "max_pool2d ceil": (lambda x: A.max_pool2d(x, 3, 2, 1, 1, True, True), lambda x: F.max_pool2d(x, 3, 2, 1, 1, True, True), [(1, 2, 6, 7)]),
    "max_pool2d dilated": (lambda x: A.max_pool2d(x, 2, 1, 0, 2), lambda x: F.max_pool2d(x, 2, 1, 0, 2), [(1, 2, 6, 7)]),
    "avg_pool1d": (lambda x: A.avg_pool1d(x, 3, 2, 1), lambda x: F.avg_pool1d(x, 3, 2, 1), [(2, 2, 8)]),
    "avg_pool2d ceil": (lambda x: A.avg_pool2d(x, 3, 2, 1, True, False), lambda x: F.avg_pool2d(x, 3, 2, 1, True, False), [(1, 2, 6, 7)]),
    "avg_pool2d ceil counted": (lambda x: A.avg_pool2d(x, 3, 2, 1, True), lambda x: F.avg_pool2d(x, 3, 2, 1, True), [(1, 2, 6, 7)]),
    "avg_pool3d": (lambda x: A.avg_pool3d(x, 2, 1, 1, divisor_override=3), lambda x: F.avg_pool3d(x, 2, 1, 1, divisor_override=3), [(1, 2, 3, 3, 3)]),
    "lp_pool2d": (lambda x: A.lp_pool2d(x, 3.0, 2), lambda x: F.lp_pool2d(x.abs(), 3.0, 2), [(1, 2, 4, 4)]),
    "adaptive_avg": (lambda x: A.adaptive_avg_pool2d(x, (3, 2)), lambda x: F.adaptive_avg_pool2d(x, (3, 2)), [(1, 2, 7, 5)]),
    "adaptive_max": (lambda x: A.adaptive_max_pool2d(x, (3, 2)), lambda x: F.adaptive_max_pool2d(x, (3, 2)), [(1, 2, 7, 5)]),
    "adaptive_avg3d": (lambda x: A.adaptive_avg_pool3d(x, 2), lambda x: F.adaptive_avg_pool3d(x, 2), [(1, 2, 3, 4, 5)]),
    "unpool": (lambda x: A.max_unpool2d(*A.max_pool2d(x, 2, return_indices=True), 2), lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2), [(1, 2, 4, 4)]),
    **{f"interpolate {m} {s} {c}": (lambda x, m=m, s=s, c=c: A.interpolate(x, s, mode=m, align_corners=c), lambda x, m=m, s=s, c=c: F.interpolate(x, s, mode=m, align_corners=c), [(1, 2, 4, 5)])
       for m in ("bilinear", "bicubic") for s in ((7, 3), (2, 9)) for c in (False, True)},
    "interpolate nearest": (lambda x: A.interpolate(x, scale_factor=1.5), lambda x: F.interpolate(x, scale_factor=1.5), [(1, 2, 4, 5)]),
    "interpolate exact": (lambda x: A.interpolate(x, (7, 3), mode="nearest-exact"), lambda x: F.interpolate(x, (7, 3), mode="nearest-exact"), [(1, 2, 4, 5)]),
    "interpolate linear": (lambda x: A.interpolate(x, scale_factor=1.7, mode="linear"), lambda x: F.interpolate(x, scale_factor=1.7, mode="linear"), [(1, 2, 5)]),
    "interpolate trilinear": (lambda x: A.interpolate(x, (3, 5, 2), mode="trilinear"), lambda x: F.interpolate(x, (3, 5, 2), mode="trilinear"), [(1, 2, 2, 3, 4)]),
    "interpolate area": (lambda x: A.interpolate(x, (3, 2), mode="area"), lambda x: F.interpolate(x, (3, 2), mode="area"), [(1, 2, 4, 5)]),
    **{f"grid {m} {p} {c}": (lambda x, g, m=m, p=p, c=c: A.grid_sample(x, g * 0.6, m, p, c), lambda x, g, m=m, p=p, c=c: F.grid_sample(x, g * 0.6, m, p, c), [(2, 2, 4, 5), (2, 3, 3, 2)])
       for m in ("bilinear", "nearest") for p in ("zeros", "border", "reflection") for c in (False, True)},
    "affine_grid": (lambda t: A.affine_grid(t, (2, 1, 3, 4)), lambda t: F.affine_grid(t, (2, 1, 3, 4), align_corners=False), [(2, 2, 3)]),
    "pixel_shuffle": (lambda x: A.pixel_shuffle(x, 2), lambda x: F.pixel_shuffle(x, 2), [(1, 8, 2, 3)]),
    "pixel_unshuffle": (lambda x: A.pixel_unshuffle(x, 2), lambda x: F.pixel_unshuffle(x, 2), [(1, 2, 4, 6)]),
    "unfold": (lambda x: A.unfold(x, (2, 3), 1, 1, 2), lambda x: F.unfold(x, (2, 3), 1, 1, 2), [(2, 2, 5, 6)]),
    "fold": (lambda x: A.fold(x, (5, 6), (2, 3), 1, 1, 2), lambda x: F.fold(x, (5, 6), (2, 3), 1, 1, 2), [(2, 12, 9)]),
    **{f"pad {m}": (lambda x, m=m: A.pad(x, ((0, 0), (0, 0), (1, 2)), mode=m), lambda x, m=m: F.pad(x, (1, 2), m), [(1, 2, 5)]) for m in ("reflect", "replicate", "circular")},
    "batch_norm": (lambda x, w, b: A.batch_norm(x, None, None, w, b, True), lambda x, w, b: F.batch_norm(x, None, None, w, b, True), [(4, 3, 2), (3,), (3,)]),
    "layer_norm": (lambda x, w, b: A.layer_norm(x, (3, 4), w, b), lambda x, w, b: F.layer_norm(x, (3, 4), w, b), [(2, 3, 4), (3, 4), (3, 4)]),
    "rms_norm": (lambda x, w: A.rms_norm(x, 4, w), lambda x, w: F.rms_norm(x, (4,), w), [(2, 3, 4), (4,)]),
    "group_norm": (lambda x, w, b: A.group_norm(x, 2, w, b), lambda x, w, b: F.group_norm(x, 2, w, b), [(2, 4, 3), (4,), (4,)]),
    "instance_norm": (lambda x: A.instance_norm(x), lambda x: F.instance_norm(x), [(2, 4, 3)]),
    "local_response_norm": (lambda x: A.local_response_norm(x, 3, 0.5), lambda x: F.local_response_norm(x, 3, 0.5), [(2, 5, 3)]),
    "normalize": (A.normalize, F.normalize, [(3, 4)]),
    "attention": (A.scaled_dot_product_attention, F.scaled_dot_product_attention, [(2, 3, 4), (2, 5, 4), (2, 5, 4)]),
    "attention causal": (lambda *x: A.scaled_dot_product_attention(*x, is_causal=True), lambda *x: F.scaled_dot_product_attention(*x, is_causal=True), [(2, 4, 3)] * 3),
    "attention grouped": (
        lambda *x: A.scaled_dot_product_attention(*x, enable_gqa=True),
        lambda q, k, v: torch.softmax(q @ k.repeat_interleave(2, 1).mT / 2**0.5, -1) @ v.repeat_interleave(2, 1),
        [(1, 4, 3, 2), (1, 2, 3, 2), (1, 2, 3, 2)],
    ),
    "embedding": (lambda w: A.embedding(index, w, 1), lambda w: F.embedding(i, w, 1), [(4, 3)]),
    **{f"embedding_bag {m}": (lambda w, m=m: A.embedding_bag(index.reshape(-1), w, [0, 2, 2], m), lambda w, m=m: F.embedding_bag(i.reshape(-1), w, torch.tensor([0, 2, 2]), mode=m), [(4, 3)]) for m in ("sum", "mean", "max")},
    "glu": (A.glu, F.glu, [(3, 4)]), "prelu": (A.prelu, F.prelu, [(2, 3, 4), (3,)]), "threshold": (lambda x: A.threshold(x, 0.3, 7.0), lambda x: F.threshold(x, 0.3, 7.0), [(3, 4)]),
    **{name: (getattr(A, name), getattr(F, name), [(3, 4), (3, 4)]) for name in ("l1_loss", "huber_loss", "smooth_l1_loss", "poisson_nll_loss", "kl_div", "cosine_similarity", "pairwise_distance")},
    "bce logits": (lambda x, t: A.binary_cross_entropy_with_logits(x, A.sigmoid(t), pos_weight=2.0), lambda x, t: F.binary_cross_entropy_with_logits(x, torch.sigmoid(t), pos_weight=torch.tensor(2.0)), [(3, 4), (3, 4)]),
    "bce": (lambda x: A.binary_cross_entropy(A.sigmoid(x), np.full((3, 4), 0.3)), lambda x: F.binary_cross_entropy(torch.sigmoid(x), torch.full((3, 4), 0.3, dtype=torch.float64)), [(3, 4)]),
    "gaussian_nll": (lambda x, t, v: A.gaussian_nll_loss(x, t, v * v, True), lambda x, t, v: F.gaussian_nll_loss(x, t, v * v, full=True), [(3, 4)] * 3),
    "margin_ranking": (lambda a, b, t: A.margin_ranking_loss(a, b, t, 0.5), lambda a, b, t: F.margin_ranking_loss(a, b, t, 0.5), [(5,)] * 3),
    "hinge_embedding": (lambda x: A.hinge_embedding_loss(x, np.array([1, -1, 1])), lambda x: F.hinge_embedding_loss(x, torch.tensor([1, -1, 1])), [(3,)]),
    "cosine_embedding": (lambda a, b: A.cosine_embedding_loss(a, b, np.array([1, -1, 1]), 0.1), lambda a, b: F.cosine_embedding_loss(a, b, torch.tensor([1, -1, 1]), 0.1), [(3, 4), (3, 4)]),
    "triplet": (lambda *x: A.triplet_margin_loss(*x, swap=True), lambda *x: F.triplet_margin_loss(*x, swap=True), [(3, 4)] * 3),
    "multi_margin": (lambda x: A.multi_margin_loss(x, np.array([0, 3, 1])), lambda x: F.multi_margin_loss(x, torch.tensor([0, 3, 1])), [(3, 4)]),
    "multilabel_margin": (lambda x: A.multilabel_margin_loss(x, np.array([[3, 0, -1, 1], [1, -1, 2, 0]])), lambda x: F.multilabel_margin_loss(x, torch.tensor([[3, 0, -1, 1], [1, -1, 2, 0]])), [(2, 4)]),
    "multilabel_soft_margin": (lambda x, t: A.multilabel_soft_margin_loss(x, A.sigmoid(t)), lambda x, t: F.multilabel_soft_margin_loss(x, torch.sigmoid(t)), [(3, 4), (3, 4)]),
    "soft_margin": (lambda x: A.soft_margin_loss(x, np.array([1.0, -1.0, 1.0])), lambda x: F.soft_margin_loss(x, torch.tensor([1.0, -1.0, 1.0])), [(3,)]),
    "pdist": (A.pdist, F.pdist, [(4, 3)]), "bilinear": (A.bilinear, F.bilinear, [(3, 2), (3, 4), (5, 2, 4), (5,)]),
}  # fmt: skip
FIRST_ONLY = {
    "max_pool2d ceil",
    "multi_margin",
    "multilabel_margin",
    "pdist",
    "cdist",
    "embedding_bag max",
    "embedding_bag sum",
    "embedding_bag mean",
    "unpool",
}  # PyTorch has no second derivative


@pytest.mark.parametrize("name", TABLE)
@pytest.mark.parametrize("seed", [0, 1])
def test_against_pytorch(name, seed):
    ours, theirs, shapes = TABLE[name]
    agree(ours, theirs, [draw(s, seed + 10 * k) for k, s in enumerate(shapes)], second=name not in FIRST_ONLY)


COMPLEX = [
    "prod",
    "cumprod",
    "inv",
    "det",
    "solve",
    "matrix_exp",
    "pinv",
    "fft",
    "fftn",
    "kron",
    "tensordot",
    "norm 2",
    "svdvals",
    "slogdet",
    "matrix_power",
    "nuclear",
]


@pytest.mark.parametrize("name", COMPLEX)
def test_complex_against_pytorch(name):
    ours, theirs, shapes = TABLE[name]
    agree(ours, theirs, [draw(s, 5 + 10 * k, kind="c") for k, s in enumerate(shapes)], rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("reduce", ["sum", "mean", "prod", "amax", "amin"])
@pytest.mark.parametrize("own", [True, False])
def test_scatter_reduce(reduce, own):
    agree(
        lambda x, s: ag.scatter_reduce(x, 1, index, s, reduce, own),
        lambda x, s: x.scatter_reduce(1, i, s, reduce, include_self=own),
        [draw((3, 4), 0), draw((2, 3), 1)], second=reduce != "prod",
    )  # fmt: skip


@pytest.mark.parametrize("function", ["prod", "cumprod"])
def test_products_with_zeros(function):
    ours, theirs, _ = TABLE[function]
    agree(ours, theirs, [zeros_in])


def test_det_of_singular_matrices_where_pytorch_is_wrong_without_create_graph():
    singular = np.array([[1.0, 2.0], [2.0, 4.0]])
    x = ag.tensor(singular, requires_grad=True)
    g = ag.gradients(ag.linalg.det(x), [x])[0]
    np.testing.assert_allclose(g.array, [[4.0, -2.0], [-2.0, 1.0]], atol=1e-12)
    assert ag.gradgradcheck(ag.linalg.det, [singular])


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_ctc(reduction):
    x = draw((7, 3, 5), 0)
    targets, ins, outs = np.array([[1, 2, 2], [3, 1, 0], [4, 0, 0]]), (7, 6, 5), (3, 2, 1)
    agree(
        lambda t: ag.ctc_loss(ag.log_softmax(t, 2), targets, ins, outs, reduction=reduction),
        lambda t: F.ctc_loss(torch.log_softmax(t, 2), torch.tensor(targets), ins, outs, reduction=reduction),
        [x], second=False,
    )  # fmt: skip
