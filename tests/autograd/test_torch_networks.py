"""PyTorch as the oracle of what networks are made of: rows of the table of test_torch_hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import autograd as ag
from tests.autograd.torch_oracle import ZERO, Draw, Fixed, Table, against_pytorch, same

torch = pytest.importorskip("torch", reason="PyTorch is the oracle of these tests")
F = torch.nn.functional
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")  # PyTorch on its own plans and history
row = Table()

# One row, one line: the formatter would make a page of it.
# fmt: off

# ---------------------------------------------------------------------------- convolution, pooling, and resampling


def convolution(d: Draw, n: int) -> tuple[Any, ...]:
    groups, kernel, dilation = d.int(1, 2), d.ints(n, 1, 3 if n < 3 else 2), d.ints(n, 1, 2)
    sizes = tuple((k - 1) * s + 1 + e for k, s, e in zip(kernel, dilation, d.ints(n, 0, 3 if n < 3 else 1), strict=True))
    x, w = d.x(d.int(1, 2), groups * d.int(1, 2), *sizes), groups * d.int(1, 2)
    return x, d.x(w, x.shape[1] // groups, *kernel), d.one(None, d.x(w)), d.ints(n, 1, 3), d.ints(n, 0, 2), dilation, groups


def transposed(d: Draw, n: int) -> tuple[Any, ...]:
    groups, stride = d.int(1, 2), d.ints(n, 1, 3)
    x, out = d.x(d.int(1, 2), groups * d.int(1, 2), *d.ints(n, 2, 3 if n < 3 else 2)), d.int(1, 2)
    padding = d.ints(n, 0, 1)
    extra = tuple(min(s - 1, e) for s, e in zip(stride, d.ints(n, 0, 2), strict=True))
    w = d.x(x.shape[1], out, *d.ints(n, 2, 3 if n < 3 else 2))
    return x, w, d.one(None, d.x(out * groups)), stride, padding, extra, groups, d.ints(n, 1, 2)


def pooled(d: Draw, n: int) -> tuple[Any, ...]:
    kernel = d.ints(n, 1, 3 if n < 3 else 2)
    sizes = tuple(k + e for k, e in zip(kernel, d.ints(n, 0, 4 if n < 3 else 2), strict=True))
    padding = tuple(min(p, k // 2) for p, k in zip(d.ints(n, 0, 1), kernel, strict=True))
    return d.x(d.int(1, 2), d.int(1, 2), *sizes, distinct=True), kernel, d.ints(n, 1, 3), padding


def dilated(d: Draw, n: int) -> tuple[Any, ...]:
    x, kernel, stride, padding = pooled(d, n)
    x = d.x(*x.shape[:2], *(2 * m for m in x.shape[2:]), distinct=True)
    return x, kernel, stride, padding, d.int(1, 2), d.bool(), d.bool()


def images(d: Draw, n: int, low: int = 1, high: int = 5) -> np.ndarray:
    return d.x(d.int(1, 2), d.int(1, 2), *d.ints(n, low, high), distinct=True)


for n in (1, 2, 3):
    row(f"conv{n}d", getattr(ag, f"conv{n}d"), getattr(F, f"conv{n}d"), lambda d, n=n: convolution(d, n), "dD" if n < 3 else "d")
    row(f"conv_transpose{n}d", getattr(ag, f"conv_transpose{n}d"), getattr(F, f"conv_transpose{n}d"), lambda d, n=n: transposed(d, n))
    row(f"max_pool{n}d", getattr(ag, f"max_pool{n}d"), getattr(F, f"max_pool{n}d"), lambda d, n=n: pooled(d, n))
    row(f"max_pool{n}d: ties", getattr(ag, f"max_pool{n}d"), getattr(F, f"max_pool{n}d"), lambda d, n=n: (np.round((a := pooled(d, n))[0]), *a[1:]))
    row(f"max_pool{n}d: indices", getattr(ag, f"max_pool{n}d"), getattr(F, f"max_pool{n}d"), lambda d, n=n: dilated(d, n), second=False)
    row(f"avg_pool{n}d", getattr(ag, f"avg_pool{n}d"), getattr(F, f"avg_pool{n}d"), lambda d, n=n: (*pooled(d, n), d.bool(), d.bool()))
    row(f"max_unpool{n}d", getattr(ag, f"max_unpool{n}d"), getattr(F, f"max_unpool{n}d"),
        lambda d, n=n: (x := d.x(2, 2, *d.ints(n, 1, 2)), d.rng.permuted(np.broadcast_to(np.arange(np.prod(x.shape[2:]) * 2**n), (2, 2, np.prod(x.shape[2:]) * 2**n)), axis=-1)[..., : np.prod(x.shape[2:])].reshape(x.shape), 2))
    row(f"max_unpool{n}d: of max_pool",
        lambda x, k, n=n: getattr(ag, f"max_unpool{n}d")(*getattr(ag, f"max_pool{n}d")(x, k, return_indices=True), k),
        lambda x, k, n=n: getattr(F, f"max_unpool{n}d")(*getattr(F, f"max_pool{n}d")(x, k, return_indices=True), k),
        lambda d, n=n: (d.x(1, 2, *(2 * m for m in d.ints(n, 1, 2)), distinct=True), 2), second=False)
    for kind in ("avg", "max"):
        row(f"adaptive_{kind}_pool{n}d", getattr(ag, f"adaptive_{kind}_pool{n}d"), getattr(F, f"adaptive_{kind}_pool{n}d"),
            lambda d, n=n: (images(d, n), d.ints(n, 1, 3)))
def one_image(f: Any) -> Any:
    """Arguments whose first is one image of a batch."""
    return lambda d, n: ((a := f(d, n))[0][0], *a[1:])


for n in (1, 2, 3):
    for name, drawn in (("conv", convolution), ("conv_transpose", transposed)):
        row(f"{name}{n}d: unbatched", getattr(ag, f"{name}{n}d"), getattr(F, f"{name}{n}d"), lambda d, n=n, f=drawn: one_image(f)(d, n))
    row(f"max_pool{n}d: unbatched, indices", getattr(ag, f"max_pool{n}d"), getattr(F, f"max_pool{n}d"), lambda d, n=n: one_image(dilated)(d, n), second=False)
    row(f"avg_pool{n}d: unbatched", getattr(ag, f"avg_pool{n}d"), getattr(F, f"avg_pool{n}d"), lambda d, n=n: one_image(pooled)(d, n))
    row(f"max_unpool{n}d: unbatched",
        lambda x, k, n=n: getattr(ag, f"max_unpool{n}d")(*getattr(ag, f"max_pool{n}d")(x, k, return_indices=True), k),
        lambda x, k, n=n: getattr(F, f"max_unpool{n}d")(*getattr(F, f"max_pool{n}d")(x, k, return_indices=True), k),
        lambda d, n=n: (d.x(2, *(2 * m for m in d.ints(n, 1, 2)), distinct=True), 2), second=False)
    for kind in ("avg", "max"):
        row(f"adaptive_{kind}_pool{n}d: unbatched", getattr(ag, f"adaptive_{kind}_pool{n}d"), getattr(F, f"adaptive_{kind}_pool{n}d"),
            lambda d, n=n: (images(d, n)[0], d.ints(n, 1, 3)))
row("conv2d: same", lambda x, w: ag.conv2d(x, w, padding="same"), lambda x, w: F.conv2d(x, w, padding="same"),
    lambda d: (d.x(1, 2, *d.ints(2, 3, 5)), d.x(2, 2, *d.ints(2, 1, 3))))
row("avg_pool2d: divisor", lambda x, k: ag.avg_pool2d(x, k, 1, divisor_override=3), lambda x, k: F.avg_pool2d(x, k, 1, divisor_override=3),
    lambda d: (images(d, 2, 3), d.ints(2, 1, 3)))
# without ceil_mode: PyTorch scales the norm of a window that hangs over the end as if it were full
def absolutely(f: Any) -> Any:
    """A function of moduli."""
    return lambda x, *rest, **named: f(x.abs(), *rest, **named)


row("lp_pool1d", ag.lp_pool1d, absolutely(F.lp_pool1d), lambda d: (images(d, 1, 3), d.one(1.0, 2.0, 3.0), 2, d.int(1, 3)))
row("lp_pool2d", ag.lp_pool2d, absolutely(F.lp_pool2d), lambda d: (images(d, 2, 3), d.one(1.0, 2.0, 3.0), d.ints(2, 1, 3), d.int(1, 3)))
row("lp_pool3d", lambda x, p: ag.lp_pool3d(x, p, 2), lambda x, p: F.lp_pool3d(x, p, 2), lambda d: (d.x(1, 2, *d.ints(3, 2, 4), low=0.3), d.one(1.0, 2.0, 3.0)))
row("unfold", ag.unfold, F.unfold, lambda d: (d.x(1, 2, *d.ints(2, 4, 6)), d.ints(2, 1, 2), d.ints(2, 1, 2), d.ints(2, 0, 1), d.ints(2, 1, 2)))
row("fold", lambda x, *a: ag.fold(ag.unfold(x, *a) ** 2, x.shape[2:], *a), lambda x, *a: F.fold(F.unfold(x, *a) ** 2, x.shape[2:], *a),
    lambda d: (d.x(1, 2, *d.ints(2, 4, 6)), d.ints(2, 1, 2), d.ints(2, 1, 2), d.ints(2, 0, 1), d.ints(2, 1, 2)))


def resampled(*modes: str, corners: bool) -> Any:
    def arguments(d: Draw) -> tuple[Any, ...]:
        mode = d.one(*modes)
        n = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}.get(mode) or d.int(1, 3)
        x = images(d, n, 2, 4)
        size = d.one(None, d.ints(n, 1, 6))
        extra = {"align_corners": d.bool()} if corners else {}
        return x, size, d.one(1.7, 0.6, 2.0) if size is None else None, mode, extra

    return arguments


def interpolate(module: Any) -> Any:
    return lambda x, size, scale, mode, extra: module.interpolate(x, size, scale, mode, **extra)


row("interpolate", interpolate(ag), interpolate(F), resampled("nearest", "nearest-exact", "area", corners=False))
row("interpolate: between", interpolate(ag), interpolate(F), resampled("linear", "bilinear", "bicubic", "trilinear", corners=True))
row("grid_sample", ag.grid_sample, F.grid_sample,
    lambda d: (d.x(2, 2, *d.ints(2, 2, 5)), 0.6 * d.x(2, *d.ints(2, 1, 3), 2), d.one("bilinear", "nearest"),
               d.one("zeros", "border", "reflection"), d.bool()))
row("grid_sample: bicubic", lambda x, g, p, a: ag.grid_sample(x, g, "bicubic", p, a), lambda x, g, p, a: F.grid_sample(x, g, "bicubic", p, a),
    lambda d: (d.x(1, 2, *d.ints(2, 2, 4)), d.x(1, 2, 2, 2), d.one("zeros", "border", "reflection"), d.bool()), second=False)
row("grid_sample: volume", ag.grid_sample, F.grid_sample,
    lambda d: (d.x(1, 2, *d.ints(3, 2, 3)), d.x(1, 1, 2, 2, 3), d.one("bilinear", "nearest"), d.one("zeros", "border", "reflection"), d.bool()), second=False)
row("affine_grid: volume", ag.affine_grid, F.affine_grid, lambda d: (d.x(2, 3, 4), (2, 1, *d.ints(3, 2, 3)), d.bool()))
row("interpolate: antialias", lambda x, s, m, a: ag.interpolate(x, s, mode=m, align_corners=a, antialias=True),
    lambda x, s, m, a: F.interpolate(x, s, mode=m, align_corners=a, antialias=True),
    lambda d: (images(d, 2, 2, 7), d.ints(2, 1, 7), d.one("bilinear", "bicubic"), d.bool()))
row("interpolate: recomputed factor", lambda x, f, m: ag.interpolate(x, scale_factor=f, mode=m, recompute_scale_factor=True),
    lambda x, f, m: F.interpolate(x, scale_factor=f, mode=m, recompute_scale_factor=True),
    lambda d: (images(d, 2, 3, 6), d.one(0.6, 0.85, 1.3, 2.7), d.one("bilinear", "bicubic", "nearest")))
row("affine_grid", ag.affine_grid, F.affine_grid, lambda d: (d.x(2, 2, 3), (2, 1, *d.ints(2, 1, 4)), d.bool()))
row("affine_grid: volume", ag.affine_grid, F.affine_grid, lambda d: (d.x(2, 3, 4), (2, 1, *d.ints(3, 1, 3)), d.bool()))

# -------------------------------------------------------------------------------- normalisation, attention, dropout


def channels(d: Draw, least: int = 2, high: int = 4) -> np.ndarray:
    return d.x(*d.shape(least, 4, 2, high))


def affine(d: Draw, shape: Any) -> tuple[Any, ...]:
    return (d.x(*shape), d.x(*shape)) if d.bool() else (None, None)


def ending(d: Draw) -> tuple[Any, ...]:
    x = channels(d)
    return x, x.shape[-d.int(1, x.ndim - 1) :]


row("batch_norm", lambda x, w, b: ag.batch_norm(x, None, None, w, b, True), lambda x, w, b: F.batch_norm(x, None, None, w, b, True),
    lambda d: (x := channels(d), *affine(d, x.shape[1:2])))
row("batch_norm: running", ag.batch_norm, F.batch_norm,
    lambda d: (x := channels(d), Fixed(d.x(x.shape[1])), Fixed(d.x(x.shape[1], low=0.3)), *affine(d, x.shape[1:2])))
row("layer_norm", ag.layer_norm, F.layer_norm, lambda d: (*(a := ending(d)), *affine(d, a[1])))
row("rms_norm", ag.rms_norm, F.rms_norm, lambda d: (*(a := ending(d)), *affine(d, a[1])[:1], d.one(None, 1e-3)))
row("group_norm", ag.group_norm, F.group_norm, lambda d: (g := d.int(1, 3), x := d.x(2, g * d.int(1, 2), *d.shape(1, 2, 2)), (x, g, *affine(d, x.shape[1:2])))[2])
row("instance_norm", ag.instance_norm, lambda x, w, b: F.instance_norm(x, None, None, w, b), lambda d: (x := channels(d, 3), *affine(d, x.shape[1:2])))

row("local_response_norm", ag.local_response_norm, F.local_response_norm, lambda d: (channels(d, 3), d.int(1, 3), d.one(1e-4, 0.5), d.one(0.75, 1.2)))
row("normalize", ag.normalize, lambda x, p, a: F.normalize(x, p, a), lambda d: (x := d.xs(1, **ZERO), d.one(1.0, 2.0, 3.0), d.axis(x)))


def attended(d: Draw) -> tuple[Any, ...]:
    batch, (length, size, e, v) = d.shape(0, 2, 1, 2), d.ints(4, 1, 4)
    mask = d.one(None, "bool", "float")
    mask = d.mask(length, size) | (np.arange(size) == 0) if mask == "bool" else d.x(length, size) if mask == "float" else None
    causal = mask is None and d.bool()
    return d.x(*batch, length, e), d.x(*batch, size, e), d.x(*batch, size, v), mask, 0.0, causal, d.one(None, 0.7)


def plain_attention(*a: Any) -> Any:
    """PyTorch's fused kernels have no second derivative."""
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        return F.scaled_dot_product_attention(*a[:6], scale=a[6])


row("scaled_dot_product_attention", ag.scaled_dot_product_attention, plain_attention, attended)
row("scaled_dot_product_attention: grouped", lambda *x: ag.scaled_dot_product_attention(*x, enable_gqa=True),
    lambda q, k, v: torch.softmax(q @ k.repeat_interleave(q.shape[1] // k.shape[1], 1).mT / q.shape[-1] ** 0.5, -1)
    @ v.repeat_interleave(q.shape[1] // k.shape[1], 1),
    lambda d: (h := d.int(1, 2), s := d.int(1, 4), (d.x(2, h * d.int(1, 3), 3, 2), d.x(2, h, s, 2), d.x(2, h, s, 3)))[2])

# -------------------------------------------------------------------------------------------------------- losses

REDUCTIONS = ("mean", "sum", "none")
for name, extra in [("l1_loss", None), ("mse_loss", None), ("huber_loss", "delta"), ("smooth_l1_loss", "beta")]:
    row(name, lambda x, t, r, e, f=name: getattr(ag, f)(x, t, r, **e), lambda x, t, r, e, f=name: getattr(F, f)(x, t, reduction=r, **e),
        lambda d, extra=extra: (*same(d, 2, 0), d.one(*REDUCTIONS), {extra: d.one(0.5, 1.0)} if extra else {}))


def probabilities(d: Draw) -> tuple[Any, ...]:
    shape = d.shape(1)
    return d.x(*shape, low=0.1, high=0.9), d.x(*shape, low=0.1, high=0.9), d.one(None, Fixed(d.x(*shape, low=0.3))), d.one(*REDUCTIONS)


def targets(d: Draw) -> tuple[Any, ...]:
    """Logits, labels or distributions over the classes, weights, what is ignored, reduction, and smoothing."""
    rest, classes = d.shape(0, 2, 1, 3), d.int(2, 4)
    x, labels = d.x(3, classes, *rest), d.picks((3, *rest), classes)
    ignored = d.one(-100, 1)
    labels[0] = ignored
    target = Fixed(np.moveaxis(d.rng.dirichlet(np.ones(classes), (3, *rest)), -1, 1).copy()) if d.bool() else labels
    smoothing = d.one(0.0, 0.2)
    return x, target, d.one(None, Fixed(d.x(classes, low=0.3))), ignored, d.one(*REDUCTIONS), smoothing


def cross_entropy(x: Any, target: Any, weight: Any, ignored: int, reduction: str, smoothing: float) -> Any:
    keep = {} if target.is_floating_point() else {"ignore_index": ignored}
    return F.cross_entropy(x, target, weight, reduction=reduction, label_smoothing=smoothing, **keep)


row("cross_entropy", ag.cross_entropy, cross_entropy, targets)
row("softmax_cross_entropy", ag.cross_entropy, F.cross_entropy, lambda d: (x := d.x(d.int(1, 4), d.int(2, 5)), d.picks(len(x), x.shape[1])))
row("nll_loss", lambda x, t, w, i, r: ag.nll_loss(ag.log_softmax(x, 1), t, w, i, r),
    lambda x, t, w, i, r: F.nll_loss(torch.log_softmax(x, 1), t, w, ignore_index=i, reduction=r),
    lambda d: (x := d.x(3, 4, *d.shape(0, 2)), d.picks((3, *x.shape[2:]), 4), d.one(None, Fixed(d.x(4, low=0.3))), d.one(-100, 1), d.one("sum", "none")))
row("binary_cross_entropy", lambda x, t, w, r: ag.binary_cross_entropy(x, t, w, r), lambda x, t, w, r: F.binary_cross_entropy(x, t, w, reduction=r), probabilities)
row("binary_cross_entropy_with_logits", lambda x, t, w, r, p: ag.binary_cross_entropy_with_logits(x, t, w, r, p),
    lambda x, t, w, r, p: F.binary_cross_entropy_with_logits(x, t, w, reduction=r, pos_weight=p),
    lambda d: (*(a := probabilities(d)), d.one(None, Fixed(d.x(a[0].shape[-1], low=0.3)))))
row("kl_div", lambda x, t, r, lg: ag.kl_div(x, t, r, lg), lambda x, t, r, lg: F.kl_div(x, t, reduction=r, log_target=lg),
    lambda d: (*probabilities(d)[:2], d.one("batchmean", "mean", "sum", "none"), d.bool()))
row("poisson_nll_loss", lambda x, t, lg, full, r: ag.poisson_nll_loss(x, t, lg, full, reduction=r),
    lambda x, t, lg, full, r: F.poisson_nll_loss(x, t, log_input=lg, full=full, reduction=r),
    lambda d: (*probabilities(d)[:2], d.bool(), d.bool(), d.one(*REDUCTIONS)))


def variances(d: Draw) -> tuple[Any, ...]:
    """Means, targets, and a variance of any kind, some of it less than the least."""
    x, t = same(d)
    kind = d.one("each", "row", "column of ones", "number")
    if kind == "number":
        return x, t, 0.7, d.bool(), d.one(*REDUCTIONS)
    shape = {"each": x.shape, "row": x.shape[:-1], "column of ones": (*x.shape[:-1], 1)}[kind]
    return x, t, d.x(*shape, low=0.0, high=1.0), d.bool(), d.one(*REDUCTIONS)


row("gaussian_nll_loss", lambda x, t, v, full, r: ag.gaussian_nll_loss(x, t, v**2, full, reduction=r),
    lambda x, t, v, full, r: F.gaussian_nll_loss(x, t, v**2, full=full, reduction=r), lambda d: (*(a := same(d)), d.x(*a[0].shape, low=0.3), d.bool(), d.one(*REDUCTIONS)))
row("gaussian_nll_loss: shared variance", lambda x, t, v, full, r: ag.gaussian_nll_loss(x, t, v, full, 0.3, r),
    lambda x, t, v, full, r: F.gaussian_nll_loss(x, t, v, full, 0.3, r), variances)


def signs(d: Draw, *shape: int) -> np.ndarray:
    return d.rng.choice([-1, 1], shape)


LOSS = lambda d, n=2: (s := d.shape(2, 2), tuple(d.x(*s) for _ in range(n)))[1]  # noqa: E731
row("margin_ranking_loss", ag.margin_ranking_loss, lambda a, b, t, m, r: F.margin_ranking_loss(a, b, t, m, reduction=r),
    lambda d: (*(a := same(d)), signs(d, *a[0].shape), d.one(0.0, 0.5), d.one(*REDUCTIONS)))
row("hinge_embedding_loss", ag.hinge_embedding_loss, lambda x, t, m, r: F.hinge_embedding_loss(x, t, m, reduction=r),
    lambda d: (x := d.xs(1), signs(d, *x.shape), d.one(0.5, 1.0), d.one(*REDUCTIONS)))
row("soft_margin_loss", ag.soft_margin_loss, lambda x, t, r: F.soft_margin_loss(x, t, reduction=r), lambda d: (x := d.xs(1), Fixed(signs(d, *x.shape) * 1.0), d.one(*REDUCTIONS)))
row("multilabel_soft_margin_loss", ag.multilabel_soft_margin_loss, lambda x, t, w, r: F.multilabel_soft_margin_loss(x, t, w, reduction=r),
    lambda d: (*LOSS(d), d.one(None, Fixed(d.x(1, low=0.3))), d.one(*REDUCTIONS)))
row("multi_margin_loss", ag.multi_margin_loss, lambda x, t, p, m, w, r: F.multi_margin_loss(x, t, p, m, w, reduction=r),
    lambda d: (d.x(3, 4), d.picks(3, 4), d.int(1, 2), d.one(0.5, 1.0), d.one(None, Fixed(d.x(4, low=0.3))), d.one(*REDUCTIONS)), second=False)
row("multilabel_margin_loss", ag.multilabel_margin_loss, lambda x, t, r: F.multilabel_margin_loss(x, t, reduction=r),
    lambda d: (d.x(2, 4), np.array([[3, 0, -1, 1], [1, -1, 2, 0]]), d.one(*REDUCTIONS)), second=False)
row("cosine_similarity", ag.cosine_similarity, F.cosine_similarity, lambda d: (*(a := same(d)), d.axis(a[0])))
row("cosine_embedding_loss", ag.cosine_embedding_loss, lambda a, b, t, m, r: F.cosine_embedding_loss(a, b, t, m, reduction=r),
    lambda d: (*(a := LOSS(d)), signs(d, len(a[0])), d.one(0.0, 0.3), d.one(*REDUCTIONS)))
row("pairwise_distance", lambda a, b, p, keep: ag.pairwise_distance(a, b, p, 1e-6, keep), lambda a, b, p, keep: F.pairwise_distance(a, b, p, 1e-6, keep),
    lambda d: (*same(d), d.one(1.0, 2.0, 3.0), d.bool()))
row("triplet_margin_loss", lambda *a: ag.triplet_margin_loss(*a[:3], a[3], a[4], swap=a[5], reduction=a[6]),
    lambda *a: F.triplet_margin_loss(*a[:3], a[3], a[4], swap=a[5], reduction=a[6]),
    lambda d: (*LOSS(d, 3), d.one(0.5, 1.0), d.one(1.0, 2.0), d.bool(), d.one(*REDUCTIONS)))
row("triplet_margin_with_distance_loss", lambda a, p, n, m, s, r: ag.triplet_margin_with_distance_loss(a, p, n, ag.cosine_similarity, m, s, r),
    lambda a, p, n, m, s, r: F.triplet_margin_with_distance_loss(a, p, n, distance_function=F.cosine_similarity, margin=m, swap=s, reduction=r),
    lambda d: (*(d.x(3, 4) for _ in range(3)), d.one(0.5, 2.0), d.bool(), d.one(*REDUCTIONS)))
row("ctc", lambda x, t, i, o, r: ag.ctc_loss(ag.log_softmax(x, 2), t, i, o, reduction=r),
    lambda x, t, i, o, r: F.ctc_loss(torch.log_softmax(x, 2), t, i, o, reduction=r),
    lambda d: (d.x(7, 2, 5), d.rng.integers(1, 5, (2, 3)), (7, d.int(6, 7)), (d.int(0, 3), d.int(1, 3)), d.one(*REDUCTIONS)), second=False)

# fmt: on

test_against_pytorch = against_pytorch(row)


@pytest.mark.parametrize("use_input_stats", [True, False])
def test_instance_norm_moves_its_running_statistics_as_pytorch_does(use_input_stats: bool) -> None:
    rng = np.random.default_rng(0)
    x, mean, spread = rng.normal(size=(4, 3, 5)), rng.normal(size=3), rng.uniform(0.5, 2, size=3)
    moved = {"running_mean": ag.tensor(mean.copy()), "running_var": ag.tensor(spread.copy())}
    wanted = {"running_mean": torch.tensor(mean), "running_var": torch.tensor(spread)}
    y = ag.instance_norm(ag.tensor(x), **moved, use_input_stats=use_input_stats, momentum=0.3)
    z = F.instance_norm(torch.tensor(x), **wanted, use_input_stats=use_input_stats, momentum=0.3)
    np.testing.assert_allclose(y.array, z.numpy(), rtol=1e-10)
    for name, value in moved.items():
        np.testing.assert_allclose(value.array, wanted[name].numpy(), rtol=1e-10)
